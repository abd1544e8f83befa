"""Storing the files of one set of results in one request: STOW-RS (DICOM PS3.18 10.5)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydicom
import requests
from dicomweb_client.web import DICOMwebClient

from monai_app.core.errors import AppError
from monai_app.dicom.quiet import quietly


def sop_instance_uids(files: Sequence[Path]) -> list[str]:
    """The UID of each file. Never shown."""
    with quietly():
        return [
            str(pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]).SOPInstanceUID)
            for path in files
        ]


def stow(url: str, files: Sequence[Path], *, session: requests.Session, timeout_s: float) -> None:
    """Store the files; no UID stands in the request's URL.

    Args:
        url: of the DICOMweb service.

    Raises:
        AppError: ``PACS_STORE`` where the archive took none or not all of them.
        requests.RequestException: where it cannot be reached or refuses the request.
    """
    client = DICOMwebClient(url, session=session, timeout=timeout_s)
    client.set_http_retry_params(retry=False)
    with quietly():
        datasets = [pydicom.dcmread(path) for path in files]
        answer = client.store_instances(datasets)
    failed = len(answer.get("FailedSOPSequence") or ())
    if failed:
        raise AppError("PACS_STORE", "the archive did not take every result", got=f"{failed} of {len(files)} refused")
