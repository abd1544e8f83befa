"""What a site sets once: the equipment that stands in its results, its time zone."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monai_app import __version__
from monai_app.core.errors import InputRejected
from monai_app.core.records import Record
from monai_app.dicom.equipment import Equipment


class Site(Record):
    """The site's YAML; without one, results name the product only.

    Attributes:
        manufacturer: who answers for the software at the site.
        model: name of the product as it stands in results.
        serial_number: of this installation.
        institution: where it stands; empty leaves it out.
        station: name of the machine, at most 16 characters; empty leaves it out.
        timezone: such as ``Europe/Berlin``; needed for records whose times have an offset from UTC.
    """

    manufacturer: str = "monai-app"
    model: str = "monai-app"
    serial_number: str = "0"
    institution: str = ""
    station: str = ""
    timezone: str | None = None

    def equipment(self) -> Equipment:
        """As the writers of results want it.

        Raises:
            InputRejected: ``EQUIPMENT_INVALID``.
        """
        return Equipment(
            manufacturer=self.manufacturer,
            model=self.model,
            software_version=__version__,
            serial_number=self.serial_number,
            institution=self.institution,
            station=self.station,
        )

    def zone(self) -> ZoneInfo | None:
        """The time zone.

        Raises:
            InputRejected: ``TIMEZONE_UNKNOWN``.
        """
        if self.timezone is None:
            return None
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise InputRejected(
                "TIMEZONE_UNKNOWN", "there is no such time zone", expected="a name such as Europe/Berlin"
            ) from None


def read_site(path: Path | None) -> Site:
    """The site's file, or what holds without one.

    Raises:
        InputRejected: ``RECORD_INVALID``; ``FILE_NOT_FOUND``.
    """
    return Site() if path is None else Site.read(path)
