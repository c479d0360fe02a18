"""`csctl KIND new`: register a record, asking what its schema says."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from csctl.casework import workflow
from csctl.casework.precedents import Precedent, find_precedents
from csctl.casework.standing import build_standing, severity_lines
from csctl.console.confidential import right_desk
from csctl.console.options import Desk, desk, go_to_own_branch
from csctl.console.output import say, tell
from csctl.console.prompts import ask_code, interview
from csctl.console.saving import check_new, finish, get_ready, must_be_clean, reserved_number
from csctl.errors import UsageError
from csctl.index.cache import NO_CACHE, RepositoryCache
from csctl.kinds.field import Field, pick
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.places import find_repository, kind_headers, search_path, short_word
from csctl.record import Record, put, text_of
from csctl.registration import beginning, drafts
from csctl.registration.answers import load_answers, parse_assignment
from csctl.registration.choices import Lookup
from csctl.registration.drafts import Draft
from csctl.registration.questions import Registration, assignment
from csctl.registration.registering import name_field, register
from csctl.registration.shapes import absolute_files
from csctl.rules.context import build_context


def new_command(kind_name: str, directory: Path) -> click.Command:
    """Build `new` for a kind; its schema is read only when its options are asked for."""
    return _New(kind_name, directory)


class _New(click.Command):
    """Registers a record; for each link that carries something over it has an option."""

    def __init__(self, kind_name: str, directory: Path) -> None:
        self._kind_name = kind_name
        self._schemas = search_path(find_repository(directory), "schemas")
        self._own_options: list[click.Parameter] | None = None
        header = kind_headers(self._schemas).get(kind_name, {"kind": kind_name})
        example = f"csctl {kind_name} new"
        super().__init__(
            "new",
            callback=functools.partial(_run, kind_name),
            params=_common_options(),
            help=_(
                "Register a {kind}: asks one question after the other.\n\n"
                "Every answer is kept at once; --resume goes on after an interruption. With --set, "
                "--from and --no-input it works without a terminal.\n\n"
                "\b\n"
                "Examples:\n"
                "  {example}\n"
                "  {example} --resume\n"
                "  {example} --no-input --from answers.yaml"
            ).format(kind=short_word(header, language()), example=example),
        )

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the common options, one for each link that carries, and --id for coded kinds."""
        if self._own_options is None:
            here = ctx.find_root().obj  # nobody's where the commands are only looked through
            self._own_options = self._build_options(here.cache if here else NO_CACHE)
        return [*self._own_options, *super().get_params(ctx)]

    def _build_options(self, cache: RepositoryCache) -> list[click.Parameter]:
        kind = Schemas(self._schemas, cache).kind(self._kind_name)
        headers = kind_headers(self._schemas)
        options: list[click.Parameter] = [
            click.Option(
                [f"--{field.link}", f"link_{field.name}"],
                metavar="ID",
                multiple=True,
                help=_("The {kind} it follows from; what is known there is taken over.").format(
                    kind=short_word(headers[field.link], language())
                ),
            )
            for field in _carrying(kind)
        ]
        if kind.code:
            options.append(
                click.Option(["--id", "code"], metavar="CODE", default="", help=_("Its code."))
            )
        return options


def _common_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--set", "assignments"],
            metavar="FIELD=VALUE",
            multiple=True,
            help=_("Answer a question; may be repeated."),
        ),
        click.Option(
            ["--from", "source"],
            metavar="FILE",
            type=click.File("rb"),
            help=_("Answers as a YAML or JSON map; - is standard input."),
        ),
        click.Option(["--no-input"], is_flag=True, help=_("Never ask.")),
        click.Option(
            ["--resume"],
            metavar="NAME",
            is_flag=False,
            flag_value="",
            default=None,
            help=_("Go on where an earlier registration stopped."),
        ),
        click.Option(["--dry-run"], is_flag=True, help=_("Show what would be written.")),
        click.Option(["--no-commit"], is_flag=True, help=_("Leave it uncommitted.")),
    ]


def _carrying(kind: Kind) -> list[Field]:
    fields = kind.fields.values()
    holders = {each.row_of.partition(".")[0] for each in fields}
    return [
        each
        for each in fields
        if each.link
        and (each.carry or each.implies or (each.row and each.row.carry) or each.name in holders)
    ]


def _run(
    kind_name: str,
    *,
    assignments: Sequence[str],
    source: Any,
    no_input: bool,
    resume: str | None,
    dry_run: bool,
    no_commit: bool,
    code: str = "",
    **links: Sequence[str],
) -> int:
    context = click.get_current_context()
    here = right_desk(context, desk(context), {})
    if not dry_run:
        go_to_own_branch(here)
    if not here.is_looking:
        here.look_ahead()
    kind = here.store.repository.schemas.kind(kind_name)
    get_ready(here, kind)
    registration = Registration(
        kind=kind,
        now=here.now,
        lookup=Lookup(here.index, lambda: here.me),
        me=_me(here, kind),
        carried=functools.partial(beginning.known, here.index, kind),
    )
    folder = here.store.repository.git.common_dir
    unfinished = drafts.draft_names(folder, kind)
    if resume is None:
        draft = drafts.start_draft(folder, kind, here.now)
    else:
        draft = drafts.get_draft(folder, kind, resume)
    _take_options(registration, draft, assignments, source, links)
    writing = _Writing(here, registration, draft, dry_run=dry_run, no_commit=no_commit)
    if no_input or not here.invocation.may_ask:
        return writing.unattended(code)
    if unfinished and resume is None:
        tell(_("An earlier registration was not finished. Go on with it:"))
        tell(f"  csctl {kind.name} new --resume {unfinished[0]}")
    return writing.interactive(code)


def _me(here: Desk, kind: Kind) -> str:
    """Return who registers; "" for somebody who makes the very record that says who he is."""
    try:
        return here.me
    except UsageError:
        if kind.name == "person":
            return ""
        raise


def _take_options(
    registration: Registration,
    draft: Draft,
    assignments: Sequence[str],
    source: Any,
    links: Mapping[str, Sequence[str]],
) -> None:
    """Put the answers given as options into the draft; the later one wins."""
    kind, now, lookup = registration.kind, registration.now, registration.lookup
    if source is not None:
        for address, value in load_answers(kind, source.read(), now=now, lookup=lookup).items():
            put(draft.answers, address, value)
    for text in assignments:
        put(
            draft.answers,
            *parse_assignment(kind, text, now=now, lookup=lookup, outside=True),
        )
    for option, ids in links.items():
        name = option.removeprefix("link_")
        if len(ids) > 1 and kind.fields[name].type != "list":
            raise UsageError(_("Only one {field} can be given.").format(field=name))
        if ids:
            text = f"{name}={','.join(ids)}"
            put(draft.answers, *parse_assignment(kind, text, now=now, lookup=lookup))
    for name, value in draft.answers.items():
        draft.answers[name] = absolute_files(kind.fields[name], value, Path.cwd())


@dataclass(frozen=True, slots=True)
class _Writing:
    """The rest of a registration: ask or fill in what is open, write, show what comes next."""

    here: Desk
    registration: Registration
    draft: Draft
    dry_run: bool
    no_commit: bool

    def interactive(self, code: str) -> int:
        """Ask what is open and write the record; an interruption leaves the draft."""
        kind, store = self.registration.kind, self.here.store
        with self._kept():
            schemas = store.repository.schemas
            interview(self.registration, self.draft, kinds=schemas.kind, create=self._create)
            if kind.code and not code:
                name = text_of(self.draft.answers.get(name_field(kind)), language())
                code = ask_code(kind, name, lambda each: store.check_code(kind, each))
            self.here.look_ahead()  # much may have changed while questions were asked
            return self._write(code)

    def unattended(self, code: str) -> int:
        """Write the record from what was given; UsageError names everything that is missing."""
        answers = self.draft.answers
        for address, value in self.registration.facts(answers).items():
            put(answers, address, value)
        wanted = [assignment(each) for each in self.registration.missing(answers)]
        if self.registration.kind.code and not code:
            wanted.append("--id CODE")
        if wanted:
            raise UsageError(
                "\n  ".join((_("These answers are missing:"), *wanted)),
                _("Give them with --set or --from, or start it in a terminal without --no-input."),
            )
        return self._write(code)

    def _create(self, kind_name: str, name: str, code: str) -> str:
        """Make a record that an answer names for the first time; return its id."""
        store = self.here.store
        kind = store.repository.schemas.kind(kind_name)
        store.check_code(kind, code)
        if not self.dry_run:
            me, now = self.registration.me, self.registration.now
            with store.lock():
                made = register(store, kind, {name_field(kind): name}, me=me, now=now, code=code)
                workflow.save(store, made, commit=not self.no_commit)
            self.here.look_ahead()
            self.registration.lookup.refresh(self.here.index)
        return code

    def _write(self, code: str) -> int:
        registration, store = self.registration, self.here.store
        kind, answers, now = registration.kind, self.draft.answers, registration.now
        me = registration.me or code
        with store.lock():
            make = functools.partial(register, store, kind, answers, me=me, now=now)
            made = make(code=code)
            must_be_clean(check_new(self.here, made))
            # Numbers of this computer alone are as they were: they are given out under the lock.
            if kind.prefix and not self.dry_run and store.repository.config.numbers == "remote":
                number = reserved_number(self.here, kind, now.year)
                made = made if number == made.record.id else make(code=number)
            try:
                finish(self.here, made, dry_run=self.dry_run, no_commit=self.no_commit)
            finally:
                if (store.repository.root / made.record.path).is_file():
                    self.draft.remove()
        if not self.dry_run:
            say(made.record.id)
            for line in last_screen(self.here, made.record):
                tell(line)
        return 0

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Say how to go on if it ends before the record is written, whatever ends it."""
        try:
            yield
        finally:
            if self.draft.path.exists():
                kind, name = self.registration.kind.name, self.draft.name
                tell(_("What you answered is kept. Go on with:"))
                tell(f"  csctl {kind} new --resume {name}")


def last_screen(here: Desk, record: Record) -> Iterator[str]:
    """Yield what is computed from a new record, earlier cases like it, and the next command."""
    standing = build_standing(record, build_context(here.store, here.now, here.index))
    if standing.severity is not None:
        yield from severity_lines(standing.severity)
    for clock in standing.clocks:
        if clock.clock.scope == "customer":
            yield _("{what} is due {when}").format(
                what=pick(clock.clock.label, language()), when=f"{clock.due:%Y-%m-%d %H:%M}"
            )
    if "part" in record.kind.fields:
        for earlier in find_precedents(record, here.index, language(), limit=3):
            yield from _precedent_lines(earlier)
    yield _("Next: {command}").format(command=standing.next_command or f"csctl show {record.id}")


def _precedent_lines(earlier: Precedent) -> Iterator[str]:
    shared = {"part": _("same part"), "defect": _("same defect")}
    day = str(earlier.record.value("received_at") or "")[:10]
    common = ", ".join(shared[each] for each in earlier.shared)
    yield _("Earlier: {id} of {day} ({common})").format(
        id=earlier.record.id, day=day, common=common
    )
    if earlier.cause:
        yield "  " + _("cause: {text}").format(text=earlier.cause)
    if earlier.action:
        yield "  " + _("action: {text}").format(text=earlier.action)
    came_back = ", ".join(earlier.came_back)
    if came_back:
        yield "  " + _("came back: {ids}").format(ids=came_back)
    else:
        yield "  " + (_("still open") if earlier.is_open else _("not repeated"))
