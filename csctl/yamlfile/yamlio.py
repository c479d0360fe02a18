"""Reads and writes YAML as records use it, and knows the place of every value."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from csctl.errors import YamlError as YamlError
from csctl.messages import _
from csctl.yamlfile import canonical

if TYPE_CHECKING:
    from csctl.yamlfile.yamltree import Tree

Path: TypeAlias = tuple[str | int, ...]

_MAX_CHARACTERS: Final = 16 * 1024 * 1024
_BOM: Final = "\ufeff"


class Layout(NamedTuple):
    """The canonical order of a mapping's keys.

    `headings` maps a key to the text of the comment line before it (top level only);
    `children` holds the layouts of the maps and of the rows of lists under a key, "*"
    standing for any key.
    """

    keys: tuple[str, ...] = ()
    headings: Mapping[str, str] = MappingProxyType({})
    children: Mapping[str, Layout] = MappingProxyType({})

    def child(self, key: str) -> Layout:
        """Return the layout of what stands under `key`."""
        return self.children.get(key) or self.children.get("*") or _ANY


_ANY: Final = Layout()


class Document:
    """A text and the data in it."""

    def __init__(self, text: str, data: dict[str, Any]) -> None:
        self.text = text
        self.data = data

    @cached_property
    def tree(self) -> Tree:
        """Return where everything stands; the text is read once more for it."""
        from csctl.yamlfile.yamltree import Tree  # with PyYAML, which most readers do without

        return Tree(self.text.removeprefix(_BOM))

    def position(self, path: Path) -> tuple[int, int]:
        """Return line and column, from 1, of the key or row at `path`.

        Where it is absent, those of the nearest ancestor that is there.
        """
        return self.tree.position(path)


class Unplaced(Document):
    """A document for who shows no places in it: its text, where those stand, is not looked into."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.data = document.data

    @property
    def text(self) -> str:  # type: ignore[override]
        """The text of the document."""
        return self._document.text

    def position(self, path: Path) -> tuple[int, int]:
        """Return the beginning."""
        return 1, 1


def load(source: bytes | str) -> Document:
    """Read a YAML mapping, as UTF-8 if it comes as bytes; a byte order mark is tolerated.

    Only `true` and `false` are truth values, only JSON's spelling makes a number (`1e5` is
    a lot number, not one); keys and everything else are text as written. Raises YamlError.
    """
    if len(source) > _MAX_CHARACTERS:
        raise YamlError(_("The file is larger than 16 MB."))
    text = source if isinstance(source, str) else _decode(source)
    body = text.removeprefix(_BOM)
    data = canonical.parse(body)
    if data is None:
        from csctl.yamlfile.yamlparse import parse  # with PyYAML, slow to import and to read

        data = parse(body)
    return Document(text, data)


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
