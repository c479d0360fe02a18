"""Changes one value in the text of a record and leaves every other byte alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, cast

from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from csctl.errors import CsctlError
from csctl.messages import _
from csctl.yamlfile.yamlio import Document, Layout, Path
from csctl.yamlfile.yamlnotes import dump_beside
from csctl.yamlfile.yamltext import Notes, Writer, dump, first_exact, is_same, scalar
from csctl.yamlfile.yamltree import Collection, Node, Tree

_COLON: Final = re.compile(r"[ \t]*:")


def replace(document: Document, path: Path, value: Any, layout: Layout) -> str:
    """Return the document's text with `value` at `path`, everything else as it was.

    An absent key goes where the layout has it, below the heading of its section if that
    stands there; missing maps on the way are made; the index after the last row adds a row.
    Inside brackets only a single value is changed in place, else the brackets give way to
    lines. Raises CsctlError where the path does not fit the data.
    """
    expected = _with(document.data, path, path, value)
    if is_same(document.data, expected):
        return document.text
    changed = _change_in_place(document.tree, path, value)
    # A comment below, indented further than the key, would become part of a block of text.
    edits = (_Edit(document, expected, layout, Writer(Notes(), blocks)) for blocks in (True, False))
    bodies = [changed] if changed is not None else (edit.set(path) for edit in edits)
    return _first_exact(document, bodies, expected)


def remove(document: Document, path: Path) -> str:
    """Return the document's text without the key or row at `path`, nor its lines.

    A map or list that loses its last entry is written `{}` or `[]`. Raises CsctlError
    where there is nothing at `path`.
    """
    expected = _without(document.data, path, path)
    trail = _walk(document.tree, path[:-1])
    parent = _block(document.tree, trail[-1])
    if parent is None or len(trail) < len(path) or len(parent.value) == 1:
        body = _Edit(document, expected, Layout(), Writer(Notes())).rewrite(path[: len(trail) - 1])
    else:
        body = _cut(document.tree, parent, path[-1])
    return _first_exact(document, [body], expected)


def _first_exact(document: Document, bodies: Iterable[str], data: Mapping[str, Any]) -> str:
    mark = document.text[: len(document.text) - len(document.tree.body)]
    return first_exact((mark + body for body in bodies), data)


def _with(data: Any, path: Path, left: Path, value: Any) -> Any:
    if not left:
        return value
    step = left[0]
    if data is None:
        data = {} if isinstance(step, str) else []
    if isinstance(step, str) and isinstance(data, dict):
        return {**data, step: _with(data.get(step), path, left[1:], value)}
    if isinstance(step, int) and isinstance(data, list) and 0 <= step <= len(data):
        known = data[step] if step < len(data) else None
        return [*data[:step], _with(known, path, left[1:], value), *data[step + 1 :]]
    raise _no_place(path)


def _without(data: Any, path: Path, left: Path) -> Any:
    step = left[0] if left else None
    there = isinstance(data, dict) and step in data
    there = there or (isinstance(data, list) and step in range(len(data)))
    if step is None or not there:
        raise _no_place(path)
    inner = [] if len(left) == 1 else [_without(data[step], path, left[1:])]
    if isinstance(step, int):
        return [*data[:step], *inner, *data[step + 1 :]]
    return {
        key: inner[0] if key == step else value
        for key, value in data.items()
        if inner or key != step
    }


def _no_place(path: Path) -> CsctlError:
    address = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return CsctlError(
        _("The record has no place for {address}.").format(address=address.lstrip("."))
    )


def _at(data: Any, path: Path) -> Any:
    for step in path:
        data = data[step]
    return data


def _change_in_place(tree: Tree, path: Path, value: Any) -> str | None:
    """Return the body with one scalar put for another, or None if either is more."""
    node: Node | None = tree.root
    flow = False
    for step in path:
        flow = flow or (not isinstance(node, ScalarNode) and bool(node and node.flow_style))
        node = tree.child(node, step) if node else None
    if not isinstance(node, ScalarNode) or node.style in ("|", ">"):
        return None
    start, end = node.start_mark.index, node.end_mark.index
    first, lines = Writer(Notes()).value(value, Layout(), 0, path)
    if flow and isinstance(value, str):
        first, lines = scalar(value, flow=True), []
    if lines or not first or start == end:
        return None
    return tree.body[:start] + first + tree.body[end:]


def _walk(tree: Tree, path: Path) -> list[Node]:
    """Return the nodes from the root to `path`, as far as they are there as lines."""
    trail: list[Node] = [tree.root]
    for step in path:
        child = tree.child(trail[-1], step)
        if child is None or _block(tree, trail[-1]) is None:
            break
        trail.append(child)
    return trail


def _block(tree: Tree, node: Node) -> Collection | None:
    """Return `node` if its entries can be changed as lines: no brackets, no '?' keys."""
    if isinstance(node, ScalarNode) or node.flow_style:
        return None
    keys = [key for key, _value in node.value] if isinstance(node, MappingNode) else []
    simple = all(
        key.style not in ("|", ">") and _COLON.match(tree.body, key.end_mark.index) for key in keys
    )
    return node if simple else None


class _Edit(NamedTuple):
    """A document on its way to the data expected of it; each method returns the new body."""

    document: Document
    expected: Mapping[str, Any]
    layout: Layout
    writer: Writer

    @property
    def tree(self) -> Tree:
        """Return where everything stands in the document."""
        return self.document.tree

    def set(self, path: Path) -> str:
        """Write what is expected at `path`, or at the nearest place above that is lines."""
        trail = _walk(self.tree, path)
        parent = _block(self.tree, trail[-1])
        if parent is None or len(trail) > len(path):
            return self.rewrite(path[: len(trail) - 1])
        return self.insert(parent, path[: len(trail)])

    def rewrite(self, path: Path) -> str:
        """Write the whole value at `path` anew; all above it must be there as lines."""
        if not path:
            return self.rewrite_all()
        body, newline = self.tree.body, self.tree.newline
        above, node = _walk(self.tree, path)[-2:]
        parent = cast(Collection, above)
        after_sign = _after_sign(self.tree, parent, path[-1])
        stop, comment = _region(self.tree, node, after_sign)
        indent = parent.start_mark.column + 2
        value, inner = _at(self.expected, path), _layout_at(self.layout, path)
        first, lines = self.writer.value(value, inner, indent, path)
        line = (f" {first}" if first else "") + comment
        if not line and isinstance(parent, SequenceNode):
            line, lines = f" {lines[0][indent:]}", lines[1:]
        new = newline.join([line, *lines])
        end = newline if lines and stop == len(body) else ""
        return body[:after_sign] + new + body[stop:] + end

    def rewrite_all(self) -> str:
        """Write all data anew in the place of the old; comments around them stay."""
        body, newline = self.tree.body, self.tree.newline
        if not self.document.data:
            page = dump_beside(self.document, self.expected, self.layout)
            return page.replace("\n", newline)
        order = Layout(self.layout.keys, {}, self.layout.children)
        page = dump(self.expected, order).rstrip("\n").replace("\n", newline)
        start, stop = self.tree.root.start_mark.index, self.tree.end(self.tree.root)
        if body[self.tree.line(start)[0] : start].strip():
            page = newline + page
        if self.expected and body[stop : self.tree.end_of_line(stop)].strip():
            page += newline
        return body[:start] + page + (body[stop:] or newline)

    def insert(self, node: Collection, path: Path) -> str:
        """Write an entry that is not there yet into a collection without brackets."""
        value, step, column = _at(self.expected, path), path[-1], node.start_mark.column
        inner = _layout_at(self.layout, path)
        if isinstance(step, int) or isinstance(node, SequenceNode):
            lines = self.writer.row(value, inner, column, path)
            return _put(self.tree, _next_line(self.tree, node), lines, spaced=False)
        lines = self.writer.entry(step, value, inner, column, path)
        place = _place(self.tree, node, step, _layout_at(self.layout, path[:-1]))
        body = self.tree.body
        if place == node.start_mark.index and body[self.tree.line(place)[0] : place].strip():
            new = self.tree.newline.join([*lines, " " * column])[column:]
            return body[:place] + new + body[place:]
        spaced = len(path) == 1 and _is_spaced(self.tree)
        return _put(self.tree, place, lines, spaced=spaced)


def _region(tree: Tree, node: Node, after_sign: int) -> tuple[int, str]:
    """Return where the value that follows a ':' or '-' ends, and the comment on its line."""
    body = tree.body
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        header = body[start : tree.end_of_line(start)]
        sign = header.split("#")[0].rstrip()
        return tree.end(node), header[len(sign) :].rstrip()
    if isinstance(node, ScalarNode) or node.flow_style:
        stop = tree.end_of_line(end)
        return stop, body[end:stop].rstrip()
    rest = body[after_sign : tree.end_of_line(after_sign)].rstrip()
    comment = rest if rest.lstrip().startswith("#") else ""
    return tree.end_of_line(tree.end(node)), comment


def _after_sign(tree: Tree, parent: Collection, step: str | int) -> int:
    """Return the index behind the ':' or '-' that introduces an entry."""
    if isinstance(step, int):
        return tree.starts(parent)[step] + 1
    key = tree.entries(parent)[step][0]
    colon = _COLON.match(tree.body, key.end_mark.index)
    return colon.end() if colon else key.end_mark.index


def _layout_at(layout: Layout, path: Path) -> Layout:
    for step in path:
        layout = layout.child(step) if isinstance(step, str) else layout
    return layout


def _place(tree: Tree, node: MappingNode, key: str, layout: Layout) -> int:
    """Return where the new `key` of a map belongs: below its predecessor and its heading."""
    ranks = {name: rank for rank, name in enumerate(layout.keys)}
    rank = ranks.get(key, len(ranks))
    known = enumerate(ranks.get(name.value, len(ranks)) for name, _value in node.value)
    earlier = [(other, index) for index, other in known if other <= rank]
    predecessor, index = max(earlier, default=(-1, -1))
    starts = tree.starts(node)
    begin = _next_line(tree, node.value[index][1]) if earlier else 0
    end = starts[index + 1] if index + 1 < len(starts) else len(tree.body)
    due = {
        f"# {heading}"
        for name, heading in layout.headings.items()
        if predecessor < ranks.get(name, -1) <= rank
    }
    found = begin if earlier else None
    while due and begin < end:
        start, begin = tree.line(begin)
        if tree.body[start:begin].strip() in due:
            found = begin
    return _above_comments(tree, starts[0], layout) if found is None else found


def _above_comments(tree: Tree, index: int, layout: Layout) -> int:
    """Return where the comments that stand right above the entry at `index` begin."""
    headings = {f"# {heading}" for heading in layout.headings.values()}
    start = tree.line(index)[0]
    if tree.body[start:index].strip():
        return index
    while start > 0:
        above = tree.line(start - 1)
        text = tree.body[slice(*above)].strip()
        if not text.startswith("#") or text in headings:
            break
        start = above[0]
    return start


def _next_line(tree: Tree, node: Node) -> int:
    return tree.line(tree.end(node))[1]


def _is_spaced(tree: Tree) -> bool:
    """Return whether blank lines part most top-level keys; one key alone leaves it open."""
    ends = [tree.end(value) for _key, value in tree.root.value]
    starts = [tree.line(start)[0] for start in tree.starts(tree.root)[1:]]
    gaps = [tree.body[end:start] for end, start in zip(ends, starts, strict=False)]
    blank = [any(not line.strip() for line in gap.splitlines()[1:]) for gap in gaps]
    return 2 * sum(blank) >= len(blank)


def _put(tree: Tree, index: int, lines: list[str], *, spaced: bool) -> str:
    """Insert lines where a line begins, parted by blank lines from both sides if `spaced`."""
    before, after, newline = tree.body[:index], tree.body[index:], tree.newline
    if before and before == before.rstrip("\r\n"):
        before += newline
    if spaced and before and not _ends_blank(before):
        before += newline
    if spaced and after and not _begins_blank(after):
        after = newline + after
    return before + newline.join([*lines, ""]) + after


def _cut(tree: Tree, node: Collection, step: str | int) -> str:
    """Take an entry out of a collection in block style that has others."""
    body, starts = tree.body, tree.starts(node)
    if isinstance(step, int):
        index, value = step, node.value[step]
    else:
        index = list(tree.entries(node)).index(step)
        value = node.value[index][1]
    begin, stop = tree.line(starts[index])[0], tree.end_of_line(tree.end(value))
    following = tree.line(stop)[1]
    if not body[begin : starts[index]].strip():
        after = body[following:]
        blank = not begin or _ends_blank(body[:begin])
        if blank and after and _begins_blank(after):
            after = after[after.find("\n") + 1 :]
        while not after and begin and _ends_blank(body[:begin]):
            begin = tree.line(begin - 1)[0]
        return body[:begin] + after
    if "#" in body[following : starts[index + 1]]:
        return body[: starts[index]].rstrip(" ") + body[stop:]
    return body[: starts[index]] + body[starts[index + 1] :]


def _begins_blank(text: str) -> bool:
    return not text.partition("\n")[0].strip()


def _ends_blank(text: str) -> bool:
    return not text[:-1].rpartition("\n")[2].strip()
