"""Duties as rows of figures: what came due for every period, and whether it was done in time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from csctl.clocks.duties import Due, dues
from csctl.clocks.stops import moment_of
from csctl.index.index import Index
from csctl.kpi.counting import Row
from csctl.kpi.periods import month_after
from csctl.record import Record


def duty_rows(
    index: Index, months: Sequence[str], now: datetime, names: Collection[str] | None = None
) -> Iterator[Row]:
    """Yield each duty that came due in some months, for each person who has it.

    With `names`, only the duties that are called so.
    """
    zone = index.store.repository.config.site.zone
    first = date.fromisoformat(f"{months[0]}-01")
    last = date.fromisoformat(f"{month_after(months[-1])}-01") - timedelta(days=1)
    wanted = set(months)
    for each in dues(index, first, last, now, names):
        day = each.due.astimezone(zone)
        month = f"{day:%Y-%m}"
        if month in wanted:
            times = [at for record in each.records if (at := _done_at(each, record, zone))]
            yield {
                "id": each.records[0].id if each.records else f"{each.person} {each.period}",
                "month": month,
                "outcome": "",
                "site": index.store.repository.config.site.code,
                "duty": each.duty.name,
                "kind": each.kind.name,
                "person": each.person,
                "period": each.period,
                "due": day.isoformat(timespec="minutes"),
                "met": bool(times) and min(times) <= each.due,
            }


def _done_at(due: Due, record: Record, zone: ZoneInfo) -> datetime | None:
    """Return when a record did its duty: when it came to the stage that counts."""
    stage = record.kind.stage(due.duty.stage) if due.duty.stage else None
    return moment_of(record.value(stage.at if stage and stage.at else due.duty.field), zone)
