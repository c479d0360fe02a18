"""The verdicts on all records, asked for again where nothing changed and found anew elsewhere."""

from __future__ import annotations

from datetime import datetime

from csctl.cache import LostError, RepositoryCache
from csctl.findings import Finding
from csctl.footing import look
from csctl.git.snapshot import Pending
from csctl.kept import Answers
from csctl.store import Store


def check_remembered(
    store: Store, now: datetime, cache: RepositoryCache, pending: Pending
) -> tuple[list[Finding], int] | None:
    """Return what `validation.check_repository` returns for all records.

    None where what is remembered does not help.
    """
    answers = Answers(store, cache)
    try:
        kept = answers.kept()
        seen = look(store.repository.root, cache, pending, kept.footing if kept else None)
        if seen is None:
            return None
        if kept and kept.stands(store.repository.root, seen, now):
            return kept.findings(), kept.records
        from csctl.rechecking import Recheck  # an answer that stands asks no rule

        return Recheck(store, now, cache, answers, seen, kept).run()
    except LostError:
        return None
