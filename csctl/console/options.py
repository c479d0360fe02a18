"""Options that commands share, and what a command is invoked with."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from csctl.console.confidential import right_desk
from csctl.console.output import FORMATS, tell
from csctl.environment import environment
from csctl.errors import UsageError
from csctl.messages import _
from csctl.places import (
    RECORDS,
    find_numbered,
    find_repository,
    get_repository,
    ids_beginning,
    kind_headers,
    language_of,
    may_set,
    search_path,
)

if TYPE_CHECKING:
    from csctl.git.gitrepo import GitRepo
    from csctl.git.snapshot import Pending
    from csctl.index.cache import RepositoryCache
    from csctl.index.index import Index
    from csctl.index.views import Views
    from csctl.store import Store

Command = TypeVar("Command", bound=Callable[..., Any])


class Invocation(NamedTuple):
    """What stands before the command: `-C DIR`, `--now`, `--me`, `--no-input`, `--no-cache`.

    `at` is what -C would say to get where csctl went by itself: the confidential repository.
    """

    directory: Path
    now: datetime | None = None
    me: str = ""
    no_input: bool = False
    no_cache: bool = False
    at: str = ""

    @property
    def may_ask(self) -> bool:
        """Whether questions are allowed: a terminal to read from and one to show them on."""
        return not self.no_input and sys.stdin.isatty() and sys.stderr.isatty()


@dataclass(frozen=True)
class Desk:
    """The records repository at hand, who works at it, and when. What every command starts from."""

    invocation: Invocation
    _pending: list[Pending] = field(default_factory=list, repr=False, compare=False)

    @functools.cached_property
    def store(self) -> Store:
        """The records, opened when first asked for."""
        from csctl.repository import open_repository
        from csctl.store import Store

        return Store(open_repository(self.invocation.directory, cache=self.cache))

    @functools.cached_property
    def index(self) -> Index:
        """The index for a command that writes: a record asked for by name is read from disk."""
        from csctl.index.index import WritingIndex

        return WritingIndex(self.store, self.views)

    @functools.cached_property
    def cache(self) -> RepositoryCache:
        """What is remembered of the repository."""
        from csctl.index.cache import NO_CACHE, open_repository_cache

        root = find_repository(self.invocation.directory)
        if self.invocation.no_cache or root is None:
            return NO_CACHE
        opened = open_repository_cache(root)
        at_the_end(opened.close)
        return opened

    def look_ahead(self, *kinds: str) -> None:
        """Let git look for changes in the records of some kinds, of all if none is named.

        To be called as early as may be: while git looks, csctl gets ready. What was known before
        of the records is forgotten.
        """
        root = get_repository(self.invocation.directory)
        headers = kind_headers(search_path(root, "schemas"))
        known = [headers[each] for each in kinds or headers if each in headers]
        self.look_below(*(f"{RECORDS}/{each.get('folder')}" for each in known))

    @property
    def is_looking(self) -> bool:
        """Whether git was let look already, since the branch in use was chosen."""
        return bool(self._pending)

    def look_below(self, *folders: str) -> Pending | None:
        """Let git look for changes below some folders; None without a cache."""
        from csctl.git.snapshot import Pending

        for name in ("views", "index", "reading"):
            self.__dict__.pop(name, None)
        root = get_repository(self.invocation.directory)
        if self.invocation.no_cache:
            return None
        self._pending[:] = [Pending(root, folders)]
        at_the_end(self._pending[0].give_up)
        self._pending[0].get_going(self.cache)
        return self._pending[0]

    def look_back(self, record_id: str) -> tuple[str, GitRepo]:
        """Return the path of a record, and the repository, already asked for its history."""
        from csctl.git.lookback import LookBack

        root = get_repository(self.invocation.directory)
        asked = find_numbered(root, record_id)
        begun = LookBack(root, asked) if asked else None
        if begun is not None:
            at_the_end(begun.give_up)
        path = self.store.get_path(record_id)
        return path, begun if begun is not None and path == asked else self.store.repository.git

    @functools.cached_property
    def reading(self) -> Index:
        """The index for a command that writes nothing: it asks what is remembered first."""
        from csctl.index.index import Index

        return Index(self.store, self.views)

    @functools.cached_property
    def views(self) -> Views | None:
        """What is remembered of the records; None where nobody looked ahead or nothing is."""
        if not self._pending or not self.cache.works:
            return None
        from csctl.index.views import Views
        from csctl.times import publicdays

        publicdays.use_cache(self.cache)
        return Views(self.store, self.cache, self._pending[0])

    @functools.cached_property
    def now(self) -> datetime:
        """The time it is, in the site's zone, to the minute."""
        zone = self.store.repository.config.site.zone
        return self.instant.astimezone(zone)

    @functools.cached_property
    def instant(self) -> datetime:
        """The time it is, in any zone; the site's is asked for only where `--now` names none."""
        now = self.invocation.now or datetime.now(timezone.utc)
        return now if now.tzinfo else now.replace(tzinfo=self.store.repository.config.site.zone)

    @functools.cached_property
    def me(self) -> str:
        """The person record of who is at the desk; UsageError if git's e-mail is nobody's."""
        if self.invocation.me:
            found = self.reading.find(self.invocation.me)
            if found is None or found.kind.name != "person":
                raise UsageError(_("There is no person {id}.").format(id=self.invocation.me))
            return found.id
        _name, email = self.store.repository.git.user()
        for record in self.reading.records("person"):
            if email and str(record.value("email") or "").casefold() == email.casefold():
                return record.id
        raise UsageError(
            _("No person record has your e-mail address {email}.").format(email=email),
            _("Make yours with: csctl person new --set email={email}").format(email=email),
        )

    def reopen(self) -> None:
        """Forget what was read: another branch is in use now."""
        for name in ("store", "views", "index", "reading"):
            self.__dict__.pop(name, None)
        self._pending.clear()


def at_the_end(act: Callable[[], None]) -> None:
    """Do something when the command is over, however it ends."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.call_on_close(act)


def choose_language(arguments: Sequence[str]) -> str:
    """Return the language to speak: `--lang`, else the repository's, else the locale's."""
    options = _leading_options(arguments)
    if "--lang" in options:
        return options["--lang"]
    root = find_repository(Path(options.get("-C", ".")))
    configured = language_of(root) if root else ""
    return configured or _locale_language()


def _leading_options(arguments: Sequence[str]) -> dict[str, str]:
    """Return the options before the command; `render` has a `--lang` of its own."""
    options: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            break
        if name in ("-C", "--lang", "--color", "--now", "--me"):
            options[name] = value if equals else next(words, "")
    return options


def _locale_language() -> str:
    spoken = next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := environment(n))), "")
    if spoken.startswith(("zh_TW", "zh_HK")):
        return "zh-TW"
    return "zh" if spoken.startswith("zh") else "en"


def desk(context: click.Context) -> Desk:
    """Return the desk of an invocation, the same one for the whole process."""
    found = context.find_root().obj
    assert isinstance(found, Desk)
    return found


def pass_desk(command: Command) -> Command:
    """Hand the desk to a command as its first argument: that of the records it names."""

    @click.pass_context
    def wrapped(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        here = right_desk(context, desk(context), kwargs)
        return context.invoke(command, here, *args, **kwargs)

    return functools.update_wrapper(wrapped, command)  # type: ignore[return-value]


def complete_id(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Return the ids that begin with what was typed, for the shell."""
    root = find_repository(Path(context.find_root().params.get("directory") or "."))
    return [] if root is None else ids_beginning(root, incomplete)


def id_argument(command: Command) -> Command:
    """Take one record's id, or the beginning of it."""
    return click.argument("record_id", metavar="ID", shell_complete=complete_id)(command)


def ids_argument(*, required: bool) -> Callable[[Command], Command]:
    """Take several records' ids."""
    return click.argument(
        "record_ids", metavar="ID...", nargs=-1, required=required, shell_complete=complete_id
    )


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Choose how rows or findings are shown."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(formats or FORMATS),
        default="text",
        show_default=True,
        help=_("How to show it."),
    )


def side_options(command: Command) -> Command:
    """Choose whose version counts where two people changed the same: `--mine`, `--theirs`."""
    command = click.option(
        "--theirs", multiple=True, metavar="ID:FIELD", help=_("Take theirs where both changed it.")
    )(command)
    return click.option(
        "--mine", multiple=True, metavar="ID:FIELD", help=_("Keep yours where both changed it.")
    )(command)


def writing_options(command: Command) -> Command:
    """Options of every command that writes; it works on the person's own branch."""
    command = click.option(
        "--no-commit", is_flag=True, help=_("Leave it in the work tree, uncommitted.")
    )(_at_own_desk(command))
    return click.option(
        "--dry-run", is_flag=True, help=_("Show what would be written, and write nothing.")
    )(command)


def _at_own_desk(command: Command) -> Command:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        # A command that shows unless told to write has `--write`.
        looks = (kwargs.get(each) for each in ("dry_run", "check", "suggest_map"))
        if kwargs.get("write", True) and not any(looks):
            context = click.get_current_context()
            go_to_own_branch(right_desk(context, desk(context), kwargs))
        return command(*args, **kwargs)

    return functools.update_wrapper(wrapped, command)  # type: ignore[return-value]


def go_to_own_branch(here: Desk) -> None:
    """Leave the main branch for the person's own before anything is read, if csctl.yaml says so."""
    root = find_repository(here.invocation.directory)
    if root is not None and not may_set(root, "desk"):  # git is to look at the files at once
        return
    if not here.store.repository.config.has_desks:
        return
    from csctl.sharing.desks import enter_desk

    try:
        me = here.me
    except UsageError:  # who makes the very record that says who he is, has no branch yet
        return
    line = enter_desk(here.store.repository.git, me)
    if line:
        here.reopen()
        tell(line)


def form_options(function: Command) -> Command:
    """Say in which language a form is, who gets it, and where it goes."""
    for option in (
        click.option("-o", "--output", type=click.Path(path_type=Path), help=_("File or folder.")),
        click.option(
            "--audience",
            type=click.Choice(["internal", "customer"]),
            default="internal",
            show_default=True,
            help=_("Who gets it: internal fields are never on a customer's form."),
        ),
        click.option(
            "--lang", "form_language", default="", metavar="LANG", help=_("zh, en, zh-TW, zh+en.")
        ),
    ):
        function = option(function)
    return function
