"""Brings hand-written YAML to canonical form, with the comments that stand in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from csctl.yamlfile.scalars import resolve
from csctl.yamlfile.yamlio import Document, Layout, Path, load
from csctl.yamlfile.yamltext import Notes, first_exact, page
from csctl.yamlfile.yamltree import Node, Tree

_COMMENT: Final = re.compile(r"#[^\r\n\x85\u2028\u2029]*")


def reformat(text: str, layout: Layout) -> str:
    """Return hand-written YAML in canonical form, with its comments. Raises YamlError.

    A comment on a line of its own goes with the key or row that follows it, any other with
    its line; numbers keep their spelling.
    """
    document = load(text)
    return first_exact([dump_beside(document, document.data, layout)], document.data)


def dump_beside(document: Document, data: Mapping[str, Any], layout: Layout) -> str:
    """Return the canonical text of `data` with the comments of a document."""
    return page(data, layout, _read_notes(document, layout))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a key or row begins, or a bracket closes, in the text; what stands there."""

    index: int
    path: Path
    node: Node


def _read_notes(document: Document, layout: Layout) -> Notes:
    tree = document.tree
    notes = Notes()
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
    notes: Notes,
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


def _put_beside(notes: Notes, place: _Place, comment: str) -> None:
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
