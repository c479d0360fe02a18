"""Reads the YAML that csctl itself writes, in less than half the time all YAML takes."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

from csctl.yamlfile.scalars import resolve

# Fewer characters than the reference allows values, or one text.
_LONGEST: Final = 150_000
# Collections in each other, on lines and then between brackets; the reference allows more.
_DEEPEST: Final = 15
# Tabs, line breaks of old, byte order marks, what nobody sees.
# Few are named: `re` walks through every character of a range when it compiles it.
_ODD: Final = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
# Column, whether a row begins there, and its key if it has one.
_Place: TypeAlias = tuple[int, bool, "str | None"]
# The place of an entry, what stands after its key, and the value that is.
_Entry: TypeAlias = tuple[int, bool, "str | None", str, Any]
# A value that each entry has for itself: a list, a map or a text of several lines.
_OPEN: Final = object()
_COMMENT: Final = (-1, False, None, "", None)
# So many lines are remembered; `lru_cache` would write down the order in which they are asked for.
_LINES: Final = 16_384
_known: Final[dict[str, _Entry]] = {}
_HEAD: Final = re.compile(r"( *)(- )?([$\w][\w.+-]{0,99}|'[^']{1,99}')")
_ROW: Final = re.compile(r"( *)- (.+)")
_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"\\]*\"")
_BLOCK: Final = re.compile(r"\|(2?)(-?)")
# What a plain scalar may not begin with, or only where the reference knows.
_INDICATORS: Final = frozenset(" -?:,[]{}#&*!|>'\"%@`")
# The first signs of what may be something else than text.
_OTHERS: Final = frozenset("0123456789tfn~")
_FLOW: Final = re.compile(
    r"""
    (?:([$\w][\w.+-]{0,99}):[ ])?  # a name, then
    (?:([\[{])                     # a bracket that opens,
      |('(?:[^']|'')*'|"[^"\\]*")  # a text in quotes,
      |([^\s?:,\[\]{}\-\#&*!|>'"%@`][^?:,\[\]{}]*(?::(?=\w)[^?:,\[\]{}]*)*))  # or a plain scalar;
    ([\]}]*)                       # brackets that close,
    (,[ ]|$)?                      # and a comma, or the end
    """,
    re.VERBOSE,
)


class _Unsure(Exception):
    """The reference must read this text."""


def parse(text: str) -> dict[str, Any] | None:
    """Return what the reference returns for a text, or None where only it can tell.

    Made for one key or row to a line, indented by blanks. Whatever is not surely that, or
    may be wrong, is None: anchors, tags, tabs, folded text, escapes, a key that comes twice.
    """
    if len(text) > _LONGEST or text[-1:] != "\n":
        return None
    try:
        return _build(text.split("\n")) or None
    except _Unsure:
        return None


def _build(lines: list[str]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    new: Any
    target: Any = root
    indent = 0
    above: list[tuple[Any, int]] = []
    owner: str | None = None  # the key whose value may follow, on lines indented further
    next_line = 0
    known = _known.get
    for number, line in enumerate(lines):
        if not line or number < next_line:
            continue
        column, is_row, key, rest, value = known(line) or _learn(line)
        if column < 0:
            continue
        if column > indent:
            if owner is None or len(above) > _DEEPEST:
                raise _Unsure
            above.append((target, indent))
            target[owner] = new = [] if is_row else {}
            target, indent = new, column
        while column < indent:
            target, indent = above.pop()
        if column != indent or (target.__class__ is list) is not is_row:
            raise _Unsure
        if is_row and key is not None:
            above.append((target, indent))
            target.append(new := {})
            target, indent = new, column + 2
        if value is _OPEN:
            if rest[0] == "|":
                value, next_line = _block(lines, number + 1, rest, " " * (indent + 2))
            else:
                value = _flow(rest)
        if key is None:
            target.append(value)
        elif key in target:
            raise _Unsure
        else:
            target[key] = value
        owner = None if rest else key
    return root


def _learn(line: str) -> _Entry:
    """Return what a line says, and remember it: many lines stand in many records."""
    if len(_known) >= _LINES:
        _known.clear()
    entry = _known[line] = _entry(line)
    return entry


def _entry(line: str) -> _Entry:
    if _ODD.search(line):
        raise _Unsure
    head, colon, rest = line.partition(": ")
    place = _head(head) if colon else _head(head[:-1]) if head[-1] == ":" else None
    if place is None:
        place, rest = _row(line)
        if place is None:
            return _COMMENT
    if not rest:
        return (*place, rest, None)
    if rest[0] in "|[{":
        return (*place, rest, _OPEN)
    return (*place, rest, _marked(rest) if rest[0] in _INDICATORS else _plain(rest))


def _plain(text: str) -> Any:
    if ": " in text or " #" in text or text[-1] in ": ":
        raise _Unsure
    return resolve(text) if text[0] in _OTHERS else text


@lru_cache(maxsize=2048)
def _head(head: str) -> _Place | None:
    """Return the place of an entry from what stands before its colon, which recurs a lot."""
    match = _HEAD.fullmatch(head)
    return match and (len(match[1]), bool(match[2]), match[3].strip("'"))


def _row(line: str) -> tuple[_Place | None, str]:
    """Return the place of a row that is one value, and the value; no place for a comment."""
    if match := _ROW.fullmatch(line):
        return (len(match[1]), True, None), match[2]
    if line.lstrip(" ")[:1] in ("", "#"):
        return None, ""
    raise _Unsure


def _block(lines: list[str], start: int, sign: str, pad: str) -> tuple[str, int]:
    """Return a text of several lines, each after `pad`, and the number of the next line."""
    match = _BLOCK.fullmatch(sign)
    stop = start
    while stop < len(lines) and (not lines[stop] or lines[stop].startswith(pad)):
        stop += 1
    text = "\n".join(line[len(pad) :] for line in lines[start:stop]).rstrip("\n")
    if (
        not match
        or not text
        or _ODD.search(text)
        or (stop < len(lines) and not lines[stop].strip(" "))
    ):
        raise _Unsure
    if not match[1] and text.lstrip("\n")[0] == " ":
        raise _Unsure
    return text if match[2] else f"{text}\n", stop


def _marked(text: str) -> Any:
    """Return a value that begins with a quote, or with a sign that few values begin with."""
    if _QUOTED.fullmatch(text):
        return _unquote(text)
    value = resolve(text)
    if isinstance(value, str):
        raise _Unsure
    return value


def _unquote(text: str) -> str:
    return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]


def _flow(text: str) -> Any:
    """Return the list or map between brackets on one line."""
    root: list[Any] = []
    target: Any = root
    above: list[Any] = []
    position = 0
    for match in _FLOW.finditer(text):
        if match.start() != position:
            raise _Unsure
        position = match.end()
        name, opens, quoted, plain, closes, more = match.groups()
        value: Any
        if plain:
            if " #" in plain or plain[-1] == " ":
                raise _Unsure
            value = resolve(plain) if plain[0] in _OTHERS else plain
        elif quoted:
            value = _unquote(quoted)
        else:
            value = [] if opens == "[" else {}
        if target.__class__ is dict:
            if name is None or name in target:
                raise _Unsure
            target[name] = value
        elif name is None:
            target.append(value)
        else:
            raise _Unsure
        if opens:
            above.append(target)
            target = value
        for bracket in closes:
            if not above or (bracket == "]") is not (target.__class__ is list):
                raise _Unsure
            target = above.pop()
        if (more is None) is not bool(opens and not closes) or len(above) > _DEEPEST:
            raise _Unsure
    if above or len(root) != 1 or position != len(text):
        raise _Unsure
    return root[0]
