"""Picking by a part of a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.index.index import Index
from csctl.registration.choices import Choice, Lookup, NothingFits, SeveralFit, narrow, pick_one
from tests.desk_samples import build_store

CHOICES = (
    Choice("phone", "电话", ("Phone",)),
    Choice("portal", "客户门户", ("Customer portal",)),
    Choice("field", "市场", ("Field",)),
)


@pytest.mark.parametrize(
    ("text", "value"),
    [("phone", "phone"), ("PHONE", "phone"), ("电话", "phone"), ("customer  PORTAL", "portal"),
     ("门户", "portal"), ("ｆｉｅ", "field")],
)  # fmt: skip
def test_one_is_picked_by_any_of_its_words(text: str, value: str) -> None:
    assert pick_one(CHOICES, text) == value


def test_an_exact_word_wins_over_a_part_and_a_beginning_over_a_middle() -> None:
    choices = (Choice("a", "sort"), Choice("b", "sorting"), Choice("c", "resort"))
    assert [each.value for each in narrow(choices, "sort")] == ["a"]
    assert [each.value for each in narrow(choices, "sorti")] == ["b"]
    assert [each.value for each in narrow(choices, "so")] == ["a", "b"]
    assert [each.value for each in narrow(choices, "ort")] == ["a", "b", "c"]


def test_several_or_none_are_told_apart() -> None:
    with pytest.raises(SeveralFit, match="fits 2 of them: 电话, 客户门户") as several:
        pick_one(CHOICES, "p")
    assert [each.value for each in several.value.choices] == ["phone", "portal"]
    with pytest.raises(NothingFits) as nothing:
        pick_one(CHOICES, "fone")
    assert "phone" in nothing.value.hint


def test_many_fits_are_cut_short() -> None:
    with pytest.raises(SeveralFit, match="…"):
        pick_one([Choice(n, f"row {n}") for n in range(9)], "row")


def test_records_are_found_by_their_names_in_any_language_and_aliases(repo: Path) -> None:
    lookup = Lookup(Index(build_store(repo)))
    people = lookup.choices("person")
    for text in ("li-na", "李娜", "Li Na", "nina"):
        assert pick_one(people, text) == "li-na"
    assert [each.label for each in people] == ["li-na  Li Na", "zhang-wei  张伟"]
    with pytest.raises(NothingFits):
        pick_one(lookup.choices("customer"), "oem")


def test_the_latest_record_of_the_same_customer_tells_what_it_said(repo: Path) -> None:
    store = build_store(repo)
    lookup, kind = Lookup(Index(store)), store.repository.schemas.kind("complaint")
    assert lookup.last(kind, "customer", "XINGYU", "channel") == "wechat"
    assert lookup.last(kind, "customer", "HAIYAN", "channel") is None
    assert lookup.last(kind, "customer", "XINGYU", "notes") is None


def test_a_record_made_meanwhile_is_found_after_a_refresh(repo: Path) -> None:
    store = build_store(repo)
    lookup = Lookup(Index(store))
    assert lookup.find("customer", "beifang") is None
    assert len(lookup.choices("customer")) == 2
    path = repo / "records/customers/BEIFANG.yaml"
    path.write_text("schema: customer/1\nid: BEIFANG\nshort_name: 北方\n", encoding="utf-8")
    lookup.refresh(Index(store))
    assert lookup.find("customer", "beifang") == "BEIFANG"
    assert len(lookup.choices("customer")) == 3
    assert lookup.find("person", "BEIFANG") is None
