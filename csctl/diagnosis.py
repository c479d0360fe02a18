"""What an installation and a repository are like, and what is amiss with them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime

from csctl import __version__
from csctl.config import site_calendar
from csctl.errors import CsctlError
from csctl.forms.pdf import fonts_are_pinned, made_with
from csctl.git.gitrepo import GitRepo
from csctl.messages import _
from csctl.store import Store
from csctl.yamlfile.yamlparse import has_libyaml


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing looked at, whether it is as it should be, and the detail."""

    what: str
    good: bool
    detail: str


def diagnose(store: Store, now: datetime) -> list[Sign]:
    """Return what was found; the commit graph is brought up to date."""
    git = store.repository.git
    signs = [
        Sign("csctl", True, f"{__version__}, Python {sys.version.split()[0]}"),
        Sign(
            "libyaml",
            has_libyaml(),
            _("records are read by the C parser")
            if has_libyaml()
            else _("PyYAML was built without it; reading is ten times slower"),
        ),
        Sign(
            _("fonts"),
            fonts_are_pinned(),
            ", ".join(made_with())
            if fonts_are_pinned()
            else _("not those csctl pins: forms can be rendered, not sent"),
        ),
    ]
    signs.append(_identity(store))
    signs.append(_commit_graph(git))
    signs.append(_calendar(store, now))
    return signs


def _commit_graph(git: GitRepo) -> Sign:
    detail = _("has changed-path filters: a record's history is found at once")
    if git.head():
        try:
            git.write_commit_graph()
        except CsctlError as error:  # nobody may write there, or another git is at it
            detail = error.message
    return Sign(_("commit graph"), git.has_changed_paths() or not git.head(), detail)


def _identity(store: Store) -> Sign:
    try:
        name, email = store.repository.git.user()
    except CsctlError as error:
        return Sign(_("you"), False, f"{error.message} {error.hint}")
    return Sign(_("you"), True, f"{name} <{email}>")


def _calendar(store: Store, now: datetime) -> Sign:
    calendar = site_calendar(store.repository.config.site)
    year = now.year + (now.month == 12)
    missing = calendar.is_provisional(now.date().replace(year=year, day=1))
    return Sign(
        _("calendar"),
        not missing,
        _("the working days of {year} are not published here yet").format(year=year)
        if missing
        else _("the working days of {year} are known").format(year=year),
    )
