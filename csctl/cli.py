"""The command line: which command lives where, and the only boundary errors are caught at."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from csctl import __version__, messages
from csctl.console import helptext
from csctl.console.options import Command, Desk, Invocation, choose_language
from csctl.console.output import show_json, tell
from csctl.console.sections import SECTIONS
from csctl.environment import environment
from csctl.errors import CsctlError
from csctl.messages import _
from csctl.places import find_repository, kind_headers, search_path, short_word

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

BUG: Final = 70
INTERRUPTED: Final = 130
BROKEN_PIPE: Final = 141


class _PipeClosedError(Exception):
    """Nobody reads stdout any more; click would end with 1 over it, which means "no" with us."""


class _Listed(click.Group):
    """A group whose commands are completed and guessed by name, none of them imported."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin with what was typed."""
        from click.shell_completion import CompletionItem  # only for the shell

        names = [each for each in self.list_commands(ctx) if each.startswith(incomplete)]
        return [
            *(CompletionItem(each) for each in names),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer a mistyped command with the nearest ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from csctl.suggest import did_you_mean

            raise click.UsageError(
                "\n".join(
                    (
                        _("There is no command '{name}'.").format(name=args[0]),
                        did_you_mean(args[0], self.list_commands(ctx)),
                    )
                ).strip(),
                ctx,
            ) from None


class KindGroup(_Listed):
    """The commands of one kind: new, list, import."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Let git look at the records before `new` is built, which takes a while."""
        is_asked = not ctx.resilient_parsing and not {"-h", "--help"}.intersection(args)
        here = ctx.find_root().obj
        if is_asked and args[:1] == ["new"] and find_repository(here.invocation.directory):
            here.look_ahead()
        return super().resolve_command(ctx, args)

    def __init__(self, kind: str, help_text: str) -> None:
        super().__init__(kind, help=help_text)
        self.kind = kind

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs of a kind, in order of use."""
        return ["new", "list", "import"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build a verb of the kind when it is asked for."""
        if cmd_name == "new":
            from csctl.commands.new import new_command

            root = ctx.find_root().obj
            directory = root.invocation.directory if root else Path.cwd()
            return new_command(self.kind, directory)
        if cmd_name == "list":
            from csctl.commands.list import list_command

            return list_command(self.kind)
        from csctl.commands.import_ import import_command

        return import_command(self.kind) if cmd_name == "import" else None


class Csctl(_Listed):
    """The top group: commands by module name, and one group a kind."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _PipeClosedError from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the kinds, then the commands in order of use."""
        return [*_kinds(ctx), *(name for section in SECTIONS.values() for name in section)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command when it is asked for."""
        if any(cmd_name in section for section in SECTIONS.values()):
            module = importlib.import_module(f"csctl.commands.{cmd_name}")
            command: click.Command = module.command
            return command
        kinds = _kinds(ctx)
        return KindGroup(cmd_name, kinds[cmd_name]) if cmd_name in kinds else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in sections, in order of use, importing none of them."""
        with formatter.section(_("Records of a kind (new, list, import)")):
            formatter.write_dl(list(_kinds(ctx).items()))
        for title, commands in SECTIONS.items():
            with formatter.section(_(title)):
                formatter.write_dl([(name, _(text)) for name, text in commands.items()])


def _kinds(ctx: click.Context) -> dict[str, str]:
    start = Path(ctx.params.get("directory") or ".")
    headers = kind_headers(search_path(find_repository(start), "schemas"))
    return {name: short_word(header, messages.language()) for name, header in headers.items()}


def _parse_now(_context: click.Context, _option: click.Parameter, value: str | None) -> Any:
    if not value:
        return None
    try:
        now = datetime.fromisoformat(value)
    except ValueError:
        now = None
    if now is None or not 1900 < now.year < 3000:
        raise click.BadParameter(_("Write it like 2026-03-05T09:30+08:00."))
    return now


def _standing_before_the_command(command: Command) -> Command:
    """Give the group the options that hold for every command."""
    options = (
        click.option(
            "-C",
            "directory",
            type=click.Path(exists=True, file_okay=False),
            default=".",
            metavar="DIR",
            help=_("Work as if csctl had been started in DIR."),
        ),
        click.option(
            "--lang",
            type=click.Choice(messages.LANGUAGES),
            expose_value=False,
            help=_("Language of messages and labels."),
        ),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help=_("Colour the output (NO_COLOR is respected)."),
        ),
        click.option(
            "--now",
            metavar="TIME",
            envvar="CSCTL_NOW",
            callback=_parse_now,
            help=_("Judge clocks and stamp entries as at this time."),
        ),
        click.option("--me", metavar="PERSON", default="", help=_("Work as this person.")),
        click.option(
            "--no-input", is_flag=True, help=_("Never ask; fail where an answer is missing.")
        ),
        click.option(
            "--no-cache", is_flag=True, help=_("Read every file; use and keep nothing remembered.")
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def build_group() -> click.Group:
    """Build the top group, its help in the language in use."""

    @click.group(
        cls=Csctl,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        help=_(
            "Customer service and complaint control: every record a checked YAML file in git.\n\n"
            "\b\n"
            "Examples:\n"
            "  csctl complaint new\n"
            "  csctl due\n"
            "  csctl show CC-2026-0007"
        ),
    )
    @_standing_before_the_command
    @click.version_option(__version__, message="csctl %(version)s")
    @click.pass_context
    def group(
        context: click.Context,
        directory: str,
        color: str,
        now: datetime | None,
        me: str,
        no_input: bool,
        no_cache: bool,
    ) -> int:
        context.color = {"always": True, "never": False}.get(color)
        if context.color is None and environment("NO_COLOR"):
            context.color = False
        context.obj = Desk(Invocation(Path(directory), now, me, no_input, no_cache))
        return _menu(context) if context.invoked_subcommand is None else 0

    return group


def _menu(context: click.Context) -> int:
    if not context.obj.invocation.may_ask:
        click.echo(context.get_help())
        return 0
    from csctl.commands.menu import run_menu

    return run_menu(context)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run csctl; return the exit code. The console script's entry point."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    _open_closed_streams()
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Windows code pages and LANG=C cannot print Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")
    messages.use(choose_language(arguments))
    helptext.install()
    typed = " ".join(arguments)
    as_json = "--format json" in typed or "--format=json" in typed
    try:
        code = build_group().main(arguments, prog_name="csctl", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        tell(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        hint = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx else ""
        return _fail(error.format_message(), hint, error.exit_code, as_json)
    except CsctlError as error:
        return _fail(error.message, error.hint, error.exit_code, as_json)
    except (click.Abort, KeyboardInterrupt):
        tell(_("Interrupted."))
        return INTERRUPTED
    except _PipeClosedError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:  # a full disk, a folder nobody may read, a stream that was closed
        why = f"{error.strerror or error}" + (f" ({error.filename})" if error.filename else "")
        return _fail(_("The system refused: {why}.").format(why=why), "", 3, as_json)
    except RecursionError:
        return _fail(_("The input is nested too deeply."), "", CsctlError.exit_code, as_json)
    except Exception:  # the boundary: whatever comes here is a bug, and says so
        import traceback

        tell(traceback.format_exc())
        return _fail(
            _("This is a bug in csctl {version}.").format(version=__version__),
            _("Please report it with the lines above. Nothing more was written."),
            BUG,
            as_json,
        )
    return code if isinstance(code, int) else 0


def _open_closed_streams() -> None:
    """Put the null device where a stream was closed before csctl began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _fail(message: str, hint: str, code: int, as_json: bool) -> int:
    if as_json:
        show_json("", [{"message": message, "hint": hint, "exit_code": code}], ok=False, err=True)
        return code
    tell(_("Error: {message}").format(message=message), style={"fg": "red"})
    if hint:
        tell(f"    {hint}")
    return code


def run() -> None:
    """Run csctl and leave the process with its exit code."""
    gc.set_threshold(100_000, 50, 50)  # a process this short leaves little to be collected
    code = main()
    gc.freeze()  # and nothing at its end, where Python would look through all there is
    sys.exit(code)


if __name__ == "__main__":
    run()
