from __future__ import annotations

from pydicom.uid import UID

from monai_app.dicom.identifier import derived_uid


def test_a_uid_is_valid_and_below_the_uuid_root() -> None:
    for number in range(200):
        uid = UID(derived_uid(number, "film"))
        assert uid.is_valid and uid.startswith("2.25.") and len(uid) <= 64


def test_a_uid_follows_from_its_parts_and_their_order_and_types() -> None:
    assert derived_uid(1, "a") == derived_uid(1, "a")
    assert len({derived_uid(1, "a"), derived_uid("1", "a"), derived_uid("a", 1), derived_uid(1, "b")}) == 4
