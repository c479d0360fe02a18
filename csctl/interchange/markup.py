"""XML with the places of its elements, so that a change touches nothing but what it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

_TAG: Final = re.compile(rb"""<[^\s/>]+(?:\s+[^=\s]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")
_MOST_BYTES: Final = 32 << 20


@dataclass(slots=True)
class Element:
    """An element by its name without prefix; its bytes are start to end, its content in between."""

    name: str
    prefix: str
    attributes: Mapping[str, str]
    start: int
    inside: int
    outside: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)

    @property
    def is_closed(self) -> bool:
        """Whether it is written `<a/>`, so that nothing can be put into it as it stands."""
        return self.inside == self.end

    def named(self, *names: str) -> Iterator[Element]:
        """Yield the children of some names."""
        return (each for each in self.children if each.name in names)

    def first(self, *names: str) -> Element | None:
        """Return the first child of some names."""
        return next(self.named(*names), None)

    def get(self, name: str) -> str:
        """Return an attribute by its name without prefix, "" if it has none."""
        plain = {key.rpartition(":")[2]: value for key, value in self.attributes.items()}
        return plain.get(name, "")


class _Reader:
    """Builds the elements of one document."""

    def __init__(self, xml: bytes) -> None:
        self._xml = xml
        self._open: list[Element] = []
        self.root: Element | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartDoctypeDeclHandler = self._refuse

    def read(self) -> Element:
        self._parser.Parse(self._xml, True)
        if self.root is None:  # pragma: no cover - expat raises for a document without elements
            raise ValueError("no element")
        return self.root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        tag = _TAG.match(self._xml, start)
        if tag is None:
            raise ValueError(f"byte {start}")
        prefix, colon, local = name.rpartition(":")
        element = Element(local, prefix + colon, attributes, start, tag.end())
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self._xml[element.inside - 2 : element.inside] == b"/>":
            element.outside = element.end = element.inside
        else:
            at = self._parser.CurrentByteIndex
            element.outside, element.end = at, self._xml.index(b">", at) + 1

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if (encoding or "utf-8").casefold() not in ("utf-8", "us-ascii"):
            raise ValueError(f"encoding {encoding}")

    def _refuse(self, *_what: object) -> None:
        raise ValueError("document type")  # entities are how a small file becomes a large one


def parse(xml: bytes) -> Element:
    """Return the root element of a document in UTF-8; ValueError if it is none, or hostile."""
    if len(xml) > _MOST_BYTES or xml.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("size or encoding")
    try:
        return _Reader(xml).read()
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error


def splice(xml: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Return bytes with some stretches replaced; what is put at one place keeps its order."""
    parts: list[bytes] = []
    done = 0
    for start, end, new in sorted(edits, key=lambda each: each[:2]):
        parts += (xml[done:start], new)
        done = end
    return b"".join((*parts, xml[done:]))


def put_inside(xml: bytes, element: Element, new: bytes) -> tuple[int, int, bytes]:
    """Return the edit that puts something at the end of an element."""
    if not element.is_closed:
        return element.outside, element.outside, new
    tag = xml[element.start : element.end].removesuffix(b"/>").rstrip()
    name = f"</{element.prefix}{element.name}>".encode()
    return element.start, element.end, tag + b">" + new + name


def tag(name: str, /, **attributes: str | int) -> str:
    """Return an element without content."""
    words = "".join(f" {key}={quoteattr(str(value))}" for key, value in attributes.items())
    return f"<{name}{words}/>"


def text(value: str) -> str:
    """Return text as the content of a cell; what Excel would read as an escape stays text."""
    return escape(re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", value))
