"""Typed errors with stable codes; their messages never hold patient data.

An error says what is wrong, what was got, what was expected and what to do about it.
Exit codes: 0 done, 2 input rejected, 1 failure.
"""

from __future__ import annotations


class AppError(Exception):
    """A failure of the program itself or of its surroundings (exit code 1).

    Args:
        code: stable identifier in UPPER_SNAKE_CASE; scripts may match on it.
        what: one clause naming what is wrong, free of patient data.
        got: what was found (a count, a type, a shape, a unit; never a patient's value).
        expected: what would have been accepted.
        remedy: what the user can do.
    """

    exit_code = 1

    def __init__(self, code: str, what: str, *, got: object = "", expected: object = "", remedy: str = "") -> None:
        self.code = code
        self.what = what
        self.got = str(got)
        self.expected = str(expected)
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        parts = [f"[{self.code}] {self.what}"]
        if self.got:
            parts.append(f"got {self.got}")
        if self.expected:
            parts.append(f"expected {self.expected}")
        text = "; ".join(parts)
        return f"{text}. {self.remedy}" if self.remedy else text

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.code, self.what, self.got, self.expected, self.remedy)

    def as_dict(self) -> dict[str, str]:
        """The fields as a JSON-able record, for ``--json``."""
        return {
            "code": self.code,
            "what": self.what,
            "got": self.got,
            "expected": self.expected,
            "remedy": self.remedy,
        }


class InputRejected(AppError):  # noqa: N818 - it reads as what happened: the input was rejected
    """The user's input cannot be used as it is (exit code 2); nothing was written."""

    exit_code = 2


def _rebuild(kind: type[AppError], code: str, what: str, got: str, expected: str, remedy: str) -> AppError:
    return kind(code, what, got=got, expected=expected, remedy=remedy)
