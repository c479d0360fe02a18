"""The head of an agreement: who makes it with whom, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from csctl.forms.wording import Wording
from csctl.kinds.field import Text

Model = dict[str, Any]


def with_parties(
    section: Mapping[str, Any],
    blocks: Iterable[Model],
    company: Text | str,
    wording: Wording,
) -> list[Model]:
    """Return the blocks of a section, first of them the parties that its schema names, if any.

    `parties` of a section are `{label, fields}` each; one that has `ours` begins with the name of
    our company. What they show is taken from where it stood.
    """
    rest = list(blocks)
    parties = section.get("parties", ())
    if not parties:
        return rest
    wanted = {name for party in parties for name in party["fields"]}
    found: dict[str, list[Model]] = {}
    kept = list(_without(rest, wanted, found))
    columns = [
        {
            "type": "fields",
            "address": "",
            "label": wording.label(party["label"]),
            "items": [
                *(_ours(company, wording) if party.get("ours") else ()),
                *(item for name in party["fields"] for item in found.get(name, ())),
            ],
        }
        for party in parties
    ]
    head = {"type": "group", "address": "", "label": [], "layout": {"parties": True}}
    return [{**head, "blocks": columns}, *kept]


def _ours(company: Text | str, wording: Wording) -> Iterator[Model]:
    label = wording.label(wording.words["company"])
    value = wording.text(company)
    yield {"address": "", "label": label, "value": value, "wide": False}


def _without(
    blocks: Sequence[Model], wanted: set[str], found: dict[str, list[Model]]
) -> Iterator[Model]:
    """Yield the blocks without what is wanted, which is put into `found` by its field."""
    for block in blocks:
        if block["type"] == "group" and block["address"] in wanted:
            inner = (each for part in block["blocks"] for each in part.get("items", ()))
            found[block["address"]] = list(inner)
        elif block["type"] != "fields":
            yield block
        else:
            for item in block["items"]:
                if item["address"] in wanted:
                    found[item["address"]] = [item]
            items = [each for each in block["items"] if each["address"] not in wanted]
            if items:
                yield {**block, "items": items}
