"""The verdicts on all records, asked for again where nothing changed and found anew elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from csctl.findings import Finding
from csctl.git.snapshot import Pending
from csctl.index.cache import LostError, RepositoryCache, SpoiledError
from csctl.verdicts.footing import Footing, look
from csctl.verdicts.kept import Answers, Kept

if TYPE_CHECKING:  # an answer that stands needs neither records nor rules
    from csctl.store import Store
    from csctl.verdicts.pool import Told


class Verdicts:
    """What `validation.check_repository` says of all records of a work tree.

    Each answer is None where what is remembered does not help.
    """

    def __init__(self, root: Path, cache: RepositoryCache, pending: Pending) -> None:
        self._root, self._cache = root, cache
        self._answers = Answers(root, cache)
        self._kept: Kept | None = None
        self._seen: Footing | None = None
        try:
            self._kept = self._answers.kept()
            known = self._kept.footing if self._kept else None
            if self._kept and pending.is_large:
                # Needed where anything changed; git looks longer than this takes.
                from csctl.kinds.fastshape import find_engine
                from csctl.verdicts import rechecking  # noqa: F401

                find_engine()
            self._seen = look(root, cache, pending, known)
        except LostError:
            return

    def kept(self, now: datetime) -> tuple[list[Finding], int] | None:
        """Return the findings that are kept and the number of records, if nothing changed."""
        if self._kept and self._seen and self._kept.stands(self._root, self._seen, now):
            return self._kept.findings(), self._kept.records
        return None

    def anew(
        self, store: Store, now: datetime, told: Told = lambda done, total: None
    ) -> tuple[list[Finding], int] | None:
        """Return the same, with all checked again whose verdict may differ, and keep it.

        `told` is told how many of how many steps are done, where there are very many.
        """
        if self._seen is None:
            return None
        from csctl.verdicts.rechecking import Recheck

        try:
            found = Recheck(store, now, self._cache, self._answers, self._seen, self._kept)
            return found.run(told)
        except LostError as error:
            if isinstance(error, SpoiledError):
                self._cache.give_up()
            return None
