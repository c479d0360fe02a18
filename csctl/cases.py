"""What complaints are told by to be about the same, so that records can be found by it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from csctl.record import Record


def case_key(record: Record) -> str | None:
    """Return customer, part and defect of a complaint, None where one is not known."""
    part = record.data.get("part")
    held = part if isinstance(part, dict) else {}
    names = [held.get(key) for key in ("customer_part_no", "own_part_no", "name")]
    first = next((each for each in names if isinstance(each, str)), None)
    customer, code = record.data.get("customer"), record.data.get("defect_code")
    if isinstance(customer, str) and first is not None and isinstance(code, str):
        return json.dumps((customer, first, code))
    return None


KEYS: Final[Mapping[str, Callable[[Record], str | None]]] = {"case": case_key}
"""By the name of a grouping what every record in it has, so that the cache knows its groups."""
