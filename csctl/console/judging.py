"""What all rules say of all records, asked for by commands: kept where nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from csctl.console.progress import progress_bar
from csctl.messages import _
from csctl.places import RECORDS, get_repository

if TYPE_CHECKING:
    from csctl.console.options import Desk
    from csctl.findings import Finding


def check_all(desk: Desk) -> tuple[list[Finding], int]:
    """Return the breaches of all records, and how many records there are."""
    pending = desk.look_below(RECORDS)
    with progress_bar(_("Checking")) as told:
        if pending is not None and desk.cache.works:
            from csctl.verdicts import Verdicts

            verdicts = Verdicts(get_repository(desk.invocation.directory), desk.cache, pending)
            # The records are opened only where one is to be read.
            found = verdicts.kept(desk.instant) or verdicts.anew(desk.store, desk.now, told)
            if found is not None:
                return found
        from csctl.judging import check_all as check_each

        return check_each(desk.store, desk.now, told)
