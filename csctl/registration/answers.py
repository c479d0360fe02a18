"""What people type as an answer, as the value of a field: read by its type, checked at once."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from csctl.errors import UsageError
from csctl.kinds.addresses import look_up, split_address
from csctl.kinds.conformance import Problem, check_value
from csctl.kinds.field import ANSWERS, Field, answer_kind, pick
from csctl.kinds.schema import Kind
from csctl.messages import _, language
from csctl.record import put, with_row_ids
from csctl.registration.choices import Lookup, NothingFits, field_choices, fold, pick_one
from csctl.registration.shapes import main_key, takes_files
from csctl.suggest import did_you_mean
from csctl.times import moments
from csctl.times.timewords import in_common_era
from csctl.yamlfile import yamlio

# Typed words, whatever language csctl speaks; what it shows itself comes from the catalogues.
YES: Final = frozenset(("y", "yes", "true", "1", "是", "是的", "有", "对", "對"))
NO: Final = frozenset(("n", "no", "false", "2", "否", "不是", "没有", "沒有", "无", "無", "不"))
_UNKNOWN: Final = re.compile(
    r"(?:[?？]+|不清楚|不知道|不详|不詳|unknown)(?:[\s:：,，;；]+(?P<reason>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_SEPARATORS: Final = re.compile(r"[,;、，；\n]")
_ANY_LINE: Final = r"^[^\r\n]"  # how the pattern of a text without a form of its own begins
_LINES: Final = re.compile(r"[;；\n]")
_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
# What csctl itself keeps in a record; answers cannot set it.
_KEPT: Final = frozenset(
    ("schema", "id", "stage", "outcome", "origin", "cycles", "sent", "signoffs", "amendments")
)


def parse_unknown(text: str, *, allowed: bool) -> dict[str, str] | None:
    """Return {unknown: reason} for `?`, 不清楚 or `? reason`; None if `text` is an answer.

    Where it is not allowed, a bare `?` raises UsageError.
    """
    match = _UNKNOWN.fullmatch(text.strip())
    if match is None:
        return None
    reason = (match["reason"] or "").strip()
    if allowed:
        return {"unknown": reason or _("Not known yet.")}
    if reason:
        return None
    raise UsageError(_("This cannot be left open: it needs an answer."))


def parse_value(field: Field, text: str, *, now: datetime, lookup: Lookup) -> Any:
    """Return the value that `text` is for a field; UsageError with a sentence and a hint if none.

    `now` carries the site's zone. Nothing is checked here that the type does not say.
    """
    if broken := [each for each in text if _is_broken(each)]:
        raise UsageError(
            _("The answer holds a character that cannot be kept: {code}.").format(
                code=f"U+{ord(broken[0]):04X}"
            ),
            _("Type it again; the text must be UTF-8 without control characters."),
        )
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise UsageError(_("There is no answer."))
    match field.type:
        case "integer" | "number":
            return _parse_number(text, whole=field.type == "integer")
        case "boolean":
            return _parse_boolean(text)
        case "choice":
            return pick_one(field_choices(field), text)
        case "link":
            return _parse_link(field.link, text, lookup)
        case "datetime":
            text = in_common_era(text) if lookup.counts_roc_years else text
            moment = moments.parse_moment(text, now=now, zone=_zone(now))
            return moments.format_moment(moment)
        case "date":
            text = in_common_era(text) if lookup.counts_roc_years else text
            return moments.parse_day(text, now=now, zone=_zone(now)).isoformat()
        case "list" if field.row is not None:
            return with_row_ids(
                field,
                [
                    parse_value(field.row, t, now=now, lookup=lookup)
                    for t in split_list(field, text)
                ],
            )
        case "map":
            return _parse_map(field, text, now=now, lookup=lookup)
        case _:
            return text


def _is_broken(character: str) -> bool:
    if character in "\n\t":
        return False
    return unicodedata.category(character) in ("Cc", "Cs") or character == "\ufffd"


def _zone(now: datetime) -> ZoneInfo:
    assert isinstance(now.tzinfo, ZoneInfo), "the time at hand carries the site's zone"
    return now.tzinfo


def split_list(field: Field, text: str) -> list[str]:
    """Return the parts of an answer that names several things; prose and paths hold commas."""
    row = field.row or field
    main = row.fields.get(main_key(row), row)
    separators = _LINES if main.type in ("text", "file") else _SEPARATORS
    return [each.strip() for each in separators.split(text) if each.strip()]


def parse_number(text: str) -> int | None:
    """Return a whole number written in any digits of full or half width, None if it is none."""
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    return int(plain) if re.fullmatch(r"-?[0-9]{1,18}", plain) else None


def _parse_map(field: Field, text: str, *, now: datetime, lookup: Lookup) -> dict[str, Any]:
    """Return a map typed in one line: what stands for the whole, and beside it a phone, a number.

    A word with digits or @ goes to the first other key whose pattern it fits, else to the key
    that `x-number` names; where that holds numbers, it takes one that follows what it counts.
    """
    main = field.fields.get(main_key(field))
    if main is None:
        raise UsageError(_("{field} is a map: write it as JSON.").format(field=field.name))
    if main.type != "string":
        return {main.name: parse_value(main, text, now=now, lookup=lookup)}
    value: dict[str, Any] = {}
    words: list[str] = []
    for word in text.split():
        key = next((k for k in _coded_keys(field, word) if k not in (*value, main.name)), None)
        if key is None or (_is_number(field.fields[key]) and not words):
            words.append(word)
        else:
            value[key] = parse_value(field.fields[key], word, now=now, lookup=lookup)
    return {main.name: " ".join(words), **value} if words else value


def _coded_keys(field: Field, word: str) -> Iterator[str]:
    """Yield the keys of a map that a word with digits or @ may be for."""
    if not word.isascii() or not any(each.isdigit() or each == "@" for each in word):
        return
    for key, each in field.fields.items():
        pattern = str(each.schema.get("pattern", ""))
        is_own = each.type == "string" and key != "id" and not pattern.startswith(_ANY_LINE)
        if is_own and re.match(pattern, word):
            yield key
    key = str(field.schema.get("x-number", ""))
    if key and (not _is_number(field.fields[key]) or _NUMBER.fullmatch(word)):
        yield key


def _is_number(field: Field) -> bool:
    return field.type in ("integer", "number")


def _parse_number(text: str, *, whole: bool) -> int | float:
    number = parse_number(text)
    if number is not None:
        return number
    plain = unicodedata.normalize("NFKC", text).replace(" ", "")
    if not whole and re.fullmatch(r"-?[0-9]{0,18}\.[0-9]{1,18}", plain):
        return float(plain)
    raise UsageError(
        _("'{text}' is not a whole number.").format(text=text)
        if whole
        else _("'{text}' is not a number.").format(text=text),
        _("Write digits only, like 12."),
    )


def _parse_boolean(text: str) -> bool:
    word = fold(text)
    if word in YES:
        return True
    if word in NO:
        return False
    raise UsageError(_("'{text}' is neither yes nor no.").format(text=text), _("Answer y or n."))


def _parse_link(kind: str, text: str, lookup: Lookup) -> str:
    found = lookup.find(kind, text)
    if found:
        return found
    choices = lookup.choices(kind)
    try:
        return str(pick_one(choices, text))
    except NothingFits:
        near = did_you_mean(text, [str(each.value) for each in choices])
        make = _("Make it with: csctl {kind} new").format(kind=kind)
        raise NothingFits(
            _("There is no {kind} '{text}'.").format(kind=kind, text=text), f"{near} {make}".strip()
        ) from None


def check_answer(kind: Kind, address: str, value: Any) -> None:
    """Raise UsageError with the first thing wrong with a value, and the field's own hint."""
    for problem in _problems(kind, address, value):
        raise UsageError(problem.message, problem.hint)


def _problems(kind: Kind, address: str, value: Any) -> Iterator[Problem]:
    """Yield what is wrong; a map that is still being answered may lack keys."""
    field = kind.field(address)
    if field.type == "map" and isinstance(value, dict) and not answer_kind(value):
        for key, inner in value.items():
            if field.child(key) is None:
                message = _("{field} has no field '{key}'.").format(field=address, key=key)
                yield Problem((key,), message, did_you_mean(key, field.fields))
            else:
                yield from _problems(kind, f"{address}.{key}", inner)
    else:
        hint = pick(field.hint, language()) if field.hint else ""
        for each in check_value(kind, address, value):
            yield Problem(each.path, each.message, hint or each.hint)


def parse_assignment(
    kind: Kind, text: str, *, now: datetime, lookup: Lookup, outside: bool = False
) -> tuple[str, Any]:
    """Return address and checked value of `field=value`; UsageError where there is no such field.

    The value is read as it would be typed at a prompt; lists and maps may be JSON. With `outside`,
    files are named by paths, not by what they are called beside the record.
    """
    address, equals, typed = text.partition("=")
    address = address.strip()
    if not equals or not address:
        raise UsageError(
            _("'{text}' is not an assignment.").format(text=text),
            _("Write it like channel=phone."),
        )
    field = _settable(kind, address)
    value = _from_json(field, typed.strip())
    if value is None:
        value = parse_unknown(typed, allowed=field.may_be_unanswered)
    with _named(address):
        if value is None:
            value = parse_value(field, typed, now=now, lookup=lookup)
        if isinstance(value, list):
            value = with_row_ids(field, value)
        if not (outside and takes_files(field)):
            check_answer(kind, address, value)
    return address, value


@contextmanager
def _named(address: str) -> Iterator[None]:
    """Let an error name the field, since several may be set at once."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{address}: {error.message}", error.hint) from error


def _settable(kind: Kind, address: str) -> Field:
    field = kind.field(address)
    name = split_address(address)[0]
    if name in _KEPT and not field.schema.get("x-evolves"):
        raise UsageError(
            _("'{field}' is kept by csctl itself; it cannot be set.").format(field=name),
            did_you_mean(name, set(kind.fields) - _KEPT),
        )
    return field


def _from_json(field: Field, text: str) -> Any:
    """Return what JSON stands for where a list or map may be; None if the text is no JSON."""
    structured = field.type in ("list", "map")
    if not text.startswith(("[", "{") if structured else "{"):
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        if not structured:
            return None
        raise UsageError(
            _("{field}: the JSON is wrong: {why}.").format(field=field.name, why=error)
        ) from error
    is_answer = structured or field.is_translatable or any(each in value for each in ANSWERS)
    return value if is_answer else None


def load_answers(kind: Kind, source: bytes, *, now: datetime, lookup: Lookup) -> dict[str, Any]:
    """Return the checked answers in a YAML or JSON mapping; dotted addresses are fields too.

    Texts are read as they would be typed at a prompt wherever the field is no text itself;
    files are named by paths.
    """
    answers: dict[str, Any] = {}
    for address, value in _load_mapping(source).items():
        if address == "schema":
            continue
        field = _settable(kind, address)
        with _named(address):
            if isinstance(value, str) and field.type not in ("string", "text"):
                typed, allowed = value, field.may_be_unanswered
                value = parse_unknown(typed, allowed=allowed)
                value = value or parse_value(field, typed, now=now, lookup=lookup)
            if isinstance(value, list):
                value = with_row_ids(field, value)
            if not takes_files(field):
                check_answer(kind, address, value)
        put(answers, address, value)
    return answers


def _load_mapping(source: bytes) -> Mapping[str, Any]:
    if source.lstrip().startswith(b"{"):
        try:
            data: dict[str, Any] = json.loads(source.decode("utf-8-sig"))
        except ValueError as error:
            raise UsageError(_("The JSON is wrong: {why}.").format(why=error)) from error
        return data
    return yamlio.load(source).data


def drop(answers: dict[str, Any], address: str) -> None:
    """Forget the answer at an address, if there is one."""
    outer, _dot, last = address.rpartition(".")
    here = look_up(answers, outer) if outer else answers
    if isinstance(here, dict):
        here.pop(last, None)
