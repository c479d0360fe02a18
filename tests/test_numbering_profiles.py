"""The profiles of form numbers at work: years of the MS series, three forms of a laboratory."""

from __future__ import annotations

from pathlib import Path

from csctl.forms.blocks import View
from csctl.forms.model import build_form
from csctl.store import Store
from tests.samples import build_company, sample


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
