from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from csctl import __version__
from csctl.config import build_config, site_calendar
from csctl.configcheck import check_config, version_fits
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.kinds.schemaload import Schemas
from csctl.resources import builtin
from csctl.yamlfile import yamlio
from tests.factory import CONFIG

SCHEMAS = Schemas((builtin("schemas"),))


def check(text: str) -> list[Finding]:
    return list(check_config(yamlio.load(text), SCHEMAS))


def test_a_good_configuration_has_no_findings() -> None:
    assert check(CONFIG) == []


def test_everything_has_a_default() -> None:
    config = build_config({})
    assert (config.language, config.form_language, config.numbering_profile) == ("zh", "zh", "own")
    assert config.max_attachment_mb == 10
    assert config.site.code == "main"
    assert config.site.zone == ZoneInfo("Asia/Shanghai")
    assert config.site.country == "CN"
    assert config.site.hours == (("08:00", "12:00"), ("13:00", "17:00"))


def test_what_is_said_is_taken() -> None:
    config = build_config(
        {
            "company": "C",
            "language": "en",
            "numbering": {"profile": "QJL", "forms": {"complaint": {"number": "F1"}}},
            "sites": {
                "nb": {
                    "name": "Ningbo",
                    "zone": "Europe/Berlin",
                    "calendar": "DE",
                    "hours": [["06:00", "14:00"]],
                    "days_off": {"2026-07-01": "shutdown"},
                    "working_days": ["2026-07-04"],
                },
                "two": {},
            },
            "attachments": {"max_mb": 2},
        }
    )
    assert config.form_language == "en"
    assert config.forms["complaint"]["number"] == "F1"
    assert list(config.sites) == ["nb", "two"]
    assert config.site.name == "Ningbo"
    calendar = site_calendar(config.site)
    assert calendar.country == "DE"
    assert [str(day) for day in calendar.days_off] == ["2026-07-01"]
    assert [str(day) for day in calendar.working_days] == ["2026-07-04"]
    assert calendar.hours[0][0].hour == 6
    assert config.max_attachment_mb == 2


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../etc/passwd", "Asia"])
def test_a_zone_nobody_knows_is_a_sentence(zone: str) -> None:
    with pytest.raises(CsctlError, match=f"no time zone '{zone}'"):
        build_config({"sites": {"a": {"zone": zone}}})


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("langauge: zh", "langauge", "Did you mean language"),
        ("language: chinese", "language", "not one of the choices"),
        ("sites: {a: {zone: Mars/Base}}", "sites.a", "no time zone"),
        ("sites: {a: {hours: [['13:00', '12:00']]}}", "sites.a", "out of order"),
        ("sites: {a: {days_off: {'2026-02-30': x}}}", "sites.a", "no such day"),
        ("sites: {a: {working_days: ['2026-13-01']}}", "sites.a", "no such day"),
        ("attachments: {max_mb: 0}", "attachments.max_mb", "too small"),
        ("sites: {}", "sites", "too short"),
    ],
)
def test_each_mistake_is_a_finding_at_its_line(line: str, field: str, words: str) -> None:
    [finding] = check(f"csctl: '>=0.1'\ncompany: C\n{line}\n")
    assert (finding.path, finding.line, finding.rule) == ("csctl.yaml", 3, "CFG-01")
    assert finding.field == field
    assert words.casefold() in f"{finding.message} {finding.hint}".casefold()


def test_every_missing_key_is_named_once() -> None:
    messages = [each.message for each in check("language: zh\n")]
    assert sorted(messages) == ["'company' is missing.", "'csctl' is missing."]


def test_the_version_is_checked_first_and_alone() -> None:
    [finding] = check("nonsense: 1\ncsctl: '>=99'\n")
    assert (finding.line, finding.field) == (2, "csctl")
    assert __version__ in finding.message
    assert finding.hint == "Install it: pip install 'csctl>=99'"


@pytest.mark.parametrize(
    ("pin", "version", "fits"),
    [
        (">=1.2,<2", "1.2.0", True),
        (">=1.2,<2", "2.0", False),
        (">=1.2, <2", "1.10", True),
        (">1", "1.0.0", False),
        ("==1.2", "1.2.0", True),
        ("!=1.2", "1.2.0", False),
        ("<=1.2", "1.2.1", False),
        ("<2", "2.0.0", False),
    ],
)
def test_version_pins(pin: str, version: str, fits: bool) -> None:
    assert version_fits(pin, version) is fits


@pytest.mark.parametrize("pin", ["~=1.2", "1.2", ">=one", ">=1.2;<2"])
def test_what_is_no_pin_is_a_sentence(pin: str) -> None:
    with pytest.raises(CsctlError, match="is not a version pin"):
        version_fits(pin, "1.0")


def test_shutdowns_shifts_and_frozen_years_make_the_calendar() -> None:
    site = {
        "shutdowns": [{"from": "2026-08-03", "to": "2026-08-05", "reason": "furnace"}],
        "shifts": [{"valid_from": "2026-09-01", "hours": [["06:00", "14:00"]],
                    "workdays": ["mon", "tue", "wed", "thu", "fri", "sat"]}],
    }  # fmt: skip
    years = {"CN-2099": {"days_off": ["2099-01-01"], "working_days": ["2099-01-03"]}}
    calendar = build_config({"sites": {"nb": site}, "calendars": years}).site.calendar
    assert [calendar.is_working_day(date(2026, 8, d)) for d in (3, 5, 6)] == [False, False, True]
    assert calendar.close_of_business(date(2026, 8, 31)).hour == 17
    assert calendar.close_of_business(date(2026, 9, 1)).hour == 14
    saturdays = [calendar.is_working_day(date(2026, *each)) for each in ((8, 29), (9, 5))]
    assert saturdays == [False, True]
    assert calendar.is_working_day(date(2099, 1, 3))
    assert not calendar.is_working_day(date(2099, 1, 1))
    assert not calendar.is_provisional(date(2099, 1, 1))
    assert calendar.is_provisional(date(2098, 1, 1))


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        (
            "sites: {nb: {shutdowns: [{from: '2026-08-03', to: '2026-08-05', reason: a}, "
            "{from: '2026-08-05', to: '2026-08-06', reason: b}]}}",
            "sites.nb.shutdowns.1", "overlaps the one from 2026-08-03",
        ),
        (
            "sites: {nb: {shutdowns: [{from: '2026-08-03', to: '2026-08-01', reason: a}]}}",
            "sites.nb.shutdowns.0", "ends before it begins",
        ),
        (
            "sites: {nb: {shutdowns: [{from: '2026-08-03', to: '2926-08-05', reason: a}]}}",
            "sites.nb.shutdowns.0", "longer than a year",
        ),
        ("clocks: [{valid_from: '2026-01-01', clock: d33, value: 5bd}]", "clocks.0.clock", "'d33'"),
        ("clocks: [{valid_from: '2026-01-01', clock: d3, value: 5weeks}]", "clocks.0.value", ""),
        (
            "clocks: [{valid_from: '2026-01-01', clock: d3, value: 5bd, roll: next_bd}]",
            "clocks.0.roll", "calendar days",
        ),
        (
            "calendars: {CN-2026: {days_off: ['2025-01-01'], working_days: []}}",
            "calendars.CN-2026.days_off", "2025-01-01",
        ),
    ],
)  # fmt: skip
def test_a_calendar_or_clock_that_cannot_be_is_named(text: str, field: str, words: str) -> None:
    [found] = check(f"csctl: '>=0.1'\ncompany: x\n{text}\n")
    assert found.field == field
    assert words in found.message
