"""The short menu of a bare `csctl` in a terminal."""

from __future__ import annotations

import click

from csctl.messages import _


def run_menu(context: click.Context) -> int:
    """Offer what people do most often, and run what is chosen."""
    from csctl.console.prompts import menu

    entries = [
        ("complaint new", _("Register a complaint")),
        ("due", _("What is due today")),
        ("find", _("Find a record")),
        ("complaint list", _("List the complaints")),
        ("-h", _("All commands")),
    ]
    chosen = menu(entries)
    if chosen is None:
        return 0
    if chosen == "find":
        wanted = click.prompt(_("Number, customer, part or a word"), err=True)
        words = ["show", wanted] if _is_id(context, wanted) else ["search", wanted]
    else:
        words = chosen.split()
    group = context.command
    assert isinstance(group, click.Group)
    with group.make_context("csctl", words, parent=None, obj=context.obj) as inner:
        inner.obj = context.obj
        result = group.invoke(inner)
    return result if isinstance(result, int) else 0


def _is_id(context: click.Context, text: str) -> bool:
    return context.obj.store.find(text.strip()) is not None
