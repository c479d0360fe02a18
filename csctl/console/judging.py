"""What all rules say of all records, asked for by commands: kept where nothing changed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from csctl.console.options import at_the_end
from csctl.console.progress import progress_bar
from csctl.git.snapshot import Pending
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
            from csctl.verdicts.verdicts import Verdicts

            verdicts = Verdicts(get_repository(desk.invocation.directory), desk.cache, pending)
            # The records are opened only where one is to be read.
            found = verdicts.kept(desk.instant) or verdicts.anew(desk.store, desk.now, told)
            if found is not None:
                return found
        from csctl.verdicts.judging import check_all as check_each

        return check_each(desk.store, desk.now, told)


def look_for_kept(desk: Desk) -> Callable[[], tuple[list[Finding], int] | None]:
    """Return what returns the same where it is remembered and nothing changed, else None.

    Git looks at the records meanwhile; nothing is checked.
    """
    root = get_repository(desk.invocation.directory)
    pending = None if desk.invocation.no_cache else Pending(root, (RECORDS,))
    if pending is not None:
        at_the_end(pending.give_up)

    @functools.cache  # git is asked once
    def kept() -> tuple[list[Finding], int] | None:
        if pending is None or not desk.cache.works:
            return None
        from csctl.verdicts.verdicts import Verdicts

        return Verdicts(root, desk.cache, pending).kept(desk.instant)

    return kept
