"""The rows of a repository: the samples, counted once more without csctl."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from csctl.errors import CsctlError
from csctl.index.cache import NO_CACHE
from csctl.index.index import Index
from csctl.kpi.clocking import repository_rows
from csctl.kpi.definitions import build_definitions
from csctl.kpi.figures import Figure, Reckoning
from csctl.kpi.periods import Period
from csctl.repository import open_repository
from csctl.resources import builtin
from csctl.store import Store
from tests.factory import CONFIG, records_repository, write

ROOT = builtin("schemas").parent
NOW = datetime.fromisoformat("2026-11-23T15:00+08:00")
COUNTED = {"void", "merged", "withdrawn"}


def samples(folder: str) -> list[dict[str, Any]]:
    """Read the records of a folder with PyYAML alone; times as text."""
    files = sorted((ROOT / "records" / folder).glob("**/*.yaml"))
    return [yaml.load(each.read_bytes(), yaml.BaseLoader) for each in files]


def ended(record: dict[str, Any]) -> bool:
    return record.get("outcome", {}).get("result") in COUNTED


@pytest.fixture(scope="module")
def year() -> Reckoning:
    return over("2026-01", "2026-11")


def over(first: str, last: str, **scope: str) -> Reckoning:
    index = Index(Store(open_repository(ROOT)))
    definitions = build_definitions(index.store.repository.schemas)
    supply = repository_rows(index, definitions, NOW, NO_CACHE)
    return Reckoning(definitions, supply, Period(first, last), scope, now=supply.month, traced=True)


def ids(figure: Figure) -> set[str]:
    return {name for name, _one, _other in figure.records}


def test_complaints_of_the_samples(year: Reckoning) -> None:
    complaints = [each for each in samples("complaints") if not ended(each)]
    assert year.figure("complaint_count").value == len(complaints)
    assert ids(year.figure("complaint_count")) == {each["id"] for each in complaints}
    accepted = [e for e in complaints if e.get("accepted") in ("accepted", "partly")]
    assert year.figure("accepted_complaints").value == len(accepted)
    repeats = [e for e in complaints if e.get("repeat") == "repeat"]
    rate = 100 * len(repeats) / len(complaints)
    assert year.figure("repeat_rate").value == pytest.approx(rate)
    hours = sorted(
        (datetime.fromisoformat(e["acknowledged_at"]) - datetime.fromisoformat(e["received_at"]))
        / timedelta(hours=1)
        for e in complaints
        if isinstance(e.get("acknowledged_at"), str)
    )
    assert year.figure("first_response").denominator == len(hours)
    assert year.figure("first_response").numerator == pytest.approx(sum(hours))


def test_complaints_that_were_closed_and_those_still_open(year: Reckoning) -> None:
    complaints = samples("complaints")
    over_on = {e["id"]: e.get("outcome", {}).get("at", e.get("closed_on")) for e in complaints}
    days = [
        (date.fromisoformat(end[:10]) - date.fromisoformat(e["received_at"][:10])).days
        for e in complaints
        if (end := over_on[e["id"]]) and not ended(e)
    ]
    assert year.figure("resolution_time").numerator == sum(days)
    still = {e["id"] for e in complaints if "closed_on" not in e and "outcome" not in e}
    assert ids(year.figure("open_count")) == still
    assert ids(year.figure("overdue_count")) <= still
    june = over("2026-06", "2026-06").figure("open_count")
    then = {
        e["id"]
        for e in complaints
        if not ended(e) and e["received_at"] < "2026-07"
        and e.get("outcome", {}).get("at", e.get("closed_on", "9999")) > "2026-06-30"
    }  # fmt: skip
    assert ids(june) == then


def test_promised_actions_in_every_kind_of_record(year: Reckoning) -> None:
    today = f"{NOW:%Y-%m-%d}"
    due = [
        row
        for folder in ("8ds", "capas", "complaints", "meetings", "recurrence-preventions", "visits")
        for each in samples(folder)
        if "outcome" not in each
        for rows in each.values()
        if isinstance(rows, list)
        for row in rows
        if isinstance(row, dict) and {"due", "owner"} <= set(row) and "cancelled_reason" not in row
    ]
    met = [row for row in due if row.get("done_on", "9999") <= row["due"]]
    missed = [row for row in due if row not in met and row["due"] < today]
    figure = year.figure("action_on_time")
    assert (figure.numerator, figure.denominator) == (len(met), len(met) + len(missed))


def test_a_test_report_that_is_not_due_yet_is_not_missed(year: Reckoning) -> None:
    assert year.figure("lab_on_time").denominator == 1


def test_shipments_and_ppm_of_one_customer(year: Reckoning) -> None:
    own = over("2026-09", "2026-10", customer="STARCAR")
    sent = [
        (row["own_part_no"], int(row["qty_shipped"]))
        for each in samples("shipments")
        if each["customer"] == "STARCAR"
        for row in each["parts"]
    ]
    counts: Counter[str] = Counter()
    for part, quantity in sent:
        counts[part] += quantity
    assert own.figure("ppm_0km").denominator == sum(counts.values())
    part = over("2026-09", "2026-10", customer="STARCAR", part="CL-0420")
    assert part.figure("ppm_0km").denominator == counts["CL-0420"]
    assert year.figure("otd").denominator == sum(
        int(row["deliveries"]) for each in samples("shipments") for row in each["parts"]
    )


def test_a_survey_scores_by_the_weights_it_declares(year: Reckoning) -> None:
    (survey,) = [e for e in samples("surveys") if e["period"] == "2026-H1"]
    weights = {q["id"]: float(q["weight"]) for q in survey["questions"] if "weight" in q}
    grades = {e["id"]: e["grade"] for e in samples("customers") if "grade" in e}
    held: dict[str, list[float]] = {}
    for each in samples("survey-responses"):
        answers = {
            row["question"]: float(row["score"])
            for row in each["answers"]
            if row["question"] in weights and row.get("na") != "true"
        }
        told = sum(weights[name] for name in answers)
        if each["survey"] == survey["id"] and "outcome" not in each and told >= 0.7:
            score = sum(weights[name] * worth for name, worth in answers.items()) / told
            held.setdefault(each["customer"], []).append(score)
    share = {name: {"A": 3, "B": 2, "C": 1}[grades[name]] for name in held}
    expected = sum(share[n] * sum(found) / len(found) for n, found in held.items())
    csat = over("2026-06", "2026-10").figure("csat")
    assert csat.value == pytest.approx(expected / sum(share.values()))
    assert year.figure("survey_coverage").numerator == 4


def test_every_figure_of_a_year_has_records_or_says_nothing(year: Reckoning) -> None:
    for figure in year.figures():
        assert figure.value is None or figure.value == 0 or figure.records, figure.name
        if figure.denominator == 0:
            assert figure.value is None, figure.name
    assert {e.name for e in year.figures() if e.value} > {
        "d3_on_time", "d8_on_time", "resolution_time", "csat", "callback_rate", "otd",
        "visit_completion", "training_effect", "ntf_rate", "action_on_time",
    }  # fmt: skip


def test_satisfaction_is_scored_as_the_company_chose(year: Reckoning) -> None:
    index = Index(Store(open_repository(ROOT)))
    values = {}
    for chosen in ("plain", "deducted", "importance"):
        definitions = build_definitions(index.store.repository.schemas, {"csat": chosen})
        supply = repository_rows(index, definitions, NOW, NO_CACHE)
        found = Reckoning(definitions, supply, Period("2026-10", "2026-10")).figure("csat")
        assert definitions.get("csat").choice == chosen
        values[chosen] = found.value
    # Nothing was deducted in the samples, and nobody was asked about importance.
    assert values == {
        "plain": values["deducted"],
        "deducted": pytest.approx(77.587, abs=1e-3),
        "importance": None,
    }
    notes = year.figure("csat").notes
    assert any(note.endswith("customers weighted by: Grade") for note in notes)


def test_visit_cycles_and_times_to_implement_and_close_of_the_samples(year: Reckoning) -> None:
    cycles = {e["id"] for e in samples("customers") if e["stage"] == "active"}
    assert year.figure("visit_cycle").denominator == len(
        [e for e in samples("customers") if e["id"] in cycles and e["visit_cycle"] != "none"]
    )
    reports = [e for e in samples("8ds") if "result" not in e.get("outcome", {})]
    days = [
        (date.fromisoformat(e["d6_completed_at"][:10]) - date.fromisoformat(e["received_at"][:10]))
        for e in reports
        if isinstance(e.get("d6_completed_at"), str)
    ]
    assert year.figure("implementation_time").numerator == sum(each.days for each in days)
    closed = year.figure("resolution_working_days")
    whole = year.figure("resolution_time")
    assert closed.denominator == whole.denominator
    assert 0 < (closed.numerator or 0) < (whole.numerator or 0)


def test_costs_of_services_and_returned_parts_count_once(year: Reckoning) -> None:
    booked = [(e["id"], row) for e in samples("complaints") for row in e.get("costs", [])
              if isinstance(row, dict) and not ended(e)]  # fmt: skip
    names = {(name, row["category"]) for name, row in booked}
    more = [row for e in samples("field-services") for row in e.get("costs", [])
            if (e.get("complaint"), row["category"]) not in names]  # fmt: skip
    found = year.figure("cost_of_quality")
    whole = [row for _name, row in booked] + more
    assert found.numerator == sum(float(row["amount"]) for row in whole)
    mixed = ", ".join(sorted({row["currency"] for row in whole}))
    assert (found.value, found.notes) == (None, (f"several currencies: {mixed}",))


def test_figures_of_one_plant_divide_by_what_that_plant_shipped(repo: Path) -> None:
    config = CONFIG + "  SH: {zone: Asia/Shanghai, calendar: CN}\n"
    records_repository(repo, config=config, commit=False)
    for n, site, quantity in ((1, "main", 9000), (2, "SH", 1000)):
        write(
            repo, f"records/shipments/2026/00/SH-2026-000{n}.yaml",
            f"schema: shipment/1\nid: SH-2026-000{n}\nstage: recorded\ncustomer: GEELY\n"
            f"month: 2026-05\nsite: {site}\n"
            f"parts: [{{id: P1, own_part_no: A, qty_shipped: {quantity}}}]\n",
        )  # fmt: skip
        write(
            repo, f"records/complaints/2026/00/CC-2026-010{n}.yaml",
            f"schema: complaint/1\nid: CC-2026-010{n}\nstage: registered\ncustomer: GEELY\n"
            f"received_at: 2026-05-05T09:00+08:00\nsite: {site}\ndetection_stage: line_0km\n"
            f"ppm_counted: {{qty: {n}}}\n",
        )  # fmt: skip
    write(
        repo, "records/requests/2026/00/SR-2026-0001.yaml",
        "schema: request/1\nid: SR-2026-0001\nstage: registered\ncustomer: GEELY\n"
        "received_at: 2026-05-05T09:00+08:00\n",
    )  # fmt: skip
    index = Index(Store(open_repository(repo)))
    definitions = build_definitions(index.store.repository.schemas)
    supply = repository_rows(index, definitions, NOW, NO_CACHE)
    for site, ppm in (("main", 1e6 / 9000), ("SH", 2e6 / 1000)):
        made = Reckoning(definitions, supply, Period("2026-05", "2026-05"), {"site": site})
        assert made.figure("ppm_0km").value == pytest.approx(ppm)
        # A request does not say which plant it is about.
        assert made.figure("solved_at_once").notes == ("not told apart by site",)
    whole = Reckoning(definitions, supply, Period("2026-05", "2026-05")).figure("ppm_0km")
    assert (whole.value, whole.notes) == (300, ())


def test_how_long_returned_parts_were_under_way() -> None:
    for each in samples("returned-parts"):
        arrived = date.fromisoformat(each["received_at"][:10])
        days = (arrived - date.fromisoformat(each["dispatched_on"])).days
        month = f"{arrived:%Y-%m}"
        figure = over(month, month).figure("shipping_time")
        assert (figure.value, ids(figure)) == (days, {each["id"]})


def test_call_backs_and_meetings_count_wherever_they_are_written_down(year: Reckoning) -> None:
    complaints = [e for e in samples("complaints") if "outcome" not in e and "replied_at" in e]
    others = [e for e in samples("callbacks") if "complaint" not in e and "outcome" not in e]
    done = [*(e["callback"] for e in complaints if "at" in e.get("callback", {})), *others]
    figure = year.figure("callback_rate")
    assert (figure.numerator, figure.denominator) == (len(done), len(complaints) + len(others))
    told = [e["satisfaction"] for e in done if "satisfaction" in e]
    satisfied = [each for each in told if each in ("satisfied", "very_satisfied")]
    figure = year.figure("callback_satisfied")
    assert (figure.numerator, figure.denominator) == (len(satisfied), len(told))


def test_what_was_not_sent_answered_or_held_does_not_count(repo: Path) -> None:
    records_repository(repo, commit=False)
    held = {
        "complaints/2026/00/CC-2026-0001": "stage: registered\ncustomer: GEELY\n"
        "received_at: 2026-05-05T09:00+08:00\n"
        "responsibility: {result: undetermined, undetermined_at: 2026-05-06T09:00+08:00}\n",
        **{
            f"complaints/{day[:4]}/00/CC-{day[:4]}-000{n}": "stage: registered\ncustomer: GEELY\n"
            f"received_at: {day}T09:00+08:00\nrepeat: repeat\nrepeat_of: {of}\n"
            for n, day, of in (
                (8, "2025-05-04", "CC-2025-0001"),
                (9, "2025-05-05", "CC-2025-0001"),
                (2, "2026-05-05", "CC-2025-0008"),
                (3, "2026-05-05", "CC-2025-0009"),
            )
        },
        "meetings/2026/00/MT-2026-0001": "stage: held\nmeeting_type: responsibility\n"
        "complaints: [CC-2026-0001]\nheld_at: 2026-05-06T11:00+08:00\n",
        "surveys/2026/00/SV-2026-0001": "stage: launched\ncloses_on: '2026-05-20'\n"
        "questions: [{id: Q1, type: rating, weight: 0.5}, {id: Q2, type: rating, weight: 0.5}]\n"
        "targets: [{id: T1, customer: GEELY, sent_on: '2026-05-01'}, "
        "{id: T2, customer: OTHER}]\n",
        "surveys/2026/00/SV-2026-0002": "stage: launched\ncloses_on: '2026-05-20'\n"
        "outcome: {result: cancelled, at: 2026-05-10T09:00+08:00}\n"
        "targets: [{id: T1, customer: OTHER, sent_on: '2026-05-01'}]\n",
        "survey-responses/2026/00/SR-2026-0001": "stage: returned\nsurvey: SV-2026-0001\n"
        "customer: GEELY\nsource: returned\nanswers: [{id: R1, question: Q1, score: 80}]\n",
        "visit-schedules/2026/00/VS-2026-0001": "stage: approved\n"
        "approved_at: 2026-05-02T09:00+08:00\nlines:\n"
        "  - {id: L1, customer: GEELY, expected_at: 2026-05-04T09:00+08:00, dropped: moved}\n"
        "  - {id: L2, customer: GEELY, expected_at: 2026-05-05T09:00+08:00, dropped: moved, "
        "dropped_reason: stock-taking}\n"
        "  - {id: L3, customer: GEELY, expected_at: 2026-05-28T09:00+08:00}\n",
        **{
            f"customers/{each}": f"stage: active\nname: {each}\nshort_name: {each}\n"
            "activated_at: 2026-01-01T09:00+08:00\n"
            for each in ("GEELY", "OTHER")
        },
    }
    for path, text in held.items():
        kind, name = path.split("/")[0].removesuffix("s"), path.rsplit("/", 1)[-1]
        write(repo, f"records/{path}.yaml", f"schema: {kind}/1\nid: {name}\n{text}")
    index = Index(Store(open_repository(repo)))
    definitions = build_definitions(index.store.repository.schemas)
    now = datetime.fromisoformat("2026-05-25T09:00+08:00")
    supply = repository_rows(index, definitions, now, NO_CACHE)
    with pytest.raises(CsctlError, match=r"kpis\.yaml counts in shipment, a table") as caught:
        supply.rows("shipment", ["2026-05"])
    assert "shipments" in caught.value.hint
    made = Reckoning(definitions, supply, Period("2026-05", "2026-05"))
    found = {
        name: (made.figure(name).numerator, made.figure(name).denominator)
        for name in (
            "repeat_rate",
            "meeting_in_4h",
            "response_rate",
            "survey_coverage",
            "visit_completion",
        )
    }
    assert found == {
        # Of the two that repeat one of a year ago, one came a day later.
        "repeat_rate": (1, 3),
        # Of the others nobody decided on the responsibility in time, nor met for it.
        "meeting_in_4h": (1, 3),
        # Half of the weight is too little for an answer to count.
        "response_rate": (0, 1),
        "survey_coverage": (1, 2),
        # Put off without a reason is not made, and what lies ahead is not due.
        "visit_completion": (0, 1),
    }
