"""`csctl form`: empty forms to print, for where there is no computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from csctl.console.options import Desk, form_options, pass_desk
from csctl.console.output import done, say
from csctl.errors import UsageError
from csctl.messages import _

if TYPE_CHECKING:
    from csctl.forms.audience import Audience
    from csctl.kinds.schema import Kind
    from csctl.record import Record


@click.command(
    "form",
    help=_(
        "Print an empty form: for the shop floor, and for whoever fills it in by hand.\n\n"
        "One form goes to stdout, or with -o to a file; several go to a folder. The form of a "
        "record is rendered with `csctl render`.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl form complaint --blank --to pdf -o complaint.pdf\n"
        "  csctl form 8d --blank --lang zh+en\n"
        "  csctl form complaint 8d customer --blank --to pdf -o forms/\n"
        "  csctl form survey-response --blank --for SV-2026-0002 --to pdf -o survey.pdf\n"
        "  csctl form survey-response --blank --for SV-2026-0002 --to xlsx -o survey.xlsx"
    ),
)
@click.argument("kinds", nargs=-1, required=True, metavar="KIND...")
@click.option("--blank", is_flag=True, help=_("Empty, to be filled in by hand."))
@click.option(
    "--to", "ending", type=click.Choice(["md", "pdf", "xlsx"]), default="md", show_default=True
)
@form_options
@click.option(
    "--for", "survey_id", default="", metavar="ID", help=_("With the questions of this survey.")
)
@pass_desk
def command(
    desk: Desk,
    kinds: tuple[str, ...],
    blank: bool,
    ending: str,
    form_language: str,
    audience: str,
    survey_id: str,
    output: Path | None,
) -> int:
    """Print empty forms."""
    from csctl.atomic import write_atomically
    from csctl.forms.model import languages

    if not blank:
        raise UsageError(
            _("Only empty forms are printed by their kind."),
            _("The form of a record: csctl render ID; an empty one: csctl form KIND --blank"),
        )
    store = desk.store
    spoken = languages(form_language or store.repository.config.form_language)
    wanted = [store.repository.schemas.kind(each) for each in kinds]
    if output is None and len(wanted) > 1:
        raise UsageError(_("Several forms need a folder."), _("Give one: -o FOLDER"))
    if output is None and ending != "md" and sys.stdout.isatty():
        raise UsageError(_("This form is no text."), _("Give a file: -o FILE"))
    survey = _get_survey(desk, kinds, survey_id) if survey_id else None
    whose: Audience = "customer" if audience == "customer" else "internal"
    for kind in wanted:
        content = (
            _workbook(desk, survey, spoken)
            if ending == "xlsx"
            else _printed(desk, kind, survey, spoken, whose, ending)
        )
        if output is None:
            if sys.stdout.isatty():
                say(content.decode().rstrip())
            else:
                sys.stdout.buffer.write(content)
            continue
        target = output / f"{kind.name}.{ending}" if len(wanted) > 1 or output.is_dir() else output
        write_atomically(target, content)
        done(str(target))
    return 0


def _printed(
    desk: Desk,
    kind: Kind,
    survey: Record | None,
    languages: tuple[str, ...],
    audience: Audience,
    ending: str,
) -> bytes:
    """Return a form to be filled in by hand, Markdown or PDF."""
    from csctl.forms.blank import build_blank
    from csctl.forms.publishing import publish_blank
    from csctl.forms.questionnaire import build_questionnaire

    store = desk.store
    form = (
        build_questionnaire(survey, store, languages)
        if survey
        else build_blank(kind, store, languages, audience)
    )
    return publish_blank(form, store, "pdf" if ending == "pdf" else "md")


def _workbook(desk: Desk, survey: Record | None, languages: tuple[str, ...]) -> bytes:
    from csctl.forms.questionnairesheet import build_plan, render_workbook

    if survey is None:
        raise UsageError(
            _("Only the questionnaire of a survey is filled in as a workbook."),
            _("Give its number: csctl form survey-response --blank --for SV-…"),
        )
    return render_workbook(build_plan(survey, desk.store, languages))


def _get_survey(desk: Desk, kinds: tuple[str, ...], survey_id: str) -> Record:
    survey = desk.store.get(survey_id)
    if kinds != ("survey-response",) or survey.kind.name != "survey":
        raise UsageError(
            _("Only the response to a survey is printed for one."),
            _("Give its number: csctl form survey-response --blank --for SV-…"),
        )
    return survey
