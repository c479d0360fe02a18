"""The table by which a record and a report of an open format become each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from csctl.errors import CsctlError, UsageError
from csctl.kinds.addresses import find_row
from csctl.kinds.conformance import Shape, plain_schema
from csctl.kinds.field import answer_kind
from csctl.kinds.schemaload import Schemas
from csctl.messages import _

_FORMS: Final = {
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "phone": re.compile(r"[+]?[0-9 ]+"),
    "email": re.compile(r"[a-zA-Z0-9.!#$%&?*+/=^_`{|}~-]+@[a-zA-Z0-9-]+(?:[.][a-zA-Z0-9-]+)*"),
    "bpnl": re.compile(r"BPNL[a-zA-Z0-9]{12}"),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value of a report: where it comes from, and what stands where nothing is known."""

    sources: tuple[str, ...]
    form: str = ""
    blank: str | None = None
    needed: bool = False
    finds: bool = False
    out: bool = False
    of: str = ""
    choose: tuple[tuple[str, str], ...] = ()

    def addresses(self) -> Iterable[str]:
        """Return every address it is made from."""
        return (*self.sources, *(address for _value, address in self.choose if address))


@dataclass(frozen=True, slots=True)
class Rows:
    """One list of a report; see schemas/exchange/catenax-8d.yaml for the meaning of its parts."""

    each: tuple[str, ...]
    fields: Mapping[str, Leaf]
    when: str = ""
    key: str = ""
    needed: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class ExchangeMap:
    """A checked table."""

    name: str
    fields: Mapping[str, Leaf]
    lists: Mapping[str, Rows]
    always: tuple[str, ...]
    needs: Mapping[str, str]
    fill: Mapping[str, str]
    ignore: frozenset[str]

    def addresses(self) -> set[str]:
        """Return every address of a record that a report is made from."""
        leaves = [*self.fields.values()]
        leaves += [each for rows in self.lists.values() for each in rows.fields.values()]
        return {address for leaf in leaves for address in leaf.addresses()}


def load_exchange_map(schemas: Schemas, form: str, kind: str) -> ExchangeMap:
    """Load the table of a format and a kind.

    UsageError if the kind has none, CsctlError if it is not sound.
    """
    name = f"{form}-{kind}"
    data = schemas.exchange(name)
    if data is None:
        raise UsageError(
            _("There is no {form} report of a {kind}.").format(form=form, kind=kind),
            _("A table of one would be: schemas/exchange/{name}.yaml").format(name=name),
        )
    shape = Shape(plain_schema(schemas.flattened("exchange-map")))
    lists = data.get("lists", {})
    problems = [f"{'.'.join(map(str, p.path))}: {p.message}" for p in shape.check(data)]
    if not problems:
        problems = [
            _("{list} has no fields.").format(list=path)
            for path, each in lists.items()
            if not _fields_of(lists, each)
        ]
    if problems:
        raise CsctlError(
            _("The table exchange/{name}.yaml is not sound: {why}").format(
                name=name, why="; ".join(problems)
            )
        )
    return ExchangeMap(
        name=name,
        fields={path: _leaf(each) for path, each in data["fields"].items()},
        lists={path: _rows(each, _fields_of(lists, each)) for path, each in lists.items()},
        always=tuple(data.get("always", ())),
        needs=data.get("needs", {}),
        fill=data.get("fill", {}),
        ignore=frozenset(data.get("ignore", ())),
    )


def _fields_of(lists: Mapping[str, Any], source: Mapping[str, Any]) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = source.get("fields") or lists.get(source.get("like", ""), {}).get(
        "fields", {}
    )
    return fields


def _rows(source: Mapping[str, Any], fields: Mapping[str, Any]) -> Rows:
    return Rows(
        each=tuple(source["each"]),
        fields={name: _leaf(each) for name, each in fields.items()},
        when=source.get("when", ""),
        key=source.get("key", ""),
        needed=source.get("needed", False),
        named=source.get("named", False),
    )


def _leaf(source: Mapping[str, Any]) -> Leaf:
    sources = source.get("from", ())
    return Leaf(
        sources=(sources,) if isinstance(sources, str) else tuple(sources),
        form=source.get("as", ""),
        blank=source.get("blank"),
        needed=source.get("needed", False),
        finds=source.get("finds", False),
        out=source.get("out", False),
        of=source.get("of", ""),
        choose=tuple(source.get("choose", {}).items()),
    )


def step_into(value: Any, step: str) -> Any:
    """Return what one step of an address leads to: a key, `[row]`, or `[column=value]`."""
    if answer_kind(value):
        return None
    if not step.startswith("["):
        return value.get(step) if isinstance(value, Mapping) else None
    if not isinstance(value, list):
        return None
    column, equals, wanted = step[1:-1].partition("=")
    if equals:
        rows = (each for each in value if isinstance(each, Mapping))
        return next((each for each in rows if each.get(column) == wanted), None)
    index = find_row(value, step[1:-1])
    return None if index is None else value[index]


def join_steps(steps: Iterable[str]) -> str:
    """Return the address that steps make."""
    return "".join(each if each.startswith("[") else f".{each}" for each in steps).lstrip(".")


def formed(value: Any, form: str) -> str | float | None:
    """Return a text or number in the form a report asks for, None if it cannot have it."""
    if form == "number":
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    if form == "date":
        text = text[:10]
    elif form == "phone" and not re.search(r"[A-Za-z]", text):
        text = " ".join(re.sub(r"[^0-9+]+", " ", text).split())
    pattern = _FORMS.get(form)
    return text if text and (pattern is None or pattern.fullmatch(text)) else None
