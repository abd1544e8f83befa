"""A patient's record from a FHIR server (RESTful API, R4 3.1): search by identifier, page by page, one host only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from monai_app.cohort.fhir.patient import Subject
from monai_app.cohort.fhir.reading import Entry, bundle_entries, sorted_resources
from monai_app.core.errors import AppError, InputRejected

TOKEN_VARIABLE = "MONAI_APP_FHIR_TOKEN"
"""Environment variable with the bearer token: tokens stand in no command line, URL or log."""

_KINDS = ("Observation", "Condition", "DocumentReference")
_PAGES = 1000
_SECONDS = 30.0


def fetch_resources(base: str, subject: Subject, *, session: requests.Session | None = None) -> dict[str, list[Entry]]:
    """The patient with the image's identifier and what the server holds of that patient, by kind.

    Searches are sent by POST (R4 3.1.0.11.1), so that no identifier stands in a URL, where proxies would log it.

    Raises:
        AppError: ``FHIR_SERVER`` where the server cannot be reached or refuses.
        InputRejected: ``FHIR_INVALID``; ``FHIR_SERVER_URL``.
    """
    if urlsplit(base).scheme not in ("http", "https"):
        raise InputRejected("FHIR_SERVER_URL", "the server's address is no http(s) URL", expected="https://HOST/PATH")
    used = requests.Session() if session is None else session
    token = os.environ.get(TOKEN_VARIABLE)
    if token:
        used.headers["Authorization"] = f"Bearer {token}"
    used.headers["Accept"] = "application/fhir+json"
    patients = list(_search(used, base, "Patient", {"identifier": subject.identifier}))
    ids = [str(resource["id"]) for _, resource in patients if resource.get("resourceType") == "Patient"]
    entries = list(patients)
    for kind in _KINDS:
        for identity in ids:
            entries += _search(used, base, kind, {"patient": identity})
    return sorted_resources(entries)


def _search(session: requests.Session, base: str, kind: str, query: Mapping[str, str]) -> Iterator[Entry]:
    root = base.rstrip("/") + "/"
    page = _answer(session, "POST", urljoin(root, f"{kind}/_search"), dict(query))
    for _ in range(_PAGES):
        yield from bundle_entries(page)
        after = next((link.get("url") for link in page.get("link", ()) if link.get("relation") == "next"), None)
        if after is None:
            return
        following = urljoin(root, str(after))
        if urlsplit(following)[:2] != urlsplit(root)[:2]:
            raise InputRejected("FHIR_SERVER_URL", "the server's next page lies on another host", expected="one host")
        page = _answer(session, "GET", following, None)
    raise AppError("FHIR_SERVER", "the server's pages do not end", got=f"{_PAGES} pages")


def _answer(session: requests.Session, method: str, url: str, form: dict[str, str] | None) -> Mapping[str, Any]:
    try:
        answer = session.request(method, url, data=form, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        raise AppError("FHIR_SERVER", "the FHIR server cannot be reached", got=type(error).__name__) from None
    if answer.status_code != requests.codes.ok:
        raise AppError(
            "FHIR_SERVER",
            "the FHIR server refused a search",
            got=f"status {answer.status_code}",
            remedy=f"Check its address and the token in {TOKEN_VARIABLE}.",
        )
    try:
        value = answer.json()
    except requests.JSONDecodeError:
        raise InputRejected("FHIR_INVALID", "the server's answer is not JSON", expected="a FHIR Bundle") from None
    if not isinstance(value, Mapping) or value.get("resourceType") != "Bundle":
        raise InputRejected("FHIR_INVALID", "the server's answer is no Bundle", expected="a FHIR searchset")
    return value
