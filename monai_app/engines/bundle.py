"""Opening a bundle's workflows: linted first, then parsed by MONAI's ConfigWorkflow, from any working directory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from monai.bundle import ConfigWorkflow

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_yaml
from monai_app.core.resources import resource
from monai_app.engines.bundle_lint import refuse_unsafe, refuse_unsafe_settings
from monai_app.engines.unwrap import root_cause, typed_cause


class Workflow(StrEnum):
    """The workflows of a bundle; each has a configuration file of its name and a run id."""

    TRAIN = "train"
    TRAIN_AUTOENCODER = "train_autoencoder"
    TRAIN_DIFFUSION = "train_diffusion"
    EVALUATE = "evaluate"
    INFERENCE = "inference"
    EXPLAIN = "explain"

    @property
    def run_id(self) -> str:
        """The id that runs it."""
        names = {"evaluate": "evaluating", "explain": "explaining"}
        return "training" if self.monai_type == "train" else names.get(self.value, self.value)

    @property
    def monai_type(self) -> str:
        """MONAI's name for the properties it must have."""
        return "train" if self.value.partition("_")[0] == "train" else "infer"


def workflows(bundle: Path) -> tuple[Workflow, ...]:
    """The workflows that a bundle has a configuration for; not every kind of model is explained."""
    return tuple(kind for kind in Workflow if (bundle / "configs" / f"{kind.value}.yaml").is_file())


def find_bundle(name_or_path: str) -> Path:
    """A bundle by its path, or a shipped one by its name.

    Raises:
        InputRejected: ``BUNDLE_MISSING``.
    """
    path = Path(name_or_path)
    if (path / "configs").is_dir():
        return path.resolve()
    shipped = resource("bundles")
    if (shipped / name_or_path / "configs").is_dir():
        return shipped / name_or_path
    raise InputRejected(
        "BUNDLE_MISSING",
        "there is no such bundle",
        expected="a folder with configs/, or one of " + ", ".join(overlay_names(shipped, "*/configs", "")),
        remedy="Check the BUNDLE argument.",
    )


def overlay_names(folder: Path, pattern: str, prefix: str) -> list[str]:
    """Names behind a pattern, without prefix and suffix, sorted."""
    found = sorted(path.parent if path.name == "configs" else path for path in folder.glob(pattern))
    return [path.stem.removeprefix(prefix) for path in found]


SYSTEM_PREFIXES = ("fusion_", "encoder_")
"""Overlays of these names are systems to choose from; a command names one without its prefix."""

USUAL_SYSTEM = "attention"


def systems(bundle: Path) -> dict[str, str]:
    """The systems of a bundle: their overlays by name."""
    folder = bundle / "configs"
    return {
        name: f"{prefix}{name}"
        for prefix in SYSTEM_PREFIXES
        for name in overlay_names(folder, f"{prefix}*.yaml", prefix)
    }


def system_overlays(bundle: Path, system: str | None = None) -> list[str]:
    """The overlay of a system; of none named, the usual one where the bundle has it, else the bundle as it stands.

    Raises:
        InputRejected: ``OVERLAY_UNKNOWN``.
    """
    known = systems(bundle)
    if system is None:
        return [known[USUAL_SYSTEM]] if USUAL_SYSTEM in known else []
    if system not in known:
        raise _unknown_overlay(bundle, system)
    return [known[system]]


def config_files(bundle: Path, workflow: Workflow, overlays: Sequence[str] = ()) -> list[str]:
    """The configuration files of a workflow, in the order in which MONAI merges them.

    Args:
        overlays: names of overlay files without suffix, such as ``fusion_early`` or ``smoke``.

    Raises:
        InputRejected: ``OVERLAY_UNKNOWN``, ``WORKFLOW_MISSING``.
    """
    folder = bundle / "configs"
    if not (folder / f"{workflow.value}.yaml").is_file():
        raise InputRejected(
            "WORKFLOW_MISSING",
            f"the bundle has no workflow {workflow.value}",
            expected=", ".join(kind.value for kind in workflows(bundle)),
            remedy="Choose another bundle.",
        )
    for name in overlays:
        if not (folder / f"{name}.yaml").is_file():
            raise _unknown_overlay(bundle, name)
    return [str(folder / f"{name}.yaml") for name in ("common", workflow.value, *overlays)]


def _unknown_overlay(bundle: Path, name: str) -> InputRejected:
    return InputRejected(
        "OVERLAY_UNKNOWN",
        f"the bundle has no configuration {name}",
        expected=sorted(systems(bundle)),
        remedy="Check --fusion and --overlay.",
    )


def known_settings(bundle: Path, workflow: Workflow, overlays: Sequence[str] = ()) -> set[str]:
    """The root ids that a workflow's configuration has, the only ones that can be overridden."""
    return {str(key).split("::")[0] for file in config_files(bundle, workflow, overlays) for key in read_yaml(file)}


def open_workflow(
    bundle: Path,
    workflow: Workflow,
    *,
    overlays: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    tracking: str | None = None,
) -> ConfigWorkflow:
    """A parsed and initialised workflow.

    Args:
        settings: overrides by id, such as ``{"train::trainer::max_epochs": 2}``.
        tracking: as MONAI's ``tracking``: ``mlflow``, or a file of settings.

    Raises:
        InputRejected: ``BUNDLE_UNSAFE`` before anything of the bundle is parsed; ``OVERLAY_UNKNOWN``;
            ``SETTING_UNKNOWN`` for an override of something that does not exist.
    """
    refuse_unsafe(bundle)
    chosen = dict(settings or {})
    refuse_unsafe_settings(chosen)
    files = config_files(bundle, workflow, overlays)
    _refuse_unknown_settings(bundle, overlays, chosen)
    logging.getLogger("monai.bundle.workflows").setLevel(logging.ERROR)
    with typed_errors():
        try:
            parsed = ConfigWorkflow(
                config_file=files,
                meta_file=str(bundle / "configs" / "metadata.json"),
                logging_file=False,
                run_id=workflow.run_id,
                workflow_type=workflow.monai_type,
                tracking=tracking,
                bundle_root=str(bundle),
                **chosen,
            )
        except KeyError as error:
            raise _unknown_setting(str(error.args[0]) if error.args else "") from error
        parsed.initialize()
    return parsed


def _refuse_unknown_settings(bundle: Path, overlays: Sequence[str], settings: Mapping[str, Any]) -> None:
    """MONAI takes a new id silently; a misspelt setting would then change nothing and nobody would know.

    A setting that only another workflow of the bundle has is let through, so that all can be given the same.
    """
    known = set().union(*(known_settings(bundle, workflow, overlays) for workflow in workflows(bundle)))
    for key in settings:
        if key.split("::")[0] not in known:
            raise _unknown_setting(key)


def _unknown_setting(key: str) -> InputRejected:
    return InputRejected(
        "SETTING_UNKNOWN",
        "a setting belongs to nothing in the configuration",
        got=key,
        expected="an id of the configuration, its parts joined by ::",
        remedy="Look it up in the bundle's configs.",
    )


def run_workflow(workflow: ConfigWorkflow) -> list[Any]:
    """Run and finalise an opened workflow; return what its steps returned.

    Raises:
        AppError: the typed error below whatever MONAI wrapped around it.
    """
    with typed_errors():
        try:
            results: list[Any] = workflow.run()
            return results
        finally:
            workflow.finalize()


def train_and_evaluate(bundle: str, system: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Run a bundle's training and evaluation with one system's overlay; return the metrics.

    Settings of what only training has (``max_epochs``, ...) are left out of the evaluation.
    """
    folder = find_bundle(bundle)
    overlays = system_overlays(folder, system)
    results: list[Any] = []
    for workflow in (Workflow.TRAIN, Workflow.EVALUATE):
        known = known_settings(folder, workflow, overlays)
        chosen = {key: value for key, value in settings.items() if key.split("::")[0] in known}
        results = run_workflow(open_workflow(folder, workflow, overlays=overlays, settings=chosen))
    metrics: dict[str, Any] = results[-1]
    return metrics


@contextmanager
def typed_errors() -> Iterator[None]:
    """Raise our own typed error, or else the root cause, instead of the RuntimeErrors MONAI's parser wraps around."""
    try:
        yield
    except Exception as error:
        cause = typed_cause(error) or root_cause(error)
        if cause is error:
            raise
        raise cause from None
