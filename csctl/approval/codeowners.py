"""Who approves which records, as git platforms read it: CODEOWNERS from roles and kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final

from csctl.index.index import Index
from csctl.kinds.field import pick
from csctl.kinds.schema import Kind
from csctl.places import RECORDS
from csctl.record import Record
from csctl.roles import role_of
from csctl.sharing.pipelines import PLATFORMS, Platform, read_template

_HEADER: Final = "CODEOWNERS"
_APPROVING: Final = ("reviewed", "approved")


def approving_roles(kind: Kind) -> tuple[str, ...]:
    """Return the roles that may approve records of a kind, in the order its schema names them.

    They are those of its reviewing and approving sign-offs and of its last stage; without
    sign-offs those of all its stages. () where the kind leaves it open.
    """
    signing = [each.roles for each in kind.signoffs.values() if each.step in _APPROVING]
    stages = [each.roles for each in kind.stages]
    named = [*signing, *stages[-1:]] if signing else stages
    return tuple(dict.fromkeys(role for roles in named for role in roles))


def render_codeowners(index: Index, platform: Platform, day: date) -> str:
    """Return the CODEOWNERS of a repository for a platform, as roles are held on `day`.

    The first line is for everything no later line names; it and kinds whose roles nobody with
    a handle holds fall to those who may approve most of the kinds that are signed.
    """
    repository = index.store.repository
    kinds = [repository.schemas.kind(name) for name in repository.schemas.names()]
    owned = {kind: _owners(index, approving_roles(kind), platform, day) for kind in kinds}
    owned = {kind: owners for kind, owners in owned.items() if owners}
    blocks = [read_template(repository.search_path("templates"), _HEADER).rstrip("\n")]
    default = _owners(index, _roles_of_most(kinds), platform, day)
    if default:
        blocks.append(_line(_everything_but(platform, owned), default))
    for kind, owners in owned.items():
        title = f"# {pick(kind.short, repository.config.language)}: "
        roles = ", ".join(approving_roles(kind))
        blocks.append(f"{title}{roles}\n{_line(_folder(platform, kind), owners)}")
    return "\n\n".join(blocks) + "\n"


def unowned(index: Index, platform: Platform, day: date) -> list[Kind]:
    """Return the kinds in use that nobody with a handle on the platform may approve."""
    store = index.store
    schemas = store.repository.schemas
    kinds = [schemas.kind(name) for name in schemas.names()]
    return [
        kind
        for kind in kinds
        if approving_roles(kind)
        and not _owners(index, approving_roles(kind), platform, day)
        and next(store.iter_paths(kind), None) is not None
    ]


def _roles_of_most(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """Return the roles that may approve the most kinds with sign-offs: settings are theirs too."""
    counted = Counter(role for kind in kinds if kind.signoffs for role in approving_roles(kind))
    most = max(counted.values(), default=0)
    return tuple(role for role, count in counted.items() if count == most)


def _owners(index: Index, roles: tuple[str, ...], platform: Platform, day: date) -> tuple[str, ...]:
    held = [each for each in index.records("person") if _is_active(each)]
    owners = {
        str(handle)
        for person in held
        if (handle := person.value(f"handles.{platform.name}")) and role_of(person, roles, day)
    }
    return tuple(sorted(owners, key=str.casefold))


def _is_active(person: Record) -> bool:
    return person.value("active") is not False and not person.outcome


def _line(pattern: str, owners: Iterable[str]) -> str:
    return " ".join((pattern, *(f"@{each}" for each in owners)))


def _folder(platform: Platform, kind: Kind) -> str:
    if platform is PLATFORMS["gitea"]:  # regular expressions over the whole path
        return f"{RECORDS}/{kind.folder}/.*"
    return f"/{RECORDS}/{kind.folder}/"


def _everything_but(platform: Platform, kinds: Iterable[Kind]) -> str:
    """Return the pattern of what no later line names; the last line that fits wins, but in Gitea
    all that fit count.
    """
    if platform is not PLATFORMS["gitea"]:
        return "*"
    folders = "|".join(kind.folder for kind in kinds)
    return f"!{RECORDS}/({folders})/.*" if folders else ".*"
