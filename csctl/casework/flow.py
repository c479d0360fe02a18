"""Where a case stands among its neighbours: what it came from, and what came of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from csctl.casework.selecting import summary_of
from csctl.casework.standing import pointing_at
from csctl.display import stage_words
from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.record import Record, linked_ids


@dataclass(frozen=True, slots=True)
class Node:
    """A record in the tree; `again` where it is drawn in another place already."""

    record: Record
    is_here: bool
    again: bool
    children: tuple[Node, ...]

    def as_row(self, language: str) -> dict[str, Any]:
        """Return it and what came of it as plain data."""
        return {
            "id": self.record.id,
            "kind": self.record.kind.name,
            "stage": self.record.stage,
            "outcome": self.record.outcome,
            "summary": summary_of(self.record, language),
            "here": self.is_here,
            "again": self.again,
            "children": [each.as_row(language) for each in self.children],
        }


def build_flow(record: Record, index: Index) -> list[Node]:
    """Return the trees that a record stands in, the oldest root first.

    A record stands below each numbered record that it names; customers and people are no case.
    """
    earlier = _ancestors(record, index)
    roots = [each for each in earlier.values() if not any(_origins(each, index))]
    drawn: set[str] = set()
    trees = [_tree(each, record.id, index, drawn) for each in sorted(roots, key=_age)]
    if record.id not in drawn:  # a circle has no root: its oldest record stands for one
        trees.append(_tree(min(earlier.values(), key=_age), record.id, index, drawn))
    return trees


def _ancestors(record: Record, index: Index) -> dict[str, Record]:
    found = {record.id: record}
    waiting = [record]
    while waiting:
        for each in _origins(waiting.pop(), index):
            if each.id not in found:
                found[each.id] = each
                waiting.append(each)
    return found


def _origins(record: Record, index: Index) -> Iterator[Record]:
    """Yield the numbered records that a record names."""
    ids = (each for field in record.kind.links() for each in linked_ids(record, field))
    for record_id in dict.fromkeys(ids):
        linked = index.find(record_id)
        if linked is not None and linked.kind.prefix and linked.id != record.id:
            yield linked


def _tree(record: Record, here: str, index: Index, drawn: set[str]) -> Node:
    again = record.id in drawn
    drawn.add(record.id)
    below = [] if again else sorted(pointing_at(record, index), key=_age)
    children = [_tree(each, here, index, drawn) for each in below if each.kind.prefix]
    return Node(record, record.id == here, again, tuple(children))


def _age(record: Record) -> tuple[str, str]:
    return str(record.value(record.kind.date_field or "filled_on") or ""), record.id


def flow_lines(trees: list[Node], language: str) -> Iterator[str]:
    """Yield the lines of the trees: number, kind, stage, and what each record is about."""
    for tree in trees:
        yield _words(tree, language)
        yield from _branches(tree, "", language)


def _branches(node: Node, indent: str, language: str) -> Iterator[str]:
    for child in node.children:
        is_last = child is node.children[-1]
        yield f"{indent}{'└─ ' if is_last else '├─ '}{_words(child, language)}"
        yield from _branches(child, f"{indent}{'   ' if is_last else '│  '}", language)


def _words(node: Node, language: str) -> str:
    record = node.record
    if node.again:
        return f"{record.id} ↑"
    parts = [
        pick(record.kind.short, language),
        stage_words(record, language),
        summary_of(record, language),
    ]
    mark = "▶ " if node.is_here else ""
    return f"{mark}{record.id}  {' · '.join(each for each in parts if each)}"
