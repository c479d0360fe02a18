"""The views of a work tree, one a kind, made when first asked for and of one snapshot."""

from __future__ import annotations

from csctl.git.snapshot import Pending, Snapshot
from csctl.index.cache import LostError, RepositoryCache
from csctl.index.facts import Facts
from csctl.index.view import View
from csctl.store import Store


class Views:
    """What is remembered of the records of a store; `find` says None where nothing helps."""

    def __init__(self, store: Store, cache: RepositoryCache, pending: Pending) -> None:
        self._store, self._cache = store, cache
        self._facts = Facts(store, cache)
        self._pending: Pending | None = pending
        self._folders = pending.folders
        self._snapshot: Snapshot | None = None
        self._views: dict[str, View | None] = {}

    def find(self, kind: str) -> View | None:
        """Return the view of a kind; None if its records are to be read from disk."""
        if kind not in self._views:
            self._views[kind] = self._open(kind)
        return self._views[kind]

    def lose(self, kind: str) -> None:
        """Ask the view of a kind no more: it is in trouble."""
        self._views[kind] = None

    def _open(self, kind: str) -> View | None:
        if self._pending is not None:
            self._snapshot, self._pending = self._pending.result(self._cache), None
        if self._snapshot is None or self._store.folder_of(kind) not in self._folders:
            return None
        try:
            return View(self._store, self._cache, self._facts, kind, self._snapshot)
        except LostError:
            return None
