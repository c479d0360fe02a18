"""What all records break, from what is remembered where that stands, else found anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csctl.console.options import Desk
from csctl.places import RECORDS, get_repository

if TYPE_CHECKING:
    from csctl.findings import Finding


def check_all(desk: Desk) -> tuple[list[Finding], int]:
    """Return the breaches of all records, and how many there are."""
    pending = desk.look_below(RECORDS)
    if pending is not None and desk.cache.works:
        from csctl.verdicts import Verdicts

        verdicts = Verdicts(get_repository(desk.invocation.directory), desk.cache, pending)
        # The records are opened only where one is to be read.
        found = verdicts.kept(desk.instant) or verdicts.anew(desk.store, desk.now)
        if found is not None:
            return found
    from csctl.rules.context import build_context
    from csctl.validation import check_repository

    return check_repository(desk.store, build_context(desk.store, desk.now))
