"""`csctl init`: make a records repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from csctl.approval.codeowners import render_codeowners, unowned
from csctl.atomic import write_atomically
from csctl.console.options import Desk, Invocation, desk, go_to_own_branch
from csctl.console.output import done, say, tell
from csctl.console.prompts import choose
from csctl.console.terminal import read_line
from csctl.errors import CsctlError, UsageError
from csctl.git import gitrepo
from csctl.git.gitrepo import GitRepo
from csctl.kinds.codes import propose_code
from csctl.kinds.field import pick
from csctl.kinds.schemaload import Schemas
from csctl.messages import _, language
from csctl.places import CONFIG, GIT_PLATFORMS, search_path
from csctl.registration.choices import Choice, pick_one
from csctl.scaffold import Setup, find_changes
from csctl.sharing.pipelines import PLATFORMS, Platform, files_of, find_pipeline, main_branch
from csctl.store import Change

_NONE = "none"


@click.command(
    "init",
    help=_(
        "Make a records repository here: an empty folder or an existing git repository.\n\n"
        "Asks for the company, its language and form numbers, and who you are. Files that are "
        "there already are kept; a second run changes nothing.\n\n"
        "--ci adds what a git platform runs and shows: the check of every change, forms as PDF, "
        "what is due every day, templates, CODEOWNERS. Files of your own are kept.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl init\n"
        "  csctl init --company 'Example Ltd' --profile own --no-input\n"
        "  csctl init --ci gitlab\n"
        "  csctl init --signing ssh"
    ),
)
@click.option("--company", default="", help=_("The company's name, as forms print it."))
@click.option("--language", "spoken", default="", help=_("Its language: zh, en or zh-TW."))
@click.option("--profile", default="", help=_("Whose form numbers: QJL, ULMT, MS, C9, LAB or own."))
@click.option("--me-name", default="", help=_("Your name."))
@click.option("--me-code", default="", help=_("Your code, such as zhang-wei."))
@click.option("--me-email", default="", help=_("Your e-mail address, also for git."))
@click.option("--me-role", default="", help=_("Your role, such as quality_engineer."))
@click.option(
    "--ci",
    type=click.Choice([*GIT_PLATFORMS, _NONE]),
    help=_(
        "Add a git platform's pipeline; none for a new repository on a server without a platform, "
        "where only signed sign-offs count."
    ),
)
@click.option(
    "--signing",
    type=click.Choice(["ssh"]),
    help=_(
        "Sign your commits with your SSH key (made if there is none) and name it in your record."
    ),
)
@click.option("--no-input", is_flag=True, help=_("Never ask."))
@click.option("--dry-run", is_flag=True, help=_("Show what would be written, and write nothing."))
@click.pass_context
def command(
    context: click.Context,
    /,
    no_input: bool,
    dry_run: bool,
    ci: str | None,
    spoken: str,
    signing: str | None,
    **given: str,
) -> int:
    """Make a records repository."""
    invocation = desk(context).invocation
    root, is_git = _find_root(invocation.directory.resolve())
    setup = None
    if not (root / CONFIG).is_file():
        asks = invocation.may_ask and not no_input
        setup = _setup({**given, "language": spoken}, _git_user(root), asks=asks)
        setup = replace(setup, signing=signing is not None, platform=ci or "")
    elif ci == _NONE:
        raise UsageError(
            _("{file} is there already; the platform is named in it.").format(file=CONFIG),
            _("Write into it: platform: {kind: none}"),
        )
    changes = find_changes(root, setup, _now(invocation))
    platform = PLATFORMS.get(ci or "")
    if dry_run:
        for change in changes:
            say(change.path)
        for path in _missing(root, platform) if platform else ():
            say(path)
        return 0
    _set_up(GitRepo(root) if is_git else gitrepo.init(root), setup, changes)
    added = _add_pipeline(desk(context), platform) if platform else []
    for path in [*(change.path for change in changes), *added]:
        say(path)
    if not (changes or added or signing):
        done(_("{folder} is set up already; nothing was changed.").format(folder=root))
        return 0
    if changes:
        done(_("{folder} is a records repository now.").format(folder=root))
    elif added:
        done(_("The pipeline for {platform} is in place.").format(platform=ci))
    if signing:
        _set_up_signing(desk(context))
    elif ci == _NONE:
        tell(_("Set up your signature: {command}").format(command="csctl init --signing ssh"))
    following = "csctl complaint new" if changes or not added else "git push"
    tell(_("Next: {command}").format(command=following))
    return 0


def _find_root(start: Path) -> tuple[Path, bool]:
    """Return the folder to set up, and whether it is a git repository already."""
    found = gitrepo.find_root(start)
    if found not in (None, start):
        raise UsageError(
            _("{folder} lies inside the git repository {root}.").format(folder=start, root=found),
            _("Go to its top folder, or make the records repository somewhere else."),
        )
    return start, found is not None


def _set_up(repository: GitRepo, setup: Setup | None, changes: list[Change]) -> None:
    """Write and commit what makes a records repository of a git repository."""
    if setup is not None:
        _set_user(repository, setup)
    for change in changes:
        write_atomically(repository.root / change.path, change.after)
    if changes:
        repository.commit([change.path for change in changes], _MESSAGE)
    if changes or not repository.has_changed_paths():
        repository.write_commit_graph()


def _missing(root: Path, platform: Platform) -> list[str]:
    """Return the paths of a platform's files that are not there yet."""
    paths = [*files_of(platform), platform.codeowners]
    return [each for each in paths if not (root / each).is_file()]


def _add_pipeline(desk: Desk, platform: Platform) -> list[str]:
    """Write and commit a platform's files that are not there yet; return their paths."""
    repository = desk.store.repository
    main = main_branch(repository.git)
    changes, kept = find_pipeline(repository.root, platform, main)
    if not (repository.root / platform.codeowners).is_file():
        text = render_codeowners(desk.index, platform, desk.now.date())
        changes.append(Change(platform.codeowners, None, text.encode()))
        for kind in unowned(desk.index, platform, desk.now.date()):
            tell(
                _("{kind}: nobody who may approve has a {platform} handle yet.").format(
                    kind=pick(kind.short, language()), platform=platform.name
                )
            )
    for path in kept:
        tell(_("{path} is there already, and was kept.").format(path=path))
    if changes:
        tell(_("It watches the branch {name}.").format(name=main))
    desk.store.save(changes, f"csctl init: pipeline for {platform.name}\n")
    return [change.path for change in changes]


_MESSAGE = "csctl init: records repository set up\n"


def _set_up_signing(desk: Desk) -> None:
    """Make or take the person's SSH key, tell git to use it, and name it in the record."""
    from csctl.approval.enrolment import enrol, take_key, use_key
    from csctl.casework.workflow import save

    go_to_own_branch(desk)
    person = desk.store.get(desk.me)
    public = take_key(Path.home(), str(person.value("email") or person.id))
    draft = enrol(person, public, desk.index, desk.now)
    use_key(desk.index, public)
    if draft.changes:
        save(desk.store, draft, commit=True)
    done(_("Commits here are signed with {file} from now on.").format(file=public))


def _now(invocation: Invocation) -> datetime:
    now = invocation.now or datetime.now(timezone.utc)
    return now if now.tzinfo else now.replace(tzinfo=timezone.utc)


def _git_user(root: Path) -> tuple[str, str]:
    """Return the name and e-mail git knows, ("", "") if it knows none."""
    try:
        return GitRepo(root).user()
    except CsctlError:
        return "", ""


def _set_user(repository: GitRepo, setup: Setup) -> None:
    """Tell git in this repository who works here, unless it knows."""
    if _git_user(repository.root) != (setup.name, setup.email):
        repository.config_set("user.name", setup.name)
        repository.config_set("user.email", setup.email)


def _setup(given: Mapping[str, str], user: tuple[str, str], *, asks: bool) -> Setup:
    schemas = Schemas(search_path(None, "schemas"))
    properties = schemas.flattened("config")["properties"]
    person = schemas.kind("person")
    answers = _Answers(asks=asks)
    company = answers.text("--company", given["company"], _("Company name"))
    spoken = answers.pick(given["language"], properties["language"], language())
    profiles = properties["numbering"]["properties"]["profile"]
    profile = answers.pick(given["profile"], profiles, "own")
    name = answers.text("--me-name", given["me_name"], _("Your name"), user[0])
    email = answers.text("--me-email", given["me_email"], _("Your e-mail address"), user[1])
    proposed = propose_code(person, name) or propose_code(person, email.partition("@")[0])
    code = answers.text("--me-code", given["me_code"], _("Your code (Latin letters)"), proposed)
    role = given["me_role"]
    if role:
        role = pick_one(_roles(schemas), role)
    elif asks:
        role = choose(_("Your role"), _roles(schemas))
    if answers.missing:
        raise UsageError(
            _("These are missing: {options}.").format(options=", ".join(answers.missing)),
            _("Give them as options, or start it in a terminal without --no-input."),
        )
    return Setup(company, spoken, profile, name, code, email, role)


def _roles(schemas: Schemas) -> list[Choice]:
    roles = schemas.profile("roles")["roles"]
    return [Choice(value, pick(label, language())) for value, label in roles.items()]


class _Answers:
    """What `init` needs to know: from options, else asked, else proposed, else missing."""

    def __init__(self, *, asks: bool) -> None:
        self._asks = asks
        self.missing: list[str] = []

    def text(self, option: str, given: str, label: str, proposed: str = "") -> str:
        """Return a line of text."""
        given = given.strip()
        while self._asks and not given:
            shown = f" [{proposed}]" if proposed else ""
            given = read_line(f"{label}{shown}: ").strip() or proposed
        given = given or proposed
        if not given:
            self.missing.append(option)
        return given

    def pick(self, given: str, schema: Mapping[str, Any], default: str) -> str:
        """Return one of the choices of a setting; the first shown is what Enter takes."""
        if given or not self._asks:
            return given or default
        choices = [
            Choice(value, pick(label, language()), (value,))
            for value, label in schema["x-choices"].items()
        ]
        choices.sort(key=lambda each: each.value != default)
        return str(choose(pick(schema["x-label"], language()), choices))
