from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow
from monai_app.engines.bundle_lint import Severity, lint_bundle, refuse_unsafe, refuse_unsafe_settings


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shutil.copytree(resource("bundles", "multimodal_diagnosis"), tmp_path / "bundle")
    return tmp_path / "bundle"


def messages(bundle: Path, severity: Severity) -> list[str]:
    return [str(finding) for finding in lint_bundle(bundle) if finding.severity is severity]


MARK = "touch {marker}"
MALICIOUS = {
    "an expression": "network_def: \"$__import__('os').system('touch {marker}')\"\n",
    "an import": 'imports: ["$import os"]\ninitialize: ["$os.system(\'touch {marker}\')"]\n',
    "a target": "initialize: [{{_target_: os.system, command: touch {marker}}}]\n",
    "a target by detour": "initialize: [{{_target_: torch.os.system, command: touch {marker}}}]\n",
    "a reader by name": "initialize: [{{_target_: LoadImage, reader: os.system, command: touch {marker}}}]\n",
    "a macro": 'network_def: "%{marker}.yaml#network"\n',
    "a key": "evil::x: \"$open('{marker}', 'w')\"\n",
    "a debugger": "network_def: {{_target_: Compose, _mode_: debug}}\n",
    "a python tag": "network_def: !!python/object/apply:os.system ['touch {marker}']\n",
}


@pytest.mark.parametrize("kind", MALICIOUS)
def test_a_malicious_configuration_is_refused_before_parsing(bundle: Path, tmp_path: Path, kind: str) -> None:
    marker = tmp_path / "marker"
    (bundle / "configs" / "evil.yaml").write_text(MALICIOUS[kind].format(marker=marker))
    with pytest.raises(InputRejected, match="BUNDLE_UNSAFE"):
        open_workflow(bundle, Workflow.TRAIN, overlays=["evil"])
    assert not marker.exists()


def test_malicious_metadata_is_refused(bundle: Path) -> None:
    (bundle / "configs" / "metadata.json").write_text('{"version": "$__import__(\'os\').getcwd()"}')
    with pytest.raises(InputRejected, match="BUNDLE_UNSAFE"):
        refuse_unsafe(bundle)


def test_malicious_settings_are_refused() -> None:
    with pytest.raises(InputRejected, match="BUNDLE_UNSAFE"):
        refuse_unsafe_settings({"network_def": {"_target_": "os.system"}})
    refuse_unsafe_settings({"train::trainer::max_epochs": 2, "tasks": ["mortality"]})


@pytest.mark.parametrize("name", ["scripts/model.py", "models/m.pt", "configs/logging.conf", "models/x.pkl", "a.so"])
def test_code_and_pickles_have_no_place_in_a_bundle(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(exist_ok=True)
    (bundle / name).write_bytes(b"x")
    assert any(name in text for text in messages(bundle, Severity.UNSAFE))


def test_a_link_out_of_the_bundle_is_refused(bundle: Path) -> None:
    (bundle / "models" / "link").symlink_to("/etc/hostname")
    assert any("symbolic link" in text for text in messages(bundle, Severity.UNSAFE))


def test_one_wrong_bit_in_the_weights_is_refused(bundle: Path) -> None:
    path = bundle / "models" / "model.safetensors"
    save_weights(path, {"x": torch.ones(3)})
    assert messages(bundle, Severity.UNSAFE) == []
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    with pytest.raises(InputRejected, match="SHA-256"):
        refuse_unsafe(bundle)


def test_weights_without_a_hash_are_refused(bundle: Path) -> None:
    path = bundle / "models" / "model.safetensors"
    save_weights(path, {"x": torch.ones(3)})
    path.with_name("model.safetensors.sha256").unlink()
    with pytest.raises(InputRejected, match=r"BUNDLE_UNSAFE.*sha256"):
        refuse_unsafe(bundle)


def test_an_endless_configuration_is_refused_quickly(bundle: Path) -> None:
    laughs = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" if i else "a0: &a0 [x]" for i in range(12))
    (bundle / "configs" / "evil.yaml").write_text(laughs)
    assert any("more entries" in text for text in messages(bundle, Severity.UNSAFE))


def test_style_is_reported_and_not_refused(bundle: Path) -> None:
    long = "".join(f"key_{i}: {i}\n" for i in range(31))
    (bundle / "configs" / "fusion_long.yaml").write_text(long)
    found = messages(bundle, Severity.STYLE)
    assert any("31 lines" in text for text in found)
    assert any("line 31" in text and "unit" in text for text in found)
    refuse_unsafe(bundle)


def test_a_folder_without_configs_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="BUNDLE_MISSING"):
        lint_bundle(tmp_path)
