"""Finding our own typed error below the RuntimeErrors in which MONAI wraps what configurations and transforms raise."""

from __future__ import annotations

from monai_app.core.errors import AppError


def typed_cause(error: BaseException) -> AppError | None:
    """The first :class:`AppError` among an exception and its causes; None where there is none."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        if isinstance(current, AppError):
            return current
        seen.add(id(current))
        current = current.__cause__ or current.__context__
    return None


def root_cause(error: BaseException) -> BaseException:
    """The exception at the bottom of explicit ``raise ... from`` chains: where something went wrong, not who told."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
