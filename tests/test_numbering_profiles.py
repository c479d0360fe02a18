"""The profiles of form numbers at work: years of the MS series, three forms of a laboratory."""

from __future__ import annotations

from pathlib import Path

import pytest

from csctl.errors import UsageError
from csctl.forms.blocks import View
from csctl.forms.model import build_form
from csctl.index.index import Index
from csctl.ledgers.cells import Converter, Surroundings
from csctl.ledgers.importmap import load_map
from csctl.ledgers.table import Row
from csctl.registration.answers import parse_value
from csctl.registration.choices import Lookup
from csctl.store import Store
from csctl.tables.document import render_register
from csctl.tables.register import build_register
from tests.factory import ZONE
from tests.samples import NOW, build_company, sample


def of_profile(root: Path, profile: str) -> Store:
    repository = build_company(root).repository
    config = repository.config._replace(numbering_profile=profile, forms={})
    return Store(repository._replace(config=config))


def test_forms_of_the_ms_series_count_years_from_1912(tmp_path: Path) -> None:
    store = of_profile(tmp_path, "MS")
    log = sample(store, "work-log/valid/read", {})
    for languages, shown in ((("zh-TW",), "115-03-"), (("en",), "2026-03-")):
        form = build_form(log, store, View(languages, "internal"))
        assert form["form"]["number"] == "MS-S4-1902"
        assert f"'{shown}" in str(form["sections"])
        assert ("2026-03-" in str(form["sections"])) is (languages == ("en",))


# The first is how the procedure of the series writes the day it was made.
@pytest.mark.parametrize(
    "text",
    ["89年11月1日", "89-11-01", "89/11/1", "89.11.1", "民國89年11月1日", "八十九年十一月一日",
     "２０００-11-01", "2000-11-01"],
)  # fmt: skip
def test_what_the_ms_series_writes_is_read(tmp_path: Path, text: str) -> None:
    store = of_profile(tmp_path, "MS")
    kind = store.repository.schemas.kind("procedure")
    lookup = Lookup(Index(store))
    assert (
        parse_value(kind.fields["issued_on"], text, now=NOW.astimezone(ZONE), lookup=lookup)
        == "2000-11-01"
    )


def test_two_digits_are_a_year_of_the_ms_series_only_where_they_can_be_nothing_else(
    tmp_path: Path,
) -> None:
    kind = (store := of_profile(tmp_path, "MS")).repository.schemas.kind("procedure")
    elsewhere = of_profile(tmp_path / "other", "QJL")
    for held, text in ((store, "25-11-01"), (elsewhere, "89-11-01"), (elsewhere, "89年11月1日")):
        with pytest.raises(UsageError):
            parse_value(
                kind.fields["issued_on"], text, now=NOW.astimezone(ZONE), lookup=Lookup(Index(held))
            )


def test_a_ledger_of_the_ms_series_is_imported(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "kind: complaint\nsource: old\ncolumns: {h: received_at}\n", encoding="utf-8"
    )
    store = of_profile(tmp_path / "company", "MS")
    mapped = load_map(tmp_path / "map.yaml", store.repository.schemas)
    for roc, read in ((True, "2000-11-01T16:30+08:00"), (False, None)):
        around = Surroundings(NOW, ZONE, None, lambda _column, text, _code: text, roc)
        data, problems = Converter(mapped, around).convert(Row(2, {"h": "89/11/1 16:30"}))
        assert data.get("received_at") == read
        assert bool(problems) is not roc


def test_a_register_of_the_ms_series_counts_years_from_1912(tmp_path: Path) -> None:
    store = of_profile(tmp_path, "MS")
    for language, year in (("zh-TW", "115"), ("en", "2026")):
        register = build_register("visit-cycle", Index(store), NOW, (language,))
        text = render_register(register, store, (language,), "md", NOW).decode()
        assert f" {year}-06-01 09:00" in text
        assert f"| {year}-" in text


def test_the_three_forms_of_a_commission_have_titles_of_their_own(tmp_path: Path) -> None:
    store = of_profile(tmp_path, "LAB")
    titles = {
        form: build_form(
            sample(store, "test-request/valid/closed", {"form": form}),
            store, View(("zh",), "internal"),
        )["form"]["title"]
        for form in ("agreement", "followup_notice", "verbal")
    }  # fmt: skip
    assert titles == {
        "agreement": ["委托检测协议书"],
        "followup_notice": ["长期检测合同的后续检测通知单"],
        "verbal": ["口头委托检测记录"],
    }
