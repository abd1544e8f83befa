from __future__ import annotations

import pytest

from monai_app.engines.targets import unsafe_name, unsafe_target


@pytest.mark.parametrize(
    "target",
    [
        "Compose",
        "ValidationHandler",
        "monai_app.engines.trainer.MultimodalTrainer",
        "monai_app.networks.AttentionFusion",
        "monai.optimizers.WarmupCosineSchedule",
        "torch.optim.AdamW",
        "torch.nn.Linear",
    ],
)
def test_components_of_the_four_libraries_are_allowed(target: str) -> None:
    assert unsafe_target(target) is None


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "subprocess.run",
        "builtins.eval",
        "eval",
        "torch.load",
        "torch.os.system",
        "torch.hub.load",
        "torch.utils.data.dataloader.os.system",
        "torch.utils.data.dataloader.os",
        "torch.nn.modules.module.functools.partial",
        "monai.utils.module.import_module",
        "monai.bundle.run",
        "monai.transforms.Lambdad",
        "Lambda",
        "monai.data.PersistentDataset",
        "NumpyReader",
        "monai_app.core.atomic.write_text",
        "monai_app.cli.app.main",
        "monai_app.engines._hidden",
        "monai_app.engines.trainer.logger",
        "scripts.train",
        "../evil",
        "$@fusion.run",
        ["os", "system"],
        None,
    ],
)
def test_anything_that_reaches_further_is_refused(target: object) -> None:
    assert unsafe_target(target)


@pytest.mark.parametrize("text", ["os.system", "NumpyReader", "subprocess.run", "torch.hub.load"])
def test_a_plain_string_that_names_code_is_refused(text: str) -> None:
    assert unsafe_name(text)


@pytest.mark.parametrize("text", ["train", "runs/attention", "model.safetensors", "PILReader", "a sentence. Another"])
def test_other_strings_are_only_strings(text: str) -> None:
    assert unsafe_name(text) is None
