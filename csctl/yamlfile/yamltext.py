"""Writes the canonical text of data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

from csctl.errors import CsctlError, YamlError
from csctl.messages import _
from csctl.yamlfile.scalars import MAX_DEPTH
from csctl.yamlfile.yamlio import Layout, Path, load

# libyaml gives up looking for the colon of a longer key.
_MAX_KEY: Final = 1000
# What is refused, not what is allowed: that set compiles ten times as fast.
_ESCAPED: Final = re.compile(r'[\x00-\x1f"\\\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]')
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_HALF: Final = re.compile(r"[\ud800-\udfff]")
# What some YAML reader takes for a truth value, a number, a time of day, a date, a merge.
_OTHERWISE: Final = re.compile(
    r"""
    (?: ~ | null | true | false | yes | no | on | off | y | n | = | <<
    | [-+]? [0-9_.,:]+ (?: e [-+]? [0-9]+ )?
    | [-+]? (?: 0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-f_]+ | \.inf | \.nan )
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2} (?: (?: t | [ ]+ ) [0-9]{1,2}:[0-9]{2}:[0-9]{2} .* )?
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_INDICATORS: Final = frozenset("-?:,[]{}#&*!|>'\"%@`.")


def dump(data: Mapping[str, Any], layout: Layout) -> str:
    """Return the canonical text of `data`.

    Keys stand in the order of the layout, the others after them; every heading of the
    layout is there. Raises CsctlError for values that YAML, as records use it, cannot carry.
    """
    return page(data, layout, Notes())


def first_exact(texts: Iterable[str], data: Mapping[str, Any]) -> str:
    """Return the first of `texts` that reads back as `data`, or raise CsctlError."""
    for text in texts:
        with suppress(YamlError):
            if is_same(load(text).data, data):
                return text
    raise CsctlError(
        _("The file could not be changed without changing other values in it."),
        _("Bring it to canonical form with 'csctl fmt', then try again."),
    )


def is_same(one: Any, other: Any) -> bool:
    """Return whether data that were read equal other data, without taking 1 for true."""
    if isinstance(one, dict) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    kinds = [isinstance(value, bool) for value in (one, other)]
    return isinstance(other, type(one)) and kinds[0] == kinds[1] and bool(one == other)


@dataclass(frozen=True, slots=True)
class Notes:
    """What a text says beside its data; comments with their '#'."""

    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    before: dict[Path, list[str]] = field(default_factory=dict)
    beside: dict[Path, str] = field(default_factory=dict)
    numbers: dict[Path, str] = field(default_factory=dict)


def page(data: Mapping[str, Any], layout: Layout, notes: Notes) -> str:
    """Return the canonical text of `data` with what notes say beside it."""
    writer = Writer(notes)
    parts = [notes.head]
    for key in (*layout.keys, *_others(data, layout)):
        if key in layout.headings:
            parts.append([f"# {layout.headings[key]}"])
        if key in data:
            parts.append(writer.entry(key, data[key], layout.child(key), 0, (key,)))
    parts += [[] if data else ["{}"], notes.tail]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _others(data: Mapping[str, Any], layout: Layout) -> Iterator[str]:
    known = frozenset(layout.keys)
    return (key for key in data if key not in known)


class Writer(NamedTuple):
    """Makes lines of data; `indent` counts blanks, `path` leads to the value.

    With `blocks` text of several lines becomes a block, else it is quoted on one line.
    """

    notes: Notes
    blocks: bool = True

    def entry(self, key: str, value: Any, layout: Layout, indent: int, path: Path) -> list[str]:
        """Return the lines of a key and its value."""
        name = _name(key)
        if len(name) > _MAX_KEY or not isinstance(key, str):
            raise CsctlError(_("{key!r} cannot be the name of a field.").format(key=str(key)[:60]))
        first, lines = self.value(value, layout, indent + 2, path)
        pad = " " * indent
        line = f"{pad}{name}: {first}" if first else f"{pad}{name}:"
        return [*self._before(pad, path), line + self._beside(path), *lines]

    def row(self, value: Any, layout: Layout, indent: int, path: Path) -> list[str]:
        """Return the lines of one row of a list."""
        first, lines = self.value(value, layout, indent + 2, path)
        pad = " " * indent
        before = self._before(pad, path)
        if first:
            return [*before, f"{pad}- {first}{self._beside(path)}", *lines]
        while lines[0].startswith("#", indent + 2):
            before.append(pad + lines.pop(0).lstrip())
        return [*before, f"{pad}- {lines[0][indent + 2 :]}", *lines[1:]]

    def value(self, value: Any, layout: Layout, indent: int, path: Path) -> tuple[str, list[str]]:
        """Return what stands on the line of the key or dash, and the lines below."""
        if isinstance(value, str):
            if self.blocks and (sign := _literal_sign(value)):
                lines = value.removesuffix("\n").split("\n")
                return sign, [" " * indent + line if line else "" for line in lines]
            return self.notes.numbers.get(path) or _text(value, flow=False), []
        if isinstance(value, Mapping | list):
            if len(path) >= MAX_DEPTH:
                raise CsctlError(_("The data are nested more than 40 levels deep."))
            if not value:
                return "{}" if isinstance(value, Mapping) else "[]", []
        if isinstance(value, list):
            rows = (self.row(row, layout, indent, (*path, i)) for i, row in enumerate(value))
            return "", [line for row in rows for line in row]
        if isinstance(value, Mapping):
            order = (*(key for key in layout.keys if key in value), *_others(value, layout))
            entries = (
                self.entry(key, value[key], layout.child(key), indent, (*path, key))
                for key in order
            )
            return "", [line for entry in entries for line in entry]
        return self.notes.numbers.get(path) or scalar(value), []

    def _before(self, pad: str, path: Path) -> list[str]:
        return [pad + comment for comment in self.notes.before.get(path, ())]

    def _beside(self, path: Path) -> str:
        return f"  {self.notes.beside[path]}" if path in self.notes.beside else ""


def _literal_sign(text: str) -> str:
    """Return the header of the block that carries `text` exactly, or ""."""
    if "\n" not in text or not text.removesuffix("\n").rpartition("\n")[2].strip(" \t"):
        return ""
    if _UNPRINTABLE.search(text.replace("\n", "").replace("\t", "")):
        return ""
    indented = "2" if text.lstrip("\n")[0] in " \t" else ""
    return f"|{indented}" if text.endswith("\n") else f"|{indented}-"


def scalar(value: Any, *, flow: bool = False) -> str:
    """Return a value without parts as it stands on one line, between brackets if `flow`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value, flow=flow)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        digits = repr(float(value))
        return digits if "." in digits else digits.replace("e", ".0e")
    raise CsctlError(_("{value!r} cannot be written to a record.").format(value=value))


# Records have the same few keys again and again.
_name: Final = lru_cache(maxsize=2048, typed=True)(scalar)


def _text(text: str, *, flow: bool) -> str:
    if _UNPRINTABLE.search(text):
        if _HALF.search(text):
            raise CsctlError(_("The text {text!a} holds half a character.").format(text=text[:60]))
        return f'"{_ESCAPED.sub(_escape, text)}"'
    if (
        text != text.strip()
        or not text
        or text[0] in _INDICATORS
        or text[-1] == ":"
        or ": " in text
        or " #" in text
        or (flow and not _INDICATORS.isdisjoint(text))
        or _OTHERWISE.fullmatch(text)
    ):
        return "'" + text.replace("'", "''") + "'"
    return text


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    short = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    code = ord(sign)
    return short.get(sign) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
