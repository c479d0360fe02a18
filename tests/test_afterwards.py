"""The review afterwards: what merged when the checks were green waits for somebody's look."""

from __future__ import annotations

import json

from tests.commands.company import COMPLAINT, READY_3D, Company
from tests.commands.conftest import Run
from tests.commands.conftest import company as company
from tests.commands.conftest import founded as founded
from tests.commands.conftest import plant as plant
from tests.commands.conftest import run as run
from tests.commands.two_desks import Desk, Plant

LATER = "2026-06-01T10:00+08:00"
NEXT_DAYS = "2026-06-04T10:00+08:00"


def reviews(desk: Desk, *words: str, now: str = LATER) -> dict[str, str]:
    """Return the reviews that are due: record -> state."""
    found = desk.run("--now", now, "due", "--format", "json", *words)
    data = json.loads(found.out)["data"]
    return {each["record"]: each["state_code"] for each in data if "afterwards" in each["what"]}


def test_what_was_registered_waits_for_the_quality_manager_until_it_is_signed(
    plant: Plant,
) -> None:
    manager, sales = plant.here, plant.there
    number = sales.new("漏液")
    sales.ok("submit", number)
    plant.merge(f"case/{number}")
    manager.ok("sync")
    assert reviews(manager, "--mine")[number] in ("running", "due_soon")
    assert reviews(manager, "--mine", now=NEXT_DAYS)[number] == "overdue"
    assert "Review afterwards" in manager.ok("show", number).out
    assert sales.run("sign", number, "--as", "reviewed").code == 1
    manager.ok("sign", number, "--as", "reviewed")
    assert number not in reviews(manager)
    assert "needs no approval first" in manager.ok("submit", number).err


def test_each_later_step_is_looked_at_again(plant: Plant) -> None:
    manager = plant.here
    number = manager.new("漏液")
    manager.ok("sign", number, "--as", "reviewed")
    assert number not in reviews(manager)
    manager.ok("--now", LATER, "set", number, "acknowledged_at=2026-06-01T09:30")
    assert reviews(manager)[number] in ("running", "due_soon")
    manager.ok("--now", LATER, "sign", number, "--as", "reviewed")
    assert number not in reviews(manager)
    assert manager.run("sign", number, "--as", "reviewed").code == 2


def test_somebody_elses_questions_do_not_come_with_the_review(plant: Plant) -> None:
    number = plant.there.new("漏液")
    plant.there.ok("set", number, "owner=li-na", "photos=? 客户还在拍")
    plant.here.git("pull", "--quiet", str(plant.there.root), "desk/li-na")
    found = plant.here.run("due", "--mine", "--format", "json")
    rows = [each for each in json.loads(found.out)["data"] if each["record"] == number]
    assert [each["what"] for each in rows] == ["Review afterwards"]
    assert number in reviews(plant.there, "--mine")


def test_without_branches_of_ones_own_nothing_merges_unseen(company: Company, run: Run) -> None:
    assert "afterwards" not in run("due").out
    assert "afterwards" not in run("show", COMPLAINT).out


def test_a_3d_released_by_word_is_signed_by_the_next_day(company: Company, run: Run) -> None:
    sent = (
        "sent:\n  3D-1: {step: 3D, revision: 1, sent_at: '2026-05-31T20:00+08:00', via: email, "
        "released_by: zhang-wei, released_at: '2026-05-31T19:50+08:00'}\n"
    )
    assert "spoken release" not in run("due").out
    company.file(READY_3D).write_text(company.text(READY_3D) + sent, encoding="utf-8")
    company.commit()
    (line,) = [each for each in run("due").out.splitlines() if "spoken release" in each]
    assert READY_3D in line
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert "spoken release" not in run("due").out
