"""What is due as an iCalendar file, for Outlook and phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from csctl.messages import _

_WARNING: Final = timedelta(hours=-1)
_LASTS: Final = timedelta(minutes=15)


def render_icalendar(rows: Sequence[Mapping[str, Any]], now: datetime) -> str:
    """Return rows of the agenda as events with an alarm; what is due on no day is left out.

    An event has the same UID whenever it is written, so that a calendar moves it and does not
    show it twice.
    """
    from hashlib import sha256

    import icalendar  # only for this format

    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//csctl//due//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Due"))
    for row in rows:
        if not row["due_at"]:
            continue
        begin = datetime.fromisoformat(row["due_at"]).astimezone(timezone.utc)
        event = icalendar.Event()
        event.add("uid", f"{sha256(row['key'].encode()).hexdigest()[:32]}@csctl")
        event.add("dtstamp", now.astimezone(timezone.utc))
        event.add("dtstart", begin)
        event.add("dtend", begin + _LASTS)
        event.add(
            "summary", " · ".join(filter(None, (row["record"], row["customer"], row["what"])))
        )
        event.add(
            "description", "\n".join(filter(None, (row["reason"], row["owner"], row["next"])))
        )
        event.add("categories", [row["state"]])
        event.add("transp", "TRANSPARENT")
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", row["what"])
        alarm.add("trigger", _WARNING)
        event.add_component(alarm)
        calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content.decode("utf-8")
