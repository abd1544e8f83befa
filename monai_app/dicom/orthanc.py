"""An Orthanc archive: its change feed, the images of a study, results stored into it and taken out again.

Orthanc's REST API serves what DICOMweb has no word for (changes, stability, removal), STOW-RS stores. Orthanc's own
identifiers are SHA-1 of patient ID and UIDs: they stand in its URLs, never in a message of ours.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from monai_app.core.atomic import spool
from monai_app.core.errors import AppError, InputRejected
from monai_app.dicom.film import MODALITIES as FILM_MODALITIES
from monai_app.dicom.slice_header import VOLUME_MODALITIES
from monai_app.dicom.stow import sop_instance_uids, stow

USER_VARIABLE, PASSWORD_VARIABLE = "MONAI_APP_ORTHANC_USER", "MONAI_APP_ORTHANC_PASSWORD"

IMAGE_MODALITIES = frozenset({*FILM_MODALITIES, *VOLUME_MODALITIES})
"""Of series that an application can read; segmentations, reports and screen shots are never sources of a result."""

CHANGES_A_PAGE = 500
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Changes:
    """One page of the feed.

    Attributes:
        resources: studies, series and instances that arrived or became stable.
        position: to go on from.
        done: nothing comes behind it yet.
    """

    resources: tuple[str, ...] = field(repr=False)
    position: int
    done: bool


@dataclass(frozen=True)
class StudyImages:
    """What a study holds for an application.

    Attributes:
        instances: images, sorted.
        stable: nothing arrived for the archive's StableAge.
        disk_bytes: of the whole study in the archive.
    """

    instances: tuple[str, ...] = field(repr=False)
    stable: bool
    disk_bytes: int


class Orthanc:
    """A client; its methods may be called from any thread.

    Every method raises :class:`AppError`: ``PACS_UNREACHABLE``, ``PACS_TIMEOUT``, ``PACS_GONE`` (no such resource any
    more), ``PACS_REFUSED`` (status), ``PACS_ANSWER`` (no JSON of the form that is documented).

    Args:
        url: of the REST API, without credentials.
        credentials: user and password; by default what the variables MONAI_APP_ORTHANC_USER and
            MONAI_APP_ORTHANC_PASSWORD hold.
        dicomweb: path of the plugin's DICOMweb service.
        timeout_s: of connecting and of each silence of the archive.

    Raises:
        InputRejected: ``PACS_URL``.
    """

    def __init__(
        self,
        url: str,
        *,
        credentials: tuple[str, str] | None = None,
        dicomweb: str = "dicom-web",
        timeout_s: float = 60.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise InputRejected(
                "PACS_URL",
                "the archive's address is no http(s) URL, or holds credentials",
                expected="http://HOST:8042",
                remedy=f"User and password go into {USER_VARIABLE} and {PASSWORD_VARIABLE}.",
            )
        self._root = url.rstrip("/")
        self._credentials = credentials or _credentials()
        self._dicomweb = f"{self._root}/{dicomweb.strip('/')}"
        self._timeout_s = timeout_s
        self._local = threading.local()

    def last_change(self) -> int:
        """The end of the feed."""
        return _integer(self._json("GET", "/changes?last"), "Last")

    def changes(self, since: int) -> Changes:
        """What was received or became stable behind a position, whatever else changed."""
        page = self._json("GET", f"/changes?since={int(since)}&limit={CHANGES_A_PAGE}")
        with _documented():
            rows = [row for row in page["Changes"] if str(row["ChangeType"]).startswith(("New", "Stable"))]
            found = (str(row["ID"]) for row in rows if row["ResourceType"] in ("Study", "Series", "Instance"))
            return Changes(tuple(dict.fromkeys(found)), int(page["Last"]), bool(page["Done"]))

    def studies_of(self, resources: Sequence[str]) -> tuple[str, ...]:
        """The studies that resources belong to; those that are there no more are left out."""
        if not resources:
            return ()
        found = self._json("POST", "/tools/bulk-content", json={"Resources": list(resources), "Level": "Study"})
        with _documented():
            return tuple(sorted({str(study["ID"]) for study in found}))

    def images(self, study: str) -> StudyImages:
        """The images of a study."""
        about = self._json("GET", f"/studies/{study}")
        series = self._json("GET", f"/studies/{study}/series")
        size = self._json("GET", f"/studies/{study}/statistics")
        with _documented():
            images = [one for one in series if one["MainDicomTags"].get("Modality") in IMAGE_MODALITIES]
            instances = sorted(str(instance) for one in images for instance in one["Instances"])
            return StudyImages(tuple(instances), bool(about["IsStable"]), int(size["DiskSize"]))

    def download(self, instance: str, path: Path) -> None:
        """The file of an instance, in chunks.

        Raises:
            AppError: ``WRITE_FAILED`` besides.
        """
        with self._answer("GET", f"/instances/{instance}/file", stream=True) as answer, _typed():
            spool(path, answer.iter_content(_CHUNK_BYTES))

    def stored(self, study: str) -> dict[str, str]:
        """SOP instance UID of everything in a study, with the archive's name for it. Never shown."""
        found = self._json("GET", f"/studies/{study}/instances")
        with _documented():
            return {str(one["MainDicomTags"]["SOPInstanceUID"]): str(one["ID"]) for one in found}

    def uids(self, files: Sequence[Path]) -> list[str]:
        """The SOP instance UIDs that files will be stored under."""
        return sop_instance_uids(files)

    def store(self, files: Sequence[Path]) -> None:
        """Store files in one request.

        Raises:
            AppError: ``PACS_STORE`` besides.
        """
        with _typed():
            stow(self._dicomweb, files, session=self._session, timeout_s=self._timeout_s)

    def remove(self, instances: Sequence[str]) -> None:
        """Remove instances; those that are gone already are no fault."""
        for instance in instances:
            try:
                self._json("DELETE", f"/instances/{instance}")
            except AppError as error:
                if error.code != "PACS_GONE":
                    raise

    @property
    def _session(self) -> requests.Session:
        """One a thread. Proxies and .netrc of the environment are none of the archive's business."""
        session = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
            session.auth = self._credentials
            self._local.session = session
        return session

    def _answer(self, method: str, path: str, **named: Any) -> requests.Response:
        with _typed():
            answer = self._session.request(
                method, f"{self._root}{path}", timeout=self._timeout_s, allow_redirects=False, **named
            )
            if answer.is_redirect:
                raise _refused(answer.status_code)
            answer.raise_for_status()
        return answer

    def _json(self, method: str, path: str, **named: Any) -> Any:
        with _documented():
            return self._answer(method, path, **named).json()


def _credentials() -> tuple[str, str] | None:
    user = os.environ.get(USER_VARIABLE)
    return (user, os.environ.get(PASSWORD_VARIABLE, "")) if user else None


def _integer(record: Mapping[str, Any], key: str) -> int:
    with _documented():
        return int(record[key])


def _refused(status: int | None) -> AppError:
    remedy = f"Set {USER_VARIABLE} and {PASSWORD_VARIABLE}." if status in (401, 403) else ""
    return AppError("PACS_REFUSED", "the archive refused a request", got=f"status {status}", remedy=remedy)


@contextmanager
def _typed() -> Iterator[None]:
    """The errors of requests quote URLs: none of them is shown."""
    try:
        yield
    except requests.HTTPError as error:
        status = None if error.response is None else error.response.status_code
        if status == requests.codes.not_found:
            raise AppError("PACS_GONE", "the archive holds no such thing any more") from None
        raise _refused(status) from None
    except requests.Timeout:
        raise AppError("PACS_TIMEOUT", "the archive did not answer in time") from None
    except requests.RequestException as error:
        raise AppError(
            "PACS_UNREACHABLE", "the archive cannot be reached, or broke off", got=type(error).__name__
        ) from None


@contextmanager
def _documented() -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AppError(
            "PACS_ANSWER", "the archive's answer has another form", got=type(error).__name__,
            expected="the REST API of Orthanc 1.10 or later",
        ) from None  # fmt: skip
