"""`csctl export`: a record in an open format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from csctl.console.options import Desk, id_argument, pass_desk
from csctl.console.output import done, say, tell
from csctl.errors import Refused
from csctl.kinds.schema import pick
from csctl.messages import _, language


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be exported, and how."""

    record_id: str
    complaint: str
    language: str
    output: Path | None


def _export_catenax(desk: Desk, wanted: Wanted) -> int:
    import json

    from csctl.atomic import write_atomically
    from csctl.interchange.exchangemap import load_exchange_map
    from csctl.interchange.outward import export_report

    store = desk.store
    record = store.get(wanted.record_id)
    table = load_exchange_map(store.repository.schemas, "catenax", record.kind.name)
    exported = export_report(
        record,
        desk.index,
        table,
        complaint=store.complete(wanted.complaint) if wanted.complaint else "",
        language=wanted.language,
    )
    if exported.missing:
        raise Refused(
            "\n  ".join(
                (
                    _("{id} is no {form} report without:").format(id=record.id, form="catenax"),
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
    if wanted.output is None:
        say(text)
    else:
        write_atomically(wanted.output, f"{text}\n".encode())
        done(str(wanted.output))
    return 0


TARGETS: Final[Mapping[str, Callable[[Desk, Wanted], int]]] = {"catenax": _export_catenax}


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
@click.option("--to", "target", type=click.Choice([*TARGETS]), required=True)
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
    target: str,
    complaint: str,
    text_language: str | None,
    output: Path | None,
) -> int:
    """Write a record in an open format."""
    return TARGETS[target](desk, Wanted(record_id, complaint, text_language or "en", output))
