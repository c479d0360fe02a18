"""One walk finds what looking for each field of the schema finds."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.index.contents import Contents, contents_of, texts_of
from csctl.kinds.field import Field
from csctl.record import Record, occurrences
from csctl.yamlfile.yamlio import Document, YamlError, load
from tests.samples import EXAMPLES, build_company

EXAMPLE_FILES = sorted(EXAMPLES.glob("*/*valid/*.yaml"))
ODD: tuple[Any, ...] = (
    None, "x", 5, [], {}, ["CC-2026-0001", 5, {}], [{"id": "A1"}, {"id": "A1"}, [["x"]]],
    {"unknown": "why"}, {"zh": "是", "en": "yes"}, {"a.b": {"at": "x"}},
    {"c-1": {"at": "2026-01-01"}, "3D-1": {"file": "a.pdf", "complaint": "CC-2026-0001"}},
)  # fmt: skip


def by_field(record: Record) -> Contents:
    """Look for every field of the kind in turn, as the schema lists them."""

    def places(fields: list[Field]) -> list[tuple[Field, str, Any]]:
        return [(each, *place) for each in fields for place in occurrences(record, each)]

    fields = list(record.kind.walk())
    return Contents(
        links=places([each for each in fields if each.schema.get("x-link")]),
        days=places([each for each in fields if each.type in ("date", "datetime")]),
        files=places([each for each in fields if each.type == "file"]),
        translated=[each for each in places(_texts(fields)) if isinstance(each[2], dict)],
        lists=places([each for each in fields if each.row and "id" in each.row.fields]),
    )


def _texts(fields: list[Field]) -> list[Field]:
    return [each for each in fields if each.is_translatable]


def in_order(contents: Iterable[list[Any]]) -> list[list[Any]]:
    """Return the places in the order of their addresses, no two of which are the same."""
    return [sorted(each, key=lambda found: (found[0].address, found[1])) for each in contents]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    store = build_company(tmp_path_factory.mktemp("company"))
    found = []
    for path in EXAMPLE_FILES:
        kind = store.repository.schemas.kind(path.parent.parent.name)
        try:
            document = load(path.read_bytes())
        except YamlError:
            continue
        found.append(Record(kind, path.stem, str(path), document))
    return found


def test_every_example_holds_what_a_look_for_each_field_finds(records: list[Record]) -> None:
    seen = Contents([], [], [], [], [])
    for record in records:
        held = contents_of(record)
        assert in_order(held) == in_order(by_field(record)), record.id
        fields = _texts(list(record.kind.walk()))
        found = [(each, *place) for each in fields for place in occurrences(record, each)]
        assert in_order([texts_of(record)]) == in_order([found])
        for name in ("links", "days", "files", "translated", "lists"):
            getattr(seen, name).extend(getattr(held, name))
    assert all(getattr(seen, name) for name in ("links", "days", "files", "translated", "lists"))


@settings(deadline=None, max_examples=150)
@given(data=st.data())
def test_so_does_a_record_with_anything_in_it(records: list[Record], data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(records))
    changed = copy.deepcopy(record.document.data)
    for _change in range(data.draw(st.integers(1, 3))):
        here: Any = changed
        while True:
            keys = list(here) if isinstance(here, dict) else list(range(len(here)))
            key = data.draw(st.sampled_from([*keys, "unknown"] if isinstance(here, dict) else keys))
            inner = here.get(key) if isinstance(here, dict) else here[key]
            if not inner or not isinstance(inner, dict | list) or data.draw(st.booleans()):
                here[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
                break
            here = inner
    odd = record._replace(document=Document("", changed))
    assert in_order(contents_of(odd)) == in_order(by_field(odd))


def test_what_was_found_is_remembered_for_this_record_alone(records: list[Record]) -> None:
    record = records[0]
    assert contents_of(record) is contents_of(record)
    other = record._replace(document=Document("", {"id": "x"}))
    assert contents_of(other) == Contents([], [], [], [], [])
