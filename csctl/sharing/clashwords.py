"""What two people made different, in the words of the form, and the commands that settle it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from csctl.kinds.field import pick
from csctl.messages import _
from csctl.record import Record, text_of
from csctl.sharing.joining import Clash
from csctl.trail.rows import label_of, value_words


def clash_lines(clash: Clash, language: str, command: str) -> Iterator[str]:
    """Yield one clash: which record, which field, yours, theirs, and how to choose in `command`."""
    if clash.why == "number":
        yield from _number_lines(clash, language)
        return
    if clash.why == "file" or clash.record is None:
        yield _("{file}: changed here and on the server, or taken out on one side").format(
            file=clash.path
        )
    else:
        kind, address = clash.record.kind, clash.address
        label = label_of(kind, address, language)
        yield f"{clash.record.id} · {label} [{address}]"
        nothing = _("(nothing)")
        mine = value_words(kind, address, clash.mine, language) or nothing
        theirs = value_words(kind, address, clash.theirs, language) or nothing
        yield "    " + _("yours: {value}").format(value=mine)
        yield "    " + _("on the server: {value}").format(value=theirs)
    name = shlex.quote(clash.name)
    yield "    " + _("To keep yours: {command}").format(command=f"{command} --mine {name}")
    yield "    " + _("To take theirs: {command}").format(command=f"{command} --theirs {name}")


def _number_lines(clash: Clash, language: str) -> Iterator[str]:
    mine, theirs = clash.mine, clash.theirs
    record_id = mine.id if isinstance(mine, Record) else clash.path
    yield _("{id} was given to two records:").format(id=record_id)
    for label, record in ((_("yours: {value}"), mine), (_("on the server: {value}"), theirs)):
        if isinstance(record, Record):
            yield "    " + label.format(value=_about(record, language))
    yield "    " + _("Give yours another number: {command}").format(
        command=f"csctl renumber {record_id}"
    )


def _about(record: Record, language: str) -> str:
    summary = text_of(record.value(str(record.kind.word("x-summary") or "id")), language)
    words = (pick(record.kind.short, language), summary)
    return " · ".join(each for each in words if each)
