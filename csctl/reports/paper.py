"""A report on paper: PDF with the letterhead of the forms, and its figures inside as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from csctl.forms.blocks import View
from csctl.forms.model import Shared, build_form, numbering
from csctl.forms.pdf import made_with, render_pdf
from csctl.forms.wording import Wording
from csctl.messages import language
from csctl.record import Record
from csctl.reports.model import Report, as_data
from csctl.store import Store

TEMPLATE: Final = "report.typ"
_KIND: Final = "monthly-report"


def render_report(
    report: Report,
    store: Store,
    figures: Mapping[str, Any],
    *,
    record: Record | None = None,
    at: datetime,
) -> bytes:
    """Return a report as PDF; with a record its commentary and sign-offs stand at the end.

    `figures` are embedded as JSON. Errors as for pdf.render_pdf.
    """
    form = _form(report, store, record)
    form["report"] = as_data(report, store.repository.search_path("templates"))
    told = {"report": report.about, "figures": figures, "made_with": made_with()}
    return render_pdf(
        TEMPLATE,
        form,
        search_path=store.repository.search_path("templates"),
        photos={},
        attachments={"figures.json": json.dumps(told, ensure_ascii=False, indent=1)},
        timestamp=at,
    )


def _form(report: Report, store: Store, record: Record | None) -> dict[str, Any]:
    spoken = language()
    if record is not None:
        form = dict(build_form(record, store, View((spoken,), "internal", "")))
        # Its figures stand on the first page already.
        form["sections"] = [
            {**each, "blocks": [e for e in each["blocks"] if e["type"] == "table"]}
            if each["name"] == "trail"  # where it stands and our own notes are for the desk
            else each
            for each in form["sections"]
            if each["name"] != "figures"
        ]
        form["sections"] = [each for each in form["sections"] if each["blocks"]]
        return form
    shared = Shared(store)
    words, names = shared.words, shared.names(spoken)
    wording = Wording((spoken,), words, store.repository.config.site.zone, names)
    declared = numbering(_KIND, store)
    return {
        "kind": _KIND,
        "id": "",
        "company": wording.label(store.repository.config.company),
        "languages": [spoken],
        "form": {
            "title": [report.title],
            "number": str(declared.get("number", "")),
            "revision": str(declared.get("revision", "")),
            "step": [],
        },
        "draft": False,  # nobody has to sign it
        "digest": "",
        "words": {key: wording.label(text) for key, text in words.items()},
        "sections": [],
        "signoffs": [],
    }
