"""Where every value of a YAML text stands, for what points into the text or changes it."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Final, TypeAlias, cast

import yaml
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

Path: TypeAlias = tuple[str | int, ...]
Collection: TypeAlias = MappingNode | SequenceNode
Node: TypeAlias = ScalarNode | Collection

_BREAKS: Final = "\r\n\x85\u2028\u2029"
_BREAK: Final = re.compile(f"\r\n|[{_BREAKS}]")
_INK: Final = re.compile(f"[^ \t{_BREAKS}]")


class Tree:
    """A text that can be read, and its nodes, each with marks that count in it."""

    def __init__(self, body: str) -> None:
        self.body = body
        self._entries: dict[int, dict[str, tuple[ScalarNode, Node]]] = {}

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
