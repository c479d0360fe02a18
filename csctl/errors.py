"""The errors csctl raises on purpose; everything else is a bug."""

from __future__ import annotations


class CsctlError(Exception):
    """Something csctl could not do, told to the person who asked.

    `message` is one sentence: what, which thing, why. `hint` is the next command
    to type, or "". `exit_code` is what the process ends with (design: 3 = could not).
    """

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CsctlError):
    """Asked wrongly: an unknown id, kind, field or value."""

    exit_code = 2


class Refused(CsctlError):
    """Done as asked, and the answer is no: a gate holds, a check failed."""

    exit_code = 1


class YamlError(CsctlError):
    """A text that cannot be read, at a line and column that count from 1."""

    def __init__(self, message: str, hint: str = "", *, line: int = 1, column: int = 1) -> None:
        super().__init__(message, hint)
        self.line = line
        self.column = column


class Misfit(CsctlError):
    """A part of a schema that does not fit; `words` lead to it, each after the one before."""

    def __init__(self, message: str, hint: str = "", words: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.words = words
