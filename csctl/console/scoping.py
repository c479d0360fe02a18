"""What a report is limited to: which months, whose, and of what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from csctl.console.options import Desk
from csctl.console.output import tell
from csctl.errors import UsageError
from csctl.messages import _
from csctl.suggest import did_you_mean

if TYPE_CHECKING:
    from csctl.kpi.figures import Reckoning

# What complaints alone are told apart by, and its values where they are few.
FACETS: Final[Mapping[str, tuple[str, ...]]] = {
    "severity": ("major", "general"),
    "found": ("0km", "field"),
}


def period_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Choose the months: one, or those of a year."""
    function = click.option("--year", default="", metavar="YYYY", help=_("That year so far."))(
        function
    )
    return click.option(
        "--month", default="", metavar="YYYY-MM", help=_("That month; else the last whole one.")
    )(function)


def customer_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Choose one customer."""
    return click.option("--customer", default="", help=_("Only that customer."))(function)


def this_month(desk: Desk) -> str:
    """Return the month it is at the company's own site."""
    return f"{desk.now.astimezone(desk.store.repository.config.site.zone):%Y-%m}"


def scope_of(desk: Desk, customer: str = "", **others: str) -> dict[str, str]:
    """Return what a report is limited to, each as the rows say it.

    `others` are `product`, `plant`, and what of complaints alone is told apart: `severity`,
    `defect`, `found`.
    """
    plant, sites = others.get("plant", ""), desk.store.repository.config.sites
    if plant and plant not in sites:
        raise UsageError(
            _("There is no site {name}.").format(name=plant), did_you_mean(plant, sites)
        )
    for name, choices in FACETS.items():
        value = others.get(name, "")
        if value and value not in choices:
            raise UsageError(
                _("{name} cannot be {value}.").format(name=name, value=value),
                did_you_mean(value, choices),
            )
    columns = {"product": "part", "plant": "site"}
    asked = {columns.get(name, name): value for name, value in others.items() if value}
    return {"customer": _customer(desk, customer), **asked} if customer else asked


def _customer(desk: Desk, start: str) -> str:
    """Return the one customer whose id begins so; UsageError if there is none, or several."""
    known = [each.id for each in desk.reading.records("customer")]
    found = [each for each in known if each == start]
    found = found or [each for each in known if each.startswith(start.upper())]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            _("{count} customers begin with {start}.").format(count=len(found), start=start),
            did_you_mean(start, found),
        )
    raise UsageError(
        _("There is no customer {name}.").format(name=start),
        did_you_mean(start, known) or "csctl customer list",
    )


def tell_unmet(reckoning: Reckoning) -> None:
    """Tell which part or defect was asked for and is in no row: perhaps it is mistyped."""
    unmet = reckoning.unmet()
    for column in sorted({"part", "defect"} & set(unmet)):
        known = unmet[column]
        name = reckoning.scope[column]
        tell(_("Nothing in {period} is about {name}.").format(period=reckoning.period, name=name))
        if hint := did_you_mean(name, known - {""}):
            tell(hint)
