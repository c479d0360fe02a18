"""Reads and writes YAML as records use it, and knows the place of every value."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias, cast

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from csctl.messages import _
from csctl.yamlfile.yamlparse import YamlError as YamlError
from csctl.yamlfile.yamlparse import parse

Path: TypeAlias = tuple[str | int, ...]
Collection: TypeAlias = MappingNode | SequenceNode
Node: TypeAlias = ScalarNode | Collection

_MAX_CHARACTERS: Final = 16 * 1024 * 1024
_BOM: Final = "\ufeff"
_BREAKS: Final = "\r\n\x85\u2028\u2029"
_BREAK: Final = re.compile(f"\r\n|[{_BREAKS}]")
_INK: Final = re.compile(f"[^ \t{_BREAKS}]")


@dataclass(frozen=True, slots=True)
class Layout:
    """The canonical order of a mapping's keys.

    `headings` maps a key to the text of the comment line before it (top level only);
    `children` holds the layouts of the maps and of the rows of lists under a key, "*"
    standing for any key.
    """

    keys: tuple[str, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    children: Mapping[str, Layout] = field(default_factory=dict)

    def child(self, key: str) -> Layout:
        """Return the layout of what stands under `key`."""
        return self.children.get(key) or self.children.get("*") or _ANY


_ANY: Final = Layout()


class Document:
    """A text and the data in it."""

    def __init__(self, text: str, data: dict[str, Any]) -> None:
        self.text = text
        self.data = data
        self._entries: dict[int, dict[str, tuple[ScalarNode, Node]]] = {}

    @cached_property
    def body(self) -> str:
        """Return the text without byte order mark; the marks of nodes count in it."""
        return self.text.removeprefix(_BOM)

    @cached_property
    def line_starts(self) -> list[int]:
        """Return where each line of the body begins, by YAML 1.1's idea of a line."""
        return [0, *(match.end() for match in _BREAK.finditer(self.body))]

    def line(self, index: int) -> tuple[int, int]:
        """Return where the line around `index` begins and where the next one does."""
        number = bisect_right(self.line_starts, index)
        following = self.line_starts[number : number + 1]
        return self.line_starts[number - 1], following[0] if following else len(self.body)

    def end_of_line(self, index: int) -> int:
        """Return where the line around `index` ends, its line break not counted."""
        start, stop = self.line(index)
        return start + len(self.body[start:stop].rstrip(_BREAKS))

    @property
    def newline(self) -> str:
        """Return the line break of the first line."""
        first = _BREAK.search(self.body)
        return first[0] if first and first[0] in ("\r", "\r\n") else "\n"

    @cached_property
    def root(self) -> MappingNode:
        """Compose the tree of nodes, each with its marks; most readers never need it."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cast(MappingNode, yaml.compose(self.body, Loader=loader))

    def entries(self, node: Node) -> dict[str, tuple[ScalarNode, Node]]:
        """Return the key and value nodes of a mapping by key; {} for any other node."""
        if not isinstance(node, MappingNode):
            return {}
        if id(node) not in self._entries:
            self._entries[id(node)] = {key.value: (key, value) for key, value in node.value}
        return self._entries[id(node)]

    def child(self, node: Node, step: str | int) -> Node | None:
        """Return the value of a key or the row of a list, or None."""
        if isinstance(step, str):
            entry = self.entries(node).get(step)
            return entry[1] if entry else None
        if isinstance(node, SequenceNode) and 0 <= step < len(node.value):
            return cast(Node, node.value[step])
        return None

    def starts(self, node: Collection) -> list[int]:
        """Return where each key, or each row's dash, of a collection without brackets stands."""
        if isinstance(node, MappingNode):
            return [key.start_mark.index for key, _value in node.value]
        starts = []
        index = node.start_mark.index
        for row in node.value:
            while found := _INK.search(self.body, index):
                index = found.start()
                if found[0] != "#":
                    break
                index = self.end_of_line(index)
            starts.append(index)
            index = self.end(row)
        return starts

    def end(self, node: Node) -> int:
        """Return where the content of `node` ends; PyYAML's marks run on to what follows."""
        if isinstance(node, ScalarNode) and node.style == "|":
            lines = len(_BREAK.findall(node.value)) + (node.value[-1:] not in _BREAKS)
            return self.end_of_line(self.line_starts[node.start_mark.line + lines])
        if isinstance(node, ScalarNode) and node.style == ">":
            start, stop = self.line(node.end_mark.index - 1)
            kept = node.value.endswith("\n\n")
            while not kept and not self.body[start:stop].strip(f" \t{_BREAKS}"):
                start, stop = self.line(start - 1)
            return self.end_of_line(start)
        if isinstance(node, MappingNode) and not node.flow_style:
            key, value = node.value[-1]
            return max(cast(int, key.end_mark.index), self.end(value))
        if isinstance(node, SequenceNode) and not node.flow_style:
            return self.end(cast(Node, node.value[-1]))
        return cast(int, node.end_mark.index)

    def position(self, path: Path) -> tuple[int, int]:
        """Return line and column, from 1, of the key or row at `path`.

        Where it is absent, those of the nearest ancestor that is there.
        """
        node: Node = self.root
        mark = node.start_mark
        for step in path:
            if isinstance(step, str) and (entry := self.entries(node).get(step)):
                mark, node = entry[0].start_mark, entry[1]
            elif isinstance(step, int) and (row := self.child(node, step)):
                mark, node = row.start_mark, row
            else:
                break
        return mark.line + 1, mark.column + 1


def load(source: bytes | str) -> Document:
    """Read a YAML mapping, as UTF-8 if it comes as bytes; a byte order mark is tolerated.

    Only `true` and `false` are truth values, only JSON's spelling makes a number (`1e5` is
    a lot number, not one); keys and everything else are text as written. Raises YamlError.
    """
    if len(source) > _MAX_CHARACTERS:
        raise YamlError(_("The file is larger than 16 MB."))
    text = source if isinstance(source, str) else _decode(source)
    return Document(text, parse(text.removeprefix(_BOM)))


def _decode(source: bytes) -> str:
    try:
        if b"\0" not in source[:2]:
            return source.decode("utf-8")
        place = 0
    except UnicodeDecodeError as error:
        place = error.start
    start = source.rfind(b"\n", 0, place) + 1
    raise YamlError(
        _("The file is not UTF-8 text."),
        _("Save it again with the encoding UTF-8."),
        line=source.count(b"\n", 0, place) + 1,
        column=len(source[start:place].decode("utf-8")) + 1,
    )
