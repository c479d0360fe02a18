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
        self._pending = pending
        self._is_supposing = False
        self._guess: Snapshot | None = None
        self._folders = pending.folders
        self._views: dict[str, View | None] = {}

    def find(self, kind: str) -> View | None:
        """Return the view of a kind; None if its records are to be read from disk."""
        if kind not in self._views:
            self._views[kind] = self._open(kind)
        return self._views[kind]

    def lose(self, kind: str) -> None:
        """Ask the view of a kind no more: it is in trouble."""
        self._views[kind] = None

    def suppose(self) -> None:
        """Suppose that no more differs from HEAD than the last time, until `was_right`."""
        self._is_supposing = True

    def was_right(self) -> bool:
        """Tell, as git says by now, whether what was answered since `suppose` is right.

        If not, the views are those of another work tree, and to be asked no more.
        """
        if self._guess is None:
            return True
        found, guess = self._pending.result(self._cache), self._guess
        return bool(found and found.trees == guess.trees and found.differing <= guess.differing)

    def _known(self) -> Snapshot | None:
        if self._is_supposing and self._guess is None:
            self._guess = self._pending.guess(self._cache)
            self._is_supposing = self._guess is not None
        return self._guess or self._pending.result(self._cache)

    def _open(self, kind: str) -> View | None:
        snapshot = self._known()
        if snapshot is None or self._store.folder_of(kind) not in self._folders:
            return None
        try:
            return View(self._store, self._cache, self._facts, kind, snapshot)
        except LostError:
            return None
