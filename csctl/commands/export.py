"""`csctl export`: a record in an open format."""

from __future__ import annotations

from pathlib import Path

import click

from csctl.console.options import Desk, id_argument, pass_desk
from csctl.console.output import done, say, tell
from csctl.errors import Refused
from csctl.kinds.schema import pick
from csctl.messages import _, language


@click.command(
    "export",
    help=_(
        "Write a record in an open format, and say what the format has no room for.\n\n"
        "It holds what the customer may see. catenax is the 8D report of Catena-X, "
        "io.catenax.report_8d 1.0.0, as JSON.\n\n"
        "\b\n"
        "Examples:\n"
        "  csctl export 8D-2026-0003 --to catenax\n"
        "  csctl export 8D-2026-0006 --to catenax --for CC-2026-0012 -o report.json"
    ),
)
@id_argument
@click.option("--to", "form", type=click.Choice(["catenax"]), required=True)
@click.option("--for", "complaint", default="", metavar="ID", help=_("Only that customer's data."))
@click.option(
    "--lang",
    "text_language",
    type=click.Choice(["zh", "en", "zh-TW"]),
    help=_("The language of texts that are there in several."),
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
@pass_desk
def command(
    desk: Desk,
    record_id: str,
    form: str,
    complaint: str,
    text_language: str | None,
    output: Path | None,
) -> int:
    """Write a record in an open format."""
    import json

    from csctl.interchange.exchangemap import load_exchange_map
    from csctl.interchange.outward import export_report
    from csctl.store import write_atomically

    store = desk.store
    record = store.get(record_id)
    table = load_exchange_map(store.repository.schemas, form, record.kind.name)
    exported = export_report(
        record,
        desk.index,
        table,
        complaint=store.complete(complaint) if complaint else "",
        language=text_language or "en",
    )
    if exported.missing:
        raise Refused(
            "\n  ".join(
                (
                    _("{id} is no {form} report without:").format(id=record.id, form=form),
                    *(f"{path} ← {source}" for path, source in exported.missing),
                )
            ),
            _("A customer's BPNL stands in his record: csctl set CODE --add {row}").format(
                row='\'external_ids={"system": "BPNL", "number": "BPNL…"}\''
            ),
        )
    for path in exported.blank:
        tell(_("empty: {path}").format(path=path))
    for path in exported.dropped:
        tell(_("left out: {path}: what it cannot be without is missing").format(path=path))
    for address in exported.lost:
        label = pick(record.kind.field(address).label, language())
        tell(_("no room: {address} ({label})").format(address=address, label=label))
    text = json.dumps(exported.report, ensure_ascii=False, indent=2)
    if output is None:
        say(text)
    else:
        write_atomically(output, f"{text}\n".encode())
        done(str(output))
    return 0
