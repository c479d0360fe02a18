"""Figures out of plain rows: a list is as good a supply as a repository."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csctl.errors import CsctlError, UsageError
from csctl.kinds.schemaload import Schemas
from csctl.kpi.counting import Row, quantile
from csctl.kpi.definitions import build_definitions
from csctl.kpi.figures import Figure, Reckoning
from csctl.kpi.periods import Period, is_month, month_after, parse_period, shown
from csctl.kpi.telling import explanation
from csctl.places import search_path

SCHEMAS = Schemas(search_path(None, "schemas"))
DEFINITIONS = build_definitions(SCHEMAS)
MARCH = Period("2026-03", "2026-03")


class Lists:
    """Rows as a warehouse would give them: by table, for some months."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        self.tables = tables

    def rows(self, table: str, months: Sequence[str]) -> list[Row]:
        held = self.tables.get(table, [])
        return [{"outcome": "", "customer": "GEELY", **e} for e in held if e["month"] in months]


def reckon(name: str, period: Period = MARCH, **tables: list[dict[str, Any]]) -> Figure:
    return Reckoning(DEFINITIONS, Lists(**tables), period, traced=True).figure(name)


def case(name: str, month: str = "2026-03", **more: Any) -> dict[str, Any]:
    return {"id": name, "month": month, "found": "0km", "qty_ours": 1, "qty_theirs": 1, **more}


def shipped(quantity: int, month: str = "2026-03", part: str = "A", **more: Any) -> dict[str, Any]:
    return {"id": f"SH-{month}", "month": month, "part": part, "qty": quantity, **more}


def test_ppm_is_parts_per_parts_and_the_customers_count_stands_beside_it() -> None:
    cases = [
        case("CC-1", qty_ours=10, qty_theirs=14),
        case("CC-2", qty_ours=5, qty_theirs=6),
        case("CC-3", found="field", qty_ours=99, qty_theirs=99),
        case("CC-4", outcome="void", qty_ours=99),
    ]
    found = reckon("ppm_0km", complaints=cases, shipments=[shipped(500_000)])
    assert (found.value, found.theirs) == (30, 40)
    assert (found.numerator, found.denominator, found.excluded) == (15, 500_000, 1)
    assert found.records == (("CC-1", 10, 0), ("CC-2", 5, 0), ("SH-2026-03", 0, 500_000))


def test_without_a_denominator_there_is_no_value_and_a_count_of_nothing_is_0() -> None:
    nothing = reckon("ppm_0km", complaints=[case("CC-1")])
    assert (nothing.value, nothing.theirs, nothing.denominator) == (None, None, 0)
    assert nothing.notes == ("without parts shipped, left out: GEELY 2026-03",)
    assert reckon("ppm_0km", shipments=[shipped(0)]).value is None
    assert reckon("repeat_rate").value is None
    assert reckon("first_response").value is None
    assert reckon("complaint_count").value == 0


def test_a_month_without_shipments_leaves_both_sides_and_is_named() -> None:
    cases = [case("CC-1", "2026-02", qty_ours=50), case("CC-2", "2026-03", qty_ours=2)]
    found = reckon("ppm_0km_3m", complaints=cases, shipments=[shipped(1_000_000)])
    assert found.value == 2
    assert found.notes == ("without parts shipped, left out: GEELY 2026-02",)


def test_a_month_entered_twice_leaves_both_sides_and_is_named() -> None:
    twice = [shipped(1000, part="A"), shipped(1000, part="A"), shipped(9000, "2026-02", "A")]
    cases = [case("CC-1"), case("CC-2", "2026-02", qty_ours=9)]
    found = reckon("ppm_0km_3m", complaints=cases, shipments=twice)
    assert (found.value, found.denominator) == (1000, 9000)
    assert found.notes == ("entered twice, left out: GEELY 2026-03",)


def test_what_is_matched_with_nothing_has_no_value_where_a_month_was_entered_twice() -> None:
    row = shipped(1000, deliveries=10, on_time=9)
    assert reckon("otd", shipments=[row]).value == 90
    twice = reckon("otd", shipments=[row, row])
    assert (twice.value, twice.notes[0]) == (None, "entered twice: GEELY 2026-03")


def test_rolling_ppm_divides_sums_and_does_not_average() -> None:
    cases = [case("CC-1", "2026-02", qty_ours=10), case("CC-2", "2026-03", qty_ours=10)]
    months = [shipped(1_000_000, "2026-02"), shipped(10_000, "2026-03")]
    value = reckon("ppm_0km_3m", complaints=cases, shipments=months).value
    assert value == pytest.approx(20 / 1_010_000 * 1e6)


def test_times_have_a_median_a_mean_and_a_p90() -> None:
    hours = [{"id": f"CC-{n}", "month": "2026-03", "hours_to_ack": n} for n in (1, 2, 3, 4, 10)]
    unanswered = {"id": "CC-9", "month": "2026-03", "hours_to_ack": None}
    found = reckon("first_response", complaints=[*hours, unanswered])
    assert (found.value, found.numerator, found.denominator) == (3, 20, 5)
    assert found.spread == {"median": 3, "mean": 4, "p90": pytest.approx(7.6)}
    assert found.notes == ()
    assert reckon("first_response", complaints=hours[:2]).notes == ("it stands on 2 only",)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30))
def test_a_quantile_is_what_the_library_says(values: list[float]) -> None:
    ordered = sorted(values)
    expected = statistics.quantiles(ordered, n=10, method="inclusive")[8]
    assert quantile(ordered, 0.9) == pytest.approx(expected)


def test_money_of_several_currencies_is_not_added_up() -> None:
    costs = [
        {"id": "CC-1", "month": "2026-03", "amount": 10, "currency": "CNY", "charged_to": "own"},
        {"id": "CC-2", "month": "2026-03", "amount": 10, "currency": "EUR", "charged_to": "own"},
    ]
    assert reckon("cost_of_quality", costs=costs[:1]).value == 10
    mixed = reckon("cost_of_quality", costs=costs)
    assert (mixed.value, mixed.notes) == (None, ("several currencies: CNY, EUR",))


def test_a_doubt_keeps_a_figure_from_having_a_value() -> None:
    scored = {"id": "SP-1", "month": "2026-03", "weight": 1, "weighted": 80}
    assert reckon("csat", scores=[scored]).value == 80
    doubtful = reckon("csat", scores=[{**scored, "doubt": "SV-1: the weights"}])
    assert (doubtful.value, doubtful.notes[0]) == (None, "SV-1: the weights")


def test_what_counts_is_one_customers_or_says_that_it_cannot_be_told() -> None:
    supply = Lists(
        complaints=[case("CC-1"), case("CC-2", customer="LUTU")],
        attended=[{"id": "TR-1", "month": "2026-03", "passed": True}],
    )
    own = Reckoning(DEFINITIONS, supply, MARCH, {"customer": "LUTU"})
    assert own.figure("complaint_count").value == 1
    by_part = Reckoning(DEFINITIONS, supply, MARCH, {"part": "A"})
    blind = by_part.figure("training_effect")
    assert (blind.value, blind.notes) == (None, ("not told apart by part",))
    assert len(own.figures()) == len(DEFINITIONS.kpis)


def test_defects_of_one_sort_are_divided_by_all_that_was_shipped() -> None:
    supply = Lists(
        complaints=[case("CC-1", defect="A", qty_ours=3), case("CC-2", defect="B", qty_ours=9)],
        shipments=[shipped(1000, deliveries=5, on_time=5)],
    )
    found = Reckoning(DEFINITIONS, supply, MARCH, {"defect": "A"})
    assert found.figure("ppm_0km").value == 3000
    # What knows no defects at all is not told as if it did.
    assert found.figure("otd").notes == ("not told apart by defect",)
    assert found.unmet() == {}
    none = Reckoning(DEFINITIONS, supply, MARCH, {"defect": "C"})
    assert (none.figure("complaint_count").value, none.unmet()) == (0, {"defect": {"A", "B"}})


@pytest.mark.parametrize(
    ("name", "day", "left_out"),
    [
        ("open_age", "the end of the period", "Merged, Void, Withdrawn by the customer (0)"),
        ("otd", "Month", "Void (0)"),
        ("schedule_on_time", "due", None),  # worked out: no field has it
    ],
)
def test_what_a_figure_rests_on_is_told_in_words(name: str, day: str, left_out: str | None) -> None:
    told = dict(explanation(reckon(name), DEFINITIONS.get(name), DEFINITIONS, SCHEMAS))
    assert told["Counted in the month of"] == day
    assert told.get("Never counted") == left_out


def test_the_difference_to_the_customers_count_is_told() -> None:
    figure = reckon(
        "ppm_0km", complaints=[case("CC-1", qty_ours=2, qty_theirs=5)], shipments=[shipped(1000)]
    )
    told = dict(explanation(figure, DEFINITIONS.get("ppm_0km"), DEFINITIONS, SCHEMAS))
    assert (told["Value"], told["He counts more"]) == ("2,000.0 PPM", "3,000.0 PPM")


def test_the_rate_of_complaints_is_reckoned_as_the_company_chose() -> None:
    tables: dict[str, list[dict[str, Any]]] = {
        "complaints": [case("CC-1")],
        "requests": [{"id": f"SR-{n}", "month": "2026-03"} for n in range(3)],
        "shipments": [shipped(10, deliveries=50, on_time=50)],
    }
    assert reckon("complaint_rate", MARCH, **tables).value == 2
    contacts = build_definitions(SCHEMAS, {"complaint_rate": "contacts"})
    found = Reckoning(contacts, Lists(**tables), MARCH).figure("complaint_rate")
    assert (found.value, contacts.get("complaint_rate").choice) == (25, "contacts")
    with pytest.raises(UsageError, match="cannot be reckoned by contact"):
        build_definitions(SCHEMAS, {"complaint_rate": "contact"})


def test_a_figure_of_months_in_service_says_until_when_it_may_grow() -> None:
    supply = Lists(shipments=[shipped(1000)])
    early = Reckoning(DEFINITIONS, supply, MARCH, now="2026-05").figure("ppm_field_3mis")
    assert early.notes == ("3 months in service are not over",)
    ripe = Reckoning(DEFINITIONS, supply, MARCH, now="2026-06").figure("ppm_field_3mis")
    assert ripe.notes == ()


def test_every_figure_is_defined_whole_and_can_have_a_target() -> None:
    choices = SCHEMAS.kind("target").fields["kpi"].choices
    assert {*DEFINITIONS.kpis, "other"} == set(choices)
    for kpi in DEFINITIONS.kpis.values():
        assert kpi.formula()
        assert kpi.source
        for each in kpi.measures():
            assert set(each.label) == {"zh", "en", "zh-TW"}
    with pytest.raises(UsageError, match="There is no figure ppm_0kn") as caught:
        DEFINITIONS.get("ppm_0kn")
    assert "ppm_0km" in caught.value.hint


def test_a_profile_that_names_what_it_does_not_define_is_refused() -> None:
    class Broken(Schemas):
        def profile(self, name: str) -> dict[str, Any]:
            data = super().profile(name)
            return {**data, "kpis": {"otd": {**data["kpis"]["otd"], "of": "nothing"}}}

    with pytest.raises(CsctlError, match=r"profiles/kpis\.yaml names 'nothing'"):
        build_definitions(Broken(search_path(None, "schemas")))


def test_the_digest_tells_the_inputs_and_not_the_value() -> None:
    same = [case("CC-1", qty_ours=2)], [case("CC-1", qty_ours=2, customer="GEELY")]
    other = [case("CC-2", qty_ours=2)]
    digests = [
        reckon("ppm_0km", complaints=each, shipments=[shipped(1000)]).digest()
        for each in (*same, other)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_months() -> None:
    assert (month_after("2026-12"), month_after("2026-01", -1)) == ("2027-01", "2025-12")
    assert MARCH.months(3) == ["2026-01", "2026-02", "2026-03"]
    assert MARCH.before() == Period("2026-02", "2026-02")
    year = parse_period("", "2026", now="2026-11")
    assert (str(year), str(year.before())) == ("2026-01–2026-11", "2025-02–2025-12")
    assert parse_period("", "", now="2026-01") == Period("2025-12", "2025-12")
    assert [is_month(e) for e in ("2026-03", "2026-13", "2026-3", "26-03", "2026", "2026-０3")] == [
        True, *[False] * 5,
    ]  # fmt: skip
    for month, year_text in (("2026-13", ""), ("", "26"), ("2026-03", "2026")):
        with pytest.raises(UsageError):
            parse_period(month, year_text, now="2026-11")


def test_values_are_rounded_half_up_and_only_when_shown() -> None:
    texts = [shown(0.05, "percent"), shown(12.345, "points"), shown(2.5, "count")]
    assert texts == ["0.1", "12.35", "3"]
    assert (shown(None, "ppm"), shown(1234.56, "ppm")) == ("–", "1,234.6")


def test_what_is_less_is_taken_off_the_numerator_and_traced() -> None:
    cost = {"month": "2026-03", "currency": "CNY", "complaint": ""}
    costs = [
        {"id": "CC-1", "amount": 100, "charged_to": "own", **cost},
        {"id": "CC-2", "amount": 30, "charged_to": "supplier", **cost},
    ]
    net = reckon("cost_net", costs=costs)
    assert (net.value, net.numerator, net.currency) == (100, 100, "CNY")
    assert net.records == (("CC-1", 100, 0), ("CC-2", 0, 0))
    sent = [{"id": "8D-1", "month": "2026-03"}, {"id": "8D-2", "month": "2026-03"}]
    back = [{"id": "8D-2", "month": "2026-03", "status": "returned"}]
    assert reckon("first_pass_yield", reports=sent, verdicts=back).value == 50
    assert reckon("first_pass_yield").value is None


def test_money_is_told_in_the_companys_currency_by_the_rate_of_its_month() -> None:
    row = {"amount": 10, "charged_to": "own", "complaint": ""}
    costs = [
        {"id": "CC-1", "month": "2026-03", "currency": "CNY", **row},
        {"id": "CC-2", "month": "2026-03", "currency": "EUR", **row},
    ]
    ours = {"currency": "CNY", "rates": [{"month": "2026-03", "currency": "EUR", "rate": 7.5}]}
    definitions = build_definitions(SCHEMAS, ours)
    found = Reckoning(definitions, Lists(costs=costs), MARCH).figure("cost_of_quality")
    assert (found.value, found.currency) == (85, "CNY")
    assert definitions.get("cost_of_quality").choice == "currency CNY"
    late = [{**costs[1], "month": "2026-04"}]
    april = Reckoning(definitions, Lists(costs=late), Period("2026-04", "2026-04"))
    alone = april.figure("cost_of_quality")
    assert (alone.value, alone.notes) == (None, ("several currencies: CNY, EUR",))


def test_an_index_is_composed_of_the_points_of_its_figures() -> None:
    ours = {"csi": {"csat": {"share": 0.4}, "otd": {"share": 0.36}, "ppm_0km": {"share": 0.24}}}
    definitions = build_definitions(SCHEMAS, ours)
    shipments = [shipped(1_000_000, deliveries=100, on_time=95)]
    score = {"id": "SP-1", "month": "2026-03", "weight": 1, "weighted": 80}
    cases = [case("CC-1", qty_ours=20)]

    def csi(**tables: list[dict[str, Any]]) -> Figure:
        made = Reckoning(definitions, Lists(**tables), MARCH, traced=True)
        return made.figure("csi")

    whole = csi(scores=[score], shipments=shipments, complaints=cases)
    assert whole.spread == {"csat": 80, "otd": 75, "ppm_0km": 80}
    assert whole.value == pytest.approx(0.4 * 80 + 0.36 * 75 + 0.24 * 80)
    assert {name for name, _one, _other in whole.records} == {"SP-1", "CC-1", "SH-2026-03"}
    parted = csi(scores=[score], shipments=[shipped(1_000_000)], complaints=cases)
    assert parted.value == pytest.approx(80)
    assert parted.notes == ("without value: On-time delivery",)
    assert csi(shipments=shipments, complaints=cases).value is None
    assert csi(scores=[score]).value is None
    assert "24% 0-km PPM (0: 100 points … 100: 0)" in definitions.get("csi").formula()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"csat": {"share": 0.5}, "otd": {"share": 0.4}}, "add up to 0.9, not to 1"),
        ({"csat": {"share": 0.5}, "otp": {"share": 0.5}}, "cannot be composed of otp"),
        ({"csat": {"share": 1, "full": 5, "none": 5}}, "cannot be composed of csat"),
    ],
)
def test_an_index_whose_shares_do_not_hold_together_is_refused(
    parts: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        build_definitions(SCHEMAS, {"csi": parts})


def test_a_finite_number_of_customers_needs_a_smaller_sample() -> None:
    customers = [{"id": f"C{n}", "month": "2026-03"} for n in range(100)]
    found = reckon("survey_sample", customers=customers)
    assert found.value == pytest.approx(49.24, abs=0.01)  # 100·0.9604 / (0.99 + 0.9604)
    assert reckon("survey_sample").value is None
    assert "N = active customers, z = 1.96" in DEFINITIONS.get("survey_sample").formula()
