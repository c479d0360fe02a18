"""`csctl calendar`: the working days of a year, shown or written down for good."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from csctl.console.options import Desk, pass_desk, writing_options
from csctl.console.output import done, nothing, say, tell
from csctl.console.saving import show_changes
from csctl.errors import UsageError
from csctl.messages import _

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from csctl.config import Config
    from csctl.record import Record
    from csctl.times.calendars import Calendar


@click.command(
    "calendar",
    help=_(
        "Show the public holidays and make-up working days of a year, in the countries of our "
        "sites and of customers' plants, and when the clocks change there; or write the days down "
        "in csctl.yaml with `freeze`, so that a newer library moves no old deadline. A year whose "
        "make-up days are not published yet is not written down.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl calendar show 2026\n"
        "  csctl calendar freeze 2026"
    ),
)
@click.argument("verb", type=click.Choice(["show", "freeze"]))
@click.argument("year", type=click.IntRange(2000, 2200))
@writing_options
@pass_desk
def command(desk: Desk, verb: str, year: int, dry_run: bool, no_commit: bool) -> int:
    """Show or freeze a year."""
    from csctl.rules.year_ahead import calendars_in_use

    customers = list(desk.reading.records("customer"))
    calendars = calendars_in_use(desk.store.repository.config, customers)
    if verb == "show":
        for country, calendar in calendars.items():
            _show(country, calendar, year)
        _show_sites(desk.store.repository.config, year)
        for name, zone in _zones(desk.store.repository.config, customers).items():
            _show_changes(name, zone, year)
        return 0
    from datetime import date

    ready = {c: each for c, each in calendars.items() if not each.is_provisional(date(year, 1, 1))}
    for country in sorted(calendars.keys() - ready.keys()):
        error = UsageError(
            _("The working days of {country} in {year} are not published yet.").format(
                country=country, year=year
            ),
            _("Come back when they are, with a newer holidays library."),
        )
        if not ready:
            raise error
        tell(error.message)
    return _freeze(desk, ready, year, dry_run=dry_run, no_commit=no_commit)


def _show(country: str, calendar: Calendar, year: int) -> None:
    from datetime import date

    off, worked = calendar.public(year)
    known = _("written down") if any(e.year == year for e in calendar.frozen) else _("library")
    if calendar.is_provisional(date(year, 1, 1)):
        known = _("provisional: the make-up working days are not published yet")
    say(f"{country} {year} — {known}")
    say(_("days off: {days}").format(days=" ".join(f"{each:%m-%d}" for each in sorted(off))))
    say(_("worked: {days}").format(days=" ".join(f"{each:%m-%d}" for each in sorted(worked))))


def _show_sites(config: Config, year: int) -> None:
    """Say what our plants have of their own, which wins over the country's days."""
    for site in config.sites.values():
        for text, days in (
            (_("days off of {site}: {days}"), site.calendar.days_off),
            (_("worked in {site}: {days}"), site.calendar.working_days),
        ):
            own = [f"{each:%m-%d}" for each in sorted(days) if each.year == year]
            if own:
                say(text.format(site=site.code, days=" ".join(own)))


def _zones(config: Config, customers: Iterable[Record]) -> dict[str, ZoneInfo]:
    """Return the time zones of our sites and of customers' plants, but those that are none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from csctl.record import rows

    found = {each.zone.key: each.zone for each in config.sites.values()}
    for customer in customers:
        for row in rows(customer.data.get("sites")):
            with contextlib.suppress(ZoneInfoNotFoundError, ValueError):  # CLK-ZONE says so
                name = str(row.get("zone") or config.site.zone.key)
                found[name] = ZoneInfo(name)
    return found


def _show_changes(name: str, zone: ZoneInfo, year: int) -> None:
    """Say which hour is lost and which comes twice, where the clocks change."""
    from csctl.times.moments import clock_changes

    for before, after in clock_changes(zone, year):
        words = {
            True: _("{zone}: {day} {before} → {after}, the time between is lost"),
            False: _("{zone}: {day} {before} → {after}, the time between comes twice"),
        }[after > before]
        until = f"{after:%H:%M}" if after.date() == before.date() else f"{after:%m-%d %H:%M}"
        say(words.format(zone=name, day=f"{before:%m-%d}", before=f"{before:%H:%M}", after=until))


def _freeze(
    desk: Desk, calendars: dict[str, Calendar], year: int, *, dry_run: bool, no_commit: bool
) -> int:
    from csctl.places import CONFIG
    from csctl.store import Change
    from csctl.times.publicdays import library_name
    from csctl.yamlfile import yamledit, yamlio

    before = desk.store.read_bytes(CONFIG)
    document = yamlio.load(before)
    added = []
    for country, calendar in calendars.items():
        name = f"{country}-{year}"
        if name in document.data.get("calendars", {}):
            continue
        off, worked = calendar.public(year)
        row: dict[str, Any] = {
            "source": library_name(),
            "days_off": [str(each) for each in sorted(off)],
            "working_days": [str(each) for each in sorted(worked)],
        }
        layout = yamlio.Layout((), {}, {})
        document = yamlio.load(yamledit.replace(document, ("calendars", name), row, layout))
        added.append(name)
    if not added:
        nothing(_("{year} is written down already.").format(year=year))
        return 0
    change = Change(CONFIG, before, document.text.encode())
    if dry_run:
        show_changes(desk, [change])
        return 0
    what = _("working days written down: {names}").format(names=", ".join(added))
    commit = desk.store.save(
        [change], f"{CONFIG}: calendar {', '.join(added)}", commit=not no_commit
    )
    done(_("{what} · saved{commit}").format(what=what, commit=f" ({commit[:8]})" if commit else ""))
    return 0
