"""`csctl rules`: explain the rules findings come from."""

from __future__ import annotations

import click

from csctl.console.options import format_option
from csctl.console.output import say, show_json, show_rows
from csctl.errors import UsageError
from csctl.messages import _


@click.command(
    "rules",
    help=_(
        "List the rules, or explain one with its clause and an example.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl rules\n"
        "  csctl rules 8D-CAUSE"
    ),
)
@click.argument("code", required=False)
@format_option()
def command(code: str | None, style: str) -> int:
    """Explain rules."""

    from csctl.rules.table import RULES
    from csctl.suggest import did_you_mean

    if code is None:
        rows = [
            {"code": rule.code, "level": rule.level, "title": _(rule.title)}
            for rule in RULES.values()
        ]
        headings = {"code": _("Rule"), "level": _("Level"), "title": _("What it asks")}
        show_rows("rules", rows, headings, style)
        return 0
    rule = RULES.get(code.upper())
    if rule is None:
        raise UsageError(
            _("There is no rule {code}.").format(code=code), did_you_mean(code.upper(), RULES)
        )
    if style != "text":
        row = {**rule._asdict(), "title": _(rule.title)}
        show_json("rules", [{**row, "explanation": _(rule.explanation)}])
        return 0
    say(f"{rule.code} · {rule.level} · {', '.join(rule.kinds) or _('every kind')} · {rule.clause}")
    say(_(rule.title))
    say()
    say(_(rule.explanation))
    if rule.example:
        say()
        say(_("Example of a breach:"))
        for line in rule.example.rstrip().splitlines():
            say(f"    {line}")
    return 0
