"""A record's form as the file that people get: Markdown or PDF, for an audience, in a language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from csctl.approval.signoffs import digest
from csctl.forms.album import open_album
from csctl.forms.audience import visible
from csctl.forms.blocks import View
from csctl.forms.model import Shared, build_form, read_photos
from csctl.forms.rendering import find_template, render_markdown
from csctl.forms.wording import printable
from csctl.record import Record, layout
from csctl.store import Store
from csctl.times.moments import find_moment
from csctl.yamlfile import yamltext

Ending = Literal["md", "pdf"]
# What has no time of its own says this one, so that the same form gives the same bytes.
_NO_TIME: Final = datetime.fromisoformat("2000-01-01T00:00+00:00")


def publish(
    record: Record, store: Store, view: View, ending: Ending, shared: Shared | None = None
) -> bytes:
    """Return the form of a record as a file; `shared` spares many forms to read the same again.

    The PDF carries the record as its audience may see it, and the digest of the whole record.
    Errors as for forms.model.build_form, rendering.render_markdown and pdf.render_pdf.
    """
    form = build_form(record, store, view, shared)
    search_path = store.repository.search_path("templates")
    if ending == "md":
        return str(printable(render_markdown(form, search_path))).encode()
    from csctl.forms.pdf import (  # typst is large, and Markdown does without it
        made_with,
        render_pdf,
    )

    with open_album(shared.album if shared else None) as prepare:
        return render_pdf(
            find_template(record.kind.name, ".typ", search_path),
            form,
            search_path=search_path,
            photos=read_photos(form, record, store),
            attachments={
                f"{record.id}.yaml": audience_yaml(record, store, view),
                "digest.json": json.dumps(
                    {"record": record.id, "sha256": digest(record), "made_with": made_with()},
                    indent=1,
                ),
            },
            timestamp=timestamp(record),
            prepare=prepare,
        )


def publish_blank(form: Mapping[str, Any], store: Store, ending: Ending) -> bytes:
    """Return an empty form, as forms.blank.build_blank makes it, as a file.

    Errors as for rendering.render_markdown and pdf.render_pdf.
    """
    search_path = store.repository.search_path("templates")
    if ending == "md":
        return render_markdown(form, search_path).encode()
    from csctl.forms.pdf import render_pdf  # as above

    return render_pdf(
        find_template(str(form["kind"]), ".typ", search_path),
        form,
        search_path=search_path,
        photos={},
        attachments={},
        timestamp=_NO_TIME,
    )


def audience_yaml(record: Record, store: Store, view: View) -> str:
    """Return the record's YAML as its audience may see it."""
    seen = visible(record, store, audience=view.audience, complaint=view.complaint, send=view.send)
    return yamltext.dump(seen, layout(record.kind))


def timestamp(record: Record) -> datetime:
    """Return the time a PDF says it was made: the last sign-off's, else the record's own date.

    Never the time of rendering, so that the same record gives the same bytes.
    """
    signed = record.data.get("signoffs")
    times = [row.get("at") for row in signed.values()] if isinstance(signed, Mapping) else []
    found = [moment for each in times if (moment := find_moment(each)) is not None]
    if found:
        return max(found)
    started = find_moment(record.value(record.kind.date_field))
    return started or _NO_TIME
