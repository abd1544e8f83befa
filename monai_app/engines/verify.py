"""Verification of a bundle, offline: lint, metadata schema, properties of every workflow, network in and out."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jsonschema import Draft201909Validator
from monai.bundle import verify_metadata

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import AppError
from monai_app.core.loading import read_json
from monai_app.engines.bundle import (
    Workflow,
    open_workflow,
    overlay_names,
    system_overlays,
    systems,
    typed_errors,
    workflows,
)
from monai_app.engines.bundle_lint import Severity, lint_bundle
from monai_app.engines.model_folder import write_model
from monai_app.engines.network_check import network_faults
from monai_app.engines.volumes.verify import segments_volumes, volume_workflow_checks
from monai_app.phantom.cohort import write_phantom

SCHEMA_NAME = "metadata_schema.json"
_PHANTOM_PATIENTS = 24


@dataclass(frozen=True)
class Check:
    """The result of one check; ``faults`` is empty when it passed."""

    name: str
    faults: tuple[str, ...]


def verify_bundle(bundle: Path, *, cohort_dir: Path | None = None) -> list[Check]:
    """All checks of a bundle. An unsafe bundle gets the lint only: nothing of it is parsed.

    Args:
        cohort_dir: a cohort for the workflows to be built on; None simulates a small phantom one for the while.

    Raises:
        InputRejected: ``BUNDLE_MISSING``.
    """
    findings = lint_bundle(bundle)
    lint = Check("lint", tuple(map(str, findings)))
    if any(finding.severity is Severity.UNSAFE for finding in findings):
        return [lint]
    checks = [lint, check_metadata(bundle)]
    with tempfile.TemporaryDirectory() as scratch:
        if segments_volumes(bundle):
            for name in overlay_names(bundle / "configs", "network_*.yaml", ""):
                checks += check_volumes(bundle, name, Path(scratch) / name)
            return checks
        cohort = cohort_dir or Path(scratch) / "cohort"
        if cohort_dir is None:
            write_phantom(cohort, patients=_PHANTOM_PATIENTS, seed=0)
        for system in systems(bundle):
            checks += check_workflows(bundle, system, cohort, Path(scratch) / system)
    return checks


def check_metadata(bundle: Path) -> Check:
    """MONAI's verify_metadata against the schema that stands beside the metadata, so that nothing is downloaded."""
    logging.getLogger("monai.apps.utils").setLevel(logging.ERROR)
    metadata, schema = bundle / "configs" / "metadata.json", bundle / "configs" / SCHEMA_NAME
    if not schema.is_file():
        return Check("metadata", (f"{SCHEMA_NAME} is missing beside metadata.json",))
    try:
        digest = sha256_file(schema)
        verify_metadata(meta_file=str(metadata), filepath=str(schema), hash_val=digest, hash_type="sha256")
    except ValueError:
        errors = Draft201909Validator(read_json(schema)).iter_errors(read_json(metadata))
        places = [f"{'.'.join(map(str, error.absolute_path)) or 'metadata'}: {error.validator}" for error in errors]
        return Check("metadata", tuple(places))
    return Check("metadata", ())


def check_volumes(bundle: Path, name: str, scratch: Path) -> list[Check]:
    """The workflows of a segmentation bundle with the overlay of one network, on a tiny model."""
    try:
        found = volume_workflow_checks(bundle, [name, "smoke"], scratch)
        return [Check(f"{name}: {what}", tuple(faults)) for what, faults in found]
    except AppError as error:
        return [Check(f"{name}: workflows", (str(error),))]


def check_workflows(bundle: Path, system: str, cohort: Path, scratch: Path) -> list[Check]:
    """The workflows with one system, on a tiny model: their properties, and the network's inputs and outputs."""
    try:
        return list(_workflow_checks(bundle, system, cohort, scratch))
    except AppError as error:
        return [Check(f"{system}: workflows", (str(error),))]


def _workflow_checks(bundle: Path, system: str, cohort: Path, scratch: Path) -> Iterator[Check]:
    overlays = [*system_overlays(bundle, system), "smoke"]
    settings = {"cohort_dir": str(cohort), "output_dir": str(scratch), "model_dir": str(scratch)}
    training = open_workflow(bundle, Workflow.TRAIN, overlays=overlays, settings=settings)
    with typed_errors():
        yield Check(f"{system}: properties of train", tuple(training.check_properties() or ()))
        network, spec = (training.parser.get_parsed_content(name) for name in ("network", "spec"))
    formats = read_json(bundle / "configs" / "metadata.json")["network_data_format"]
    yield Check(f"{system}: network in and out", tuple(network_faults(network, spec, formats)))
    write_model(scratch, network, spec)
    for workflow in workflows(bundle)[1:]:
        opened = open_workflow(bundle, workflow, overlays=overlays, settings=settings)
        with typed_errors():
            yield Check(f"{system}: properties of {workflow.value}", tuple(opened.check_properties() or ()))


def verification_report(checks: list[Check]) -> dict[str, object]:
    """The checks as a JSON-able record."""
    return {
        "passed": not any(check.faults for check in checks),
        "checks": {check.name: list(check.faults) or "passed" for check in checks},
    }
