"""Base of the typed records that are written to disk: frozen, unknown keys refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json, read_yaml


class Record(BaseModel):
    """A frozen record; ``read`` turns a bad file into a typed error that names the fields, never their values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read from ``.json`` or ``.yaml``.

        Raises:
            InputRejected: ``RECORD_INVALID``, naming each field and the kind of fault.
        """
        source = Path(path)
        return cls.parse(read_json(source) if source.suffix == ".json" else read_yaml(source))

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Validate a plain value.

        Raises:
            InputRejected: ``RECORD_INVALID``.
        """
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            faults = ", ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in error.errors()[:5])
            raise InputRejected(
                "RECORD_INVALID",
                f"a {cls.__name__} record does not fit its schema",
                got=faults,
                expected="the fields of the documented schema",
            ) from None
