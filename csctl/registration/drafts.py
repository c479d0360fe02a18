"""Answers given so far, kept in the git folder until their record is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from csctl.atomic import write_atomically
from csctl.errors import CsctlError, UsageError
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import layout
from csctl.suggest import did_you_mean
from csctl.yamlfile import yamlio, yamltext

_FOLDER: Final = Path("csctl", "drafts")


@dataclass(slots=True)
class Draft:
    """A registration under way: the answers, and the addresses asked so far, in order."""

    path: Path
    kind: Kind
    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What `--resume` calls it."""
        return self.path.stem

    def keep(self) -> None:
        """Write it as it is now, whole or not at all."""
        keys = yamlio.Layout(("kind", "asked", "answers"), {}, {"answers": layout(self.kind)})
        data = {"kind": self.kind.name, "asked": self.asked, "answers": self.answers}
        filled = {key: value for key, value in data.items() if value}
        write_atomically(self.path, yamltext.dump(filled, keys).encode())

    def remove(self) -> None:
        """Forget it: its record is written, or nobody wants it."""
        self.path.unlink(missing_ok=True)


def start_draft(common_dir: Path, kind: Kind, now: datetime) -> Draft:
    """Return a draft with a name of its own; nothing is on disk before it is kept."""
    stem = f"{kind.name}-{now:%Y%m%d-%H%M%S}"
    path = common_dir / _FOLDER / f"{stem}.yaml"
    number = 1
    while path.exists():
        number += 1
        path = path.with_name(f"{stem}-{number}.yaml")
    return Draft(path, kind)


def draft_names(common_dir: Path, kind: Kind) -> list[str]:
    """Return the names of the drafts of a kind, the newest first."""
    found = (common_dir / _FOLDER).glob(f"{kind.name}-*.yaml")
    own = [each for each in found if re.fullmatch(r"[-0-9]+", each.stem[len(kind.name) + 1 :])]
    return [each.stem for each in sorted(own, key=_age, reverse=True)]


def _age(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.stem


def get_draft(common_dir: Path, kind: Kind, name: str = "") -> Draft:
    """Return the draft called `name`, the newest without one; UsageError if there is none."""
    names = draft_names(common_dir, kind)
    if not names:
        raise UsageError(
            _("There is nothing to resume for {kind}.").format(kind=kind.name),
            _("Begin with: csctl {kind} new").format(kind=kind.name),
        )
    if name and name not in names:
        raise UsageError(
            _("There is no draft '{name}'.").format(name=name), did_you_mean(name, names)
        )
    path = common_dir / _FOLDER / f"{name or names[0]}.yaml"
    try:
        data = yamlio.load(path.read_bytes()).data
    except (OSError, CsctlError) as error:
        raise CsctlError(
            _("The draft {path} cannot be read: {why}").format(path=path, why=error),
            _("Begin anew: csctl {kind} new").format(kind=kind.name),
        ) from error
    return Draft(path, kind, dict(data.get("answers", {})), list(data.get("asked", [])))
