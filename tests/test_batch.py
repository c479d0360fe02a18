"""Forms of many records in one call."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.errors import CsctlError, UsageError
from csctl.forms.batch import Order, _write_part, write_forms
from csctl.forms.blocks import View
from csctl.store import Store
from tests.commands.company import COMPLAINT, READY_3D, SHARED, build_records

VIEW = View(("zh",))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return build_records(tmp_path / "records")


def many(store: Store, count: int) -> list[str]:
    """Return the ids of complaints like the first, made for it."""
    first = store.repository.root / store.get_path(COMPLAINT)
    ids = []
    for number in range(count):
        each = f"CC-2026-{200 + number:04}"
        path = store.repository.root / store.path_of(store.kind_of(COMPLAINT), each)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(first.read_text(encoding="utf-8").replace(COMPLAINT, each), "utf-8")
        ids.append(each)
    return ids


def test_processes_write_the_same_forms_in_the_same_order(store: Store, tmp_path: Path) -> None:
    ids = [READY_3D, *many(store, 19)]
    order = Order(store.repository.root, VIEW, "", "md")
    one = list(write_forms(order, ids, tmp_path / "one", 1))
    two = list(write_forms(order, ids, tmp_path / "two", 2))
    assert [path.name for path in one] == [path.name for path in two] == [f"{i}.md" for i in ids]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


@pytest.mark.parametrize("cores", [1, 2])
def test_what_stands_before_an_error_is_written(store: Store, tmp_path: Path, cores: int) -> None:
    ids = many(store, 16)
    bad = store.repository.root / store.get_path(ids[10])
    bad.write_text("id: [", encoding="utf-8")
    order = Order(store.repository.root, VIEW, "", "md")
    written: list[Path] = []
    with pytest.raises(CsctlError) as caught:
        written.extend(write_forms(order, ids, tmp_path / "out", cores))
    assert ids[10] in caught.value.message
    assert [path.stem for path in written] == ids[:10]
    assert all(path.is_file() for path in written)


def test_a_part_says_in_its_language_what_was_wrong(store: Store, tmp_path: Path) -> None:
    order = Order(store.repository.root, VIEW, "9D", "md")
    written, error = _write_part(order, tmp_path / "out", "en", [READY_3D])
    assert (written, type(error)) == ([], UsageError)
    order = Order(store.repository.root, VIEW, "3D", "md")
    assert _write_part(order, tmp_path / "out", "en", [READY_3D, SHARED])[0]
