"""Writes the canonical text of data, and brings hand-written YAML to it."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from csctl.errors import CsctlError, YamlError
from csctl.messages import _
from csctl.yamlfile.scalars import MAX_DEPTH, resolve
from csctl.yamlfile.yamlio import Document, Layout, Path, load
from csctl.yamlfile.yamltree import Node, Tree

# libyaml gives up looking for the colon of a longer key.
_MAX_KEY: Final = 1000
_ESCAPED: Final = re.compile(
    r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_UNPRINTABLE: Final = re.compile(
    r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
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
_COMMENT: Final = re.compile(r"#[^\r\n\x85\u2028\u2029]*")


def dump(data: Mapping[str, Any], layout: Layout) -> str:
    """Return the canonical text of `data`.

    Keys stand in the order of the layout, the others after them; every heading of the
    layout is there. Raises CsctlError for values that YAML, as records use it, cannot carry.
    """
    return _page(data, layout, _Notes())


def reformat(text: str, layout: Layout) -> str:
    """Return hand-written YAML in canonical form, with its comments. Raises YamlError.

    A comment on a line of its own goes with the key or row that follows it, any other with
    its line; numbers keep their spelling.
    """
    document = load(text)
    return first_exact([dump_beside(document, document.data, layout)], document.data)


def dump_beside(document: Document, data: Mapping[str, Any], layout: Layout) -> str:
    """Return the canonical text of `data` with the comments of a document."""
    return _page(data, layout, _read_notes(document, layout))


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
class _Notes:
    """What a text says beside its data; comments with their '#'."""

    head: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    before: dict[Path, list[str]] = field(default_factory=dict)
    beside: dict[Path, str] = field(default_factory=dict)
    numbers: dict[Path, str] = field(default_factory=dict)


def _page(data: Mapping[str, Any], layout: Layout, notes: _Notes) -> str:
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


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes lines of data; `indent` counts blanks, `path` leads to the value.

    With `blocks` text of several lines becomes a block, else it is quoted on one line.
    """

    notes: _Notes = field(default_factory=_Notes)
    blocks: bool = True

    def entry(self, key: str, value: Any, layout: Layout, indent: int, path: Path) -> list[str]:
        """Return the lines of a key and its value."""
        name = scalar(key)
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
        if self.blocks and isinstance(value, str) and (sign := _literal_sign(value)):
            lines = value.removesuffix("\n").split("\n")
            return sign, [" " * indent + line if line else "" for line in lines]
        return self.notes.numbers.get(path) or scalar(value), []

    def _before(self, pad: str, path: Path) -> list[str]:
        return [pad + comment for comment in self.notes.before.get(path, ())]

    def _beside(self, path: Path) -> str:
        return f"  {self.notes.beside[path]}" if path in self.notes.beside else ""


def _literal_sign(text: str) -> str:
    """Return the header of the block that carries `text` exactly, or ""."""
    last = text.removesuffix("\n").rpartition("\n")[2]
    if "\n" not in text or not last.strip(" \t"):
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


def _text(text: str, *, flow: bool) -> str:
    if _HALF.search(text):
        raise CsctlError(_("The text {text!a} holds half a character.").format(text=text[:60]))
    if _UNPRINTABLE.search(text):
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


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a key or row begins, or a bracket closes, in the text; what stands there."""

    index: int
    path: Path
    node: Node


def _read_notes(document: Document, layout: Layout) -> _Notes:
    tree = document.tree
    notes = _Notes()
    starts: list[_Place] = []
    ends: list[_Place] = []
    spans: list[tuple[int, int]] = []
    _gather((), tree.root, tree, notes, (starts, ends, spans))
    places = sorted(starts + ends, key=lambda place: place.index)
    headings = {f"# {heading}" for heading in layout.headings.values()}
    top = _last_blank(tree, starts[0].index) if starts else 0
    for index, comment in _comments(tree.body, spans):
        before = tree.body[tree.line(index)[0] : index]
        last = bisect_right(places, index, key=lambda place: place.index) - 1
        if before.strip("- \t") and last >= 0 and places[last].path:
            _put_beside(notes, places[last], comment)
            continue
        following = bisect_right(starts, index, key=lambda place: place.index)
        path = starts[following].path if following < len(starts) else ()
        if comment in headings and len(path) <= 1:
            continue
        if not path:
            notes.tail.append(comment)
        elif index < top:
            notes.head.append(comment)
        else:
            notes.before.setdefault(path, []).append(comment)
    return notes


def _gather(
    path: Path,
    node: Node,
    tree: Tree,
    notes: _Notes,
    found: tuple[list[_Place], list[_Place], list[tuple[int, int]]],
) -> None:
    """Walk the tree in the order of the text; brackets close at the path of their owner."""
    starts, ends, spans = found
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, MappingNode):
        for key, value in node.value:
            starts.append(_Place(key.start_mark.index, (*path, key.value), value))
            spans.append((key.start_mark.index, key.end_mark.index))
            _gather((*path, key.value), value, tree, notes, found)
    elif isinstance(node, SequenceNode):
        for index, row in enumerate(node.value):
            starts.append(_Place(row.start_mark.index, (*path, index), row))
            _gather((*path, index), row, tree, notes, found)
    else:
        spans.append((start, end))
        if node.style in ("|", ">"):
            header = tree.body[start : tree.line(start)[1]]
            if comment := _COMMENT.search(header):
                _put_beside(notes, _Place(start, path, node), comment[0])
        elif not node.style and isinstance(resolve(node.value), int | float):
            notes.numbers[path] = node.value
    if not isinstance(node, ScalarNode) and node.flow_style:
        ends.append(_Place(end, path, node))


def _comments(body: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Yield index and text of each comment: between values, '#' begins nothing else."""
    done = 0
    for start, end in (*spans, (len(body), len(body))):
        for match in _COMMENT.finditer(body, done, start):
            yield match.start(), match[0].rstrip()
        done = end


def _put_beside(notes: _Notes, place: _Place, comment: str) -> None:
    if isinstance(place.path[-1], int) and not isinstance(place.node, ScalarNode):
        # The line of this row will hold its first key, which has a comment of its own.
        notes.before.setdefault(place.path, []).append(comment)
    else:
        known = notes.beside.get(place.path)
        notes.beside[place.path] = f"{known} {comment}" if known else comment


def _last_blank(tree: Tree, index: int) -> int:
    """Return where the last blank line before `index` begins, or 0."""
    starts = tree.line_starts
    for number in range(bisect_right(starts, index) - 2, -1, -1):
        if not tree.body[starts[number] : starts[number + 1]].strip():
            return starts[number]
    return 0
