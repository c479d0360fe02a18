"""Kinds of a repository's own that do not hold together: what is wrong, and on which line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Any, Final, NamedTuple

from csctl.errors import CsctlError, Misfit, UsageError, YamlError
from csctl.kinds.schema import Kind
from csctl.kinds.stages import Clock
from csctl.messages import _
from csctl.places import kind_headers
from csctl.suggest import did_you_mean

_FOLDER: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_PREFIX: Final = re.compile(r"[A-Z0-9]+")
_OF_KINDS: Final = frozenset(("x-kind", "x-prefix", "x-folder", "x-code"))
_LISTS: Final = ("x-sections", "x-stages", "x-milestones", "x-sends", "x-signoffs", "x-clocks")


class Unsound(NamedTuple):
    """A schema file of the repository that does not hold together.

    What is wrong with an `is_addition` leaves the kind as csctl ships it. Otherwise `folder` and
    `prefix` are those of records that nobody judges, "" where they are; with `stands` they are.
    """

    name: str
    file: str
    line: int
    message: str
    hint: str
    stands: bool
    is_addition: bool
    folder: str = ""
    prefix: str = ""

    def covers(self, path: str) -> bool:
        """Tell whether a record lies where nobody can judge it."""
        return bool(self.folder) and not self.stands and path.split("/")[1:2] == [self.folder]

    @property
    def error(self) -> CsctlError:
        """What is said to those who ask for the kind."""
        return CsctlError(f"{self.file}:{self.line}: {self.message}", self.hint)


def find_unsound(
    own: Path,
    shipped: Mapping[str, Mapping[str, str]],
    build: Callable[[str], Kind],
    read: Callable[[Path], Mapping[str, Any]],
) -> Iterator[Unsound]:
    """Yield what is wrong with the schema files in a folder, each once.

    `shipped` are the headers of the kinds csctl ships, `build` and `read` make a kind of its name
    and data of a file; CsctlError says why they cannot.
    """
    headers = kind_headers([own])
    taken = dict(shipped)
    for file in sorted(own.glob("*.yaml")):
        name, header = file.stem, headers.get(file.stem, {})
        others = {other: each for other, each in taken.items() if other != name}
        try:
            data = read(file)
            if name not in shipped and not _OF_KINDS & data.keys():
                continue  # shapes for others to refer to, or an addition to what is no kind
            check_form(name, data)
            if "x-extends" not in data:
                check_header(name, header, others)
            kind = build(name)
            check_words(name, kind.schema)
            check_links(kind, {*shipped, *headers}, build)
            check_clocks(kind, {**shipped, **headers}, build)
        except CsctlError as error:
            words = getattr(error, "words", ())
            clash = words[0] if words else ""
            # The place of what is no YAML stands before the message already.
            message = str(error.__cause__ if isinstance(error, YamlError) else error)
            yield Unsound(
                name, f"{own.name}/{file.name}", line_of(file, error), message, error.hint,
                name in shipped, name in shipped,
                "" if clash == "x-folder" else header.get("folder", ""),
                "" if clash == "x-prefix" else header.get("prefix", ""),
            )  # fmt: skip
            continue
        taken[name] = header or taken.get(name, {})
        if kind.prefix and not kind.stages:
            yield _without_stages(kind, own, file)


def _without_stages(kind: Kind, own: Path, file: Path) -> Unsound:
    message = _("The kind {name} has no stages: its records never end.").format(name=kind.name)
    hint = _("Add x-stages, at least one with a name and a label.")
    return Unsound(kind.name, f"{own.name}/{file.name}", 1, message, hint, True, False)


def check_header(
    name: str, header: Mapping[str, str], others: Mapping[str, Mapping[str, str]]
) -> None:
    """Raise Misfit unless name, folder and prefix are well formed and nobody else's."""
    # Modules of commands are named after them; the commands themselves stand far above.
    modules = (Path(__file__).parents[1] / "commands").glob("*.py")
    if name in {each.stem.rstrip("_") for each in modules}:
        raise Misfit(
            _("The kind {name} has the name of a command; csctl {name} is taken.").format(
                name=name
            ),
            _("Give it another name: in x-kind, and the file that is named after it."),
            words=("x-kind",),
        )
    folder, prefix = header.get("folder", ""), header.get("prefix", "")
    if header.get("kind") != name or not _FOLDER.fullmatch(folder):
        raise Misfit(
            _("The schema {name}.yaml needs 'x-kind: {name}' and an x-folder.").format(name=name),
            words=("x-kind" if header.get("kind") != name else "x-folder",),
        )
    if bool(prefix) == bool(header.get("code")) or (prefix and not _PREFIX.fullmatch(prefix)):
        raise Misfit(
            _("The schema {name}.yaml needs either an x-prefix or an x-code.").format(name=name),
            _("Numbered kinds have a prefix of capital letters, such as CC."),
            words=("x-prefix",),
        )
    for key in ("folder", "prefix"):
        for other, its in others.items():
            if header.get(key) and header[key] == its.get(key):
                raise Misfit(
                    _("The kinds {first} and {second} have the same {key}: {value}.").format(
                        first=other, second=name, key=f"x-{key}", value=header[key]
                    ),
                    words=(f"x-{key}",),
                )


def _is_party(value: Any) -> bool:
    fields = value.get("fields") if isinstance(value, dict) and "label" in value else None
    return isinstance(fields, list) and all(isinstance(each, str) for each in fields)


def check_links(kind: Kind, names: Set[str], build: Callable[[str], Kind]) -> None:
    """Raise Misfit where a link names no kind, or carries over what that kind does not have."""
    for field in kind.links():
        words = (*field.address.replace("[]", "").split("."), "x-link")
        link = str(field.schema["x-link"])
        if link not in names:
            raise Misfit(
                _("The field {field} links to {link}, which is no kind of records.").format(
                    field=field.address, link=link
                ),
                did_you_mean(link, names),
                words=words,
            )
        carried = () if field.row_of else set(field.carry.values()) - {"id"}
        try:
            linked = build(link) if carried else kind
        except CsctlError:  # which is said of that kind
            continue
        for source in carried:
            try:
                linked.field(source)
            except UsageError as error:
                raise Misfit(error.message, error.hint, words=(*words[:-1], source)) from error


def check_clocks(
    kind: Kind, headers: Mapping[str, Mapping[str, str]], build: Callable[[str], Kind]
) -> None:
    """Raise Misfit where a clock waits for what never comes: a report, records, or itself."""
    for clock in kind.clocks.values():
        words = ("x-clocks", clock.name)
        if _waits_for_itself(kind, clock):
            raise Misfit(
                _("The clock {clock} starts only once it is overdue itself.")
                .format(clock=clock.name),
                words=(*words, clock.or_overdue),
            )  # fmt: skip
        if sent := clock.stops.get("sent"):
            answering = [e for e, each in headers.items() if each.get("sends-for") == kind.name]
            sends = {*kind.sends, *(send for each in answering for send in build(each).sends)}
            if sent not in sends:
                raise Misfit(
                    _("The clock {clock} waits for the report {report}, which nobody sends.")
                    .format(clock=clock.name, report=sent),
                    did_you_mean(sent, sends), words=(*words, sent),
                )  # fmt: skip
        for linked in filter(None, (clock.stops.get("linked"), *clock.renewed)):
            name = str(linked.get("kind", ""))
            if name not in headers:
                raise Misfit(
                    _("The clock {clock} waits for records of {kind}, which is no kind.")
                    .format(clock=clock.name, kind=name),
                    did_you_mean(name, headers), words=(*words, name),
                )  # fmt: skip
            for address in (str(linked.get("field", "")), *linked.get("when", {})):
                try:
                    build(name).field(address)
                except UsageError as error:
                    raise Misfit(error.message, error.hint, words=(*words, address)) from error


def _waits_for_itself(kind: Kind, clock: Clock) -> bool:
    """Tell whether the clocks that start a clock, each overdue, lead back to it."""
    seen, other = {""}, clock.or_overdue
    while other not in seen:
        if other == clock.name:
            return True
        seen.add(other)
        other = kind.clocks[other].or_overdue
    return False


def check_form(name: str, data: Mapping[str, Any]) -> None:
    """Raise Misfit where a schema file is not made of the parts that kinds are made of."""
    for key in _LISTS:
        entries = data.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise _wrong_form(name, (key,), _("{key} is a list of maps").format(key=key))
    for section in data.get("x-sections", []):
        parties = section.get("parties", [])
        if not isinstance(parties, list) or not all(map(_is_party, parties)):
            raise _wrong_form(
                name,
                ("x-sections",),
                _("parties is a list of maps with a label and the names of fields"),
            )
    for address, fields in _properties("properties", data):
        words = tuple(address.split("."))
        if not isinstance(fields, dict):
            raise _wrong_form(name, words, _("properties is a map of fields"))
        for key, field in fields.items():
            if not isinstance(field, dict):
                raise _wrong_form(
                    name, (*words, key), _("the field {field} is a map").format(field=key)
                )


def _properties(address: str, data: Any) -> Iterator[tuple[str, Any]]:
    """Yield the maps of fields of a schema, at any depth."""
    if not isinstance(data, dict) or "properties" not in data:
        return
    yield address, data["properties"]
    if isinstance(data["properties"], dict):
        for key, field in data["properties"].items():
            yield from _properties(f"{address}.{key}.properties", field)


def _wrong_form(name: str, words: Sequence[str], what: str) -> Misfit:
    message = _("The schema {name}.yaml is not in the form of one: {why}.")
    return Misfit(message.format(name=name, why=what), words=tuple(words))


def check_words(name: str, schema: Mapping[str, Any]) -> None:
    """Raise Misfit where a schema says of values what is no JSON Schema.

    The words alone are looked at that schemas of kinds use: validators would take others as read.
    """
    for words, value in _wrong_words(schema):
        what = f"{'.'.join(words)}: {value!r}"
        raise _wrong_form(name, words, _("{what} says nothing of a value").format(what=what))


def _wrong_words(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in schema.items():
        if (fits := _FITS.get(key)) is not None and not fits(value):
            yield (key,), value
        elif key == "properties":
            for name, inner in value.items():
                yield from (((key, name, *words), wrong) for words, wrong in _wrong_words(inner))
        elif isinstance(value, dict) and key in ("items", "additionalProperties", "propertyNames"):
            yield from (((key, *words), wrong) for words, wrong in _wrong_words(value))


def _is_pattern(value: Any) -> bool:
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


def _is_type(value: Any) -> bool:
    return all(each in _TYPES for each in (value if isinstance(value, list) else [value]))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_TYPES: Final = ("string", "integer", "number", "boolean", "object", "array")
_FITS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "pattern": _is_pattern,
    "required": _are_names,
    "enum": lambda value: isinstance(value, list),
    "x-choices": lambda value: isinstance(value, dict),
    "items": lambda value: isinstance(value, dict),
    "additionalProperties": lambda value: isinstance(value, bool | dict),
    "uniqueItems": lambda value: isinstance(value, bool),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        _is_count,
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
}


def line_of(path: Path, error: CsctlError) -> int:
    """Return the line of a schema file that an error is about, 1 where nobody knows."""
    line: int = getattr(error, "line", 0)
    if line:
        return line
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 1
    position = 0
    for word in getattr(error, "words", ()):
        found = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])").search(text, position)
        position = found.start() if found else position
    return text.count("\n", 0, position) + 1
