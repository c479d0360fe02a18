"""What an answer was built on: the questions it took, and the time for which it holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


class Later(Exception):
    """What is asked for is known only when all records have been looked at."""


@dataclass(slots=True)
class Asked:
    """The trace of an answer: it is the same for as long as nothing noted here is different.

    `keys` name what was asked for, found or not:

    - `record:ID`: the record whose file is called ID, and whether there is one;
    - `links:ID:KIND`: which records of a kind name ID in a link field;
    - `group:NAME:KEY`: what stands in one group of a `Grouping`;
    - `kind:KIND`: every record of a kind;
    - `file:PATH`, `folder:PATH`: the bytes of a file, the names in a folder; paths from the root
      of the repository, with `/` and without `..`;
    - `history:PATH`: the commits, merges and tags that speak of a record and its attachments;
    - `merge:PATH`: whether a merge is under way, and what it says of a file.

    The answer holds for `since` <= now < `until`; None is no limit. What every answer is built
    on is not noted: csctl.yaml, the schemas and profiles, the language, csctl itself.
    """

    keys: set[str] = field(default_factory=set)
    since: datetime | None = None
    until: datetime | None = None

    def has_come(self, moment: datetime, now: datetime) -> bool:
        """Tell whether a moment is not after `now`, and note that this turns at the moment."""
        if moment <= now:
            if self.since is None or moment > self.since:
                self.since = moment
            return True
        if self.until is None or moment < self.until:
            self.until = moment
        return False

    def add(self, other: Asked) -> None:
        """Note what another answer, which this one uses, was built on."""
        self.keys |= other.keys
        if other.since is not None and (self.since is None or other.since > self.since):
            self.since = other.since
        if other.until is not None and (self.until is None or other.until < self.until):
            self.until = other.until

    def holds(self, now: datetime) -> bool:
        """Tell whether time alone leaves the answer as it is."""
        return (self.since is None or self.since <= now) and (
            self.until is None or now < self.until
        )
