"""Who the author of a commit is: the person whose record has his e-mail, or spells his name so."""

from __future__ import annotations

from typing import Any

from csctl.errors import CsctlError
from csctl.git.changeset import grep, mapped_user
from csctl.messages import _
from csctl.places import RECORDS
from csctl.record import Record
from csctl.rules.change import Author
from csctl.store import Store


class Authors:
    """The people of a repository as one commit has them, looked up by what git calls them.

    They are those of the main branch: a change does not vouch for its own authors. Only the
    records that hold an e-mail or a name are read.
    """

    def __init__(self, store: Store, rev: str) -> None:
        self._store = store
        self._rev = rev
        self._found: dict[tuple[str, str], Author] = {}

    def find(self, name: str, email: str) -> Author:
        """Return the author with a name and an e-mail as `.mailmap` has them.

        The e-mail decides; a name counts only where no record has the e-mail.
        """
        key = (name, email)
        if key not in self._found:
            self._found[key] = self._look_up(name, email)
        return self._found[key]

    def me(self) -> Author:
        """Return who works here; nobody where git does not know either."""
        try:
            return self.find(*mapped_user(self._store.repository.git))
        except CsctlError:
            return self.find("", "")

    def _look_up(self, name: str, email: str) -> Author:
        people = self._holding(name, email)
        by_email = [each for each in people if _wanted(email) & _addresses(each)]
        found = by_email or [each for each in people if _wanted(name) & _spellings(each)]
        if len(found) == 1:
            return Author(name, email, found[0])
        if found:
            names = ", ".join(each.id for each in found)
            return Author(name, email, None, _("that is {people} alike.").format(people=names))
        return Author(name, email, None, _("no person's record on the main branch has it."))

    def _holding(self, name: str, email: str) -> list[Record]:
        repository = self._store.repository
        folder = f"{RECORDS}/{repository.schemas.kind('person').folder}"
        paths = sorted(grep(repository.git, [email, name], folder, self._rev))
        people = []
        contents = repository.git.blobs([(self._rev, path) for path in paths])
        for path, content in zip(paths, contents, strict=True):
            try:
                people.append(self._store.build(path, content or b""))
            except CsctlError:
                continue
        return people


def _wanted(text: str) -> set[str]:
    return {text.casefold()} if text else set()


def _addresses(person: Record) -> set[str]:
    return _texts(person.value("email"), person.value("emails"), person.value("aliases"))


def _spellings(person: Record) -> set[str]:
    name = person.value("name")
    names = list(name.values()) if isinstance(name, dict) else [name]
    return _texts(*names, person.value("aliases"))


def _texts(*values: Any) -> set[str]:
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    return {each.casefold() for each in flat if isinstance(each, str)}
