"""Whether the maps of a customer's own forms name fields and cells that are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from csctl.findings import Finding
from csctl.places import FORM_MAP
from csctl.record import Record
from csctl.rules.context import Check, Context


def check_maps(record: Record, context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the maps that lie beside a customer's record."""
    folder = record.attachment_folder()
    names = [each for each in context.list_files(folder) if each.endswith(FORM_MAP)]
    if names:
        from csctl.interchange.formmap import check_form_map  # XML and ZIP, which few need

        for name in names:
            yield from check_form_map(f"{folder}/{name}", context.read_file, context.schemas)


CHECKS: Final = (Check("customer", check_maps),)
