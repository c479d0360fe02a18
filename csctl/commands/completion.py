"""`csctl completion`: the completion script for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from csctl.messages import _


@click.command(
    "completion",
    help=_(
        "Print the completion script for a shell.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl completion bash >> ~/.bashrc\n"
        "  csctl completion zsh >> ~/.zshrc"
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print a completion script."""
    found = get_completion_class(shell)
    assert found is not None
    script = found(context.find_root().command, {}, "csctl", "_CSCTL_COMPLETE")
    click.echo(script.source())
    return 0
