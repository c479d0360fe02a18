"""Drafts an import map from the headings and the first rows of an old ledger."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from csctl.errors import UsageError
from csctl.kinds.field import Field, pick
from csctl.kinds.schema import Kind
from csctl.ledgers.cells import parse_number, shorten, text_of
from csctl.ledgers.importmap import KEPT
from csctl.ledgers.table import Row
from csctl.messages import _, language
from csctl.registration.answers import NO, YES
from csctl.registration.choices import fold
from csctl.yamlfile import yamltext
from csctl.yamlfile.yamlio import Layout

_TYPES: Final = frozenset(
    ("string", "text", "integer", "number", "boolean", "date", "datetime", "choice", "link")
)
_EXAMPLES: Final = 3
_MOST_VALUES: Final = 30
_DAY: Final = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})(?![0-9])(.*)")
_YEAR_FIRST: Final = re.compile(r"[12][0-9]{3}(?:[^0-9]|[0-9]{4}(?![0-9]))")
_CODE: Final = re.compile(r"[A-Za-z]{0,4}[0-9][A-Za-z0-9,;./-]*")
_TIMES: Final = {
    r"": "",
    r" +[0-9]{1,2}:[0-9]{2}": " %H:%M",
    r" +[0-9]{1,2}:[0-9]{2}:[0-9]{2}": " %H:%M:%S",
    r" +[0-9]{1,2}:[0-9]{2} ?[AaPp][Mm]": " %I:%M %p",
}


def suggest_map(
    headings: Sequence[str],
    rows: Sequence[Row],
    kind: Kind,
    source: str,
    words: Mapping[str, Any],
) -> str:
    """Return the YAML text of a map that fits the headings as far as they say what they are.

    `rows` are a sample. `words` are those of schemas/profiles/headings.yaml. Columns that fit no
    field stand there as comments, each with a few of its values.
    """
    number = _number_column(headings, rows, words["number"])
    samples = {heading: _sample(heading, rows) for heading in headings}
    found = {text for each in samples.values() for text in each}
    empty = [word for word in words["empty"] if word in found]
    samples = {heading: [t for t in each if t not in empty] for heading, each in samples.items()}
    open_ = {heading: each for heading, each in samples.items() if heading != number}
    matched = match_headings(open_, kind, words.get(kind.name, {}))
    if kind.code and number:
        matched[number] = "id"
    parts = [_head(kind, source, number)]
    if empty:
        parts += [
            _comment(_("What the ledger writes where there is nothing.")),
            _dump("empty", empty),
        ]
    parts += ["\n", "columns:" + ("" if matched else " {}") + "\n"]
    for heading in headings:
        if heading in matched:
            parts += _column(heading, matched[heading], samples[heading], kind)
        elif heading != number:
            shown = ", ".join(shorten(each) for each in samples[heading][:_EXAMPLES])
            parts.append(f"  # {_key(heading)}: …" + (f"  # {shown}\n" if shown else "\n"))
    return "".join(parts) + _open_fields(kind, set(matched.values()))


def match_headings(
    samples: Mapping[str, Sequence[str]], kind: Kind, synonyms: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Return heading -> address for the headings that name a field; each field once.

    `samples` holds some values of each column; a field whose type they do not have is not taken.
    Exact words go before a heading that merely contains them; among equals the synonyms' order
    decides, then the schema's.
    """
    names: dict[str, list[str]] = {address: list(each) for address, each in synonyms.items()}
    for field in kind.fields.values():  # inside maps labels are as plain as "name" and "date"
        if _is_column(field):
            name = field.address.replace("_", " ")
            names.setdefault(field.address, []).extend([name, *field.label.values()])
    ranked = []
    for order, (address, each) in enumerate(names.items()):
        folded = [plain for name in each if (plain := _plain(name))]
        for place, (heading, texts) in enumerate(samples.items()):
            score = _score(_plain(heading), folded)
            if score and _fits(kind.field(address), texts, kind):
                ranked.append((-score, order, place, heading, address))
    matched: dict[str, str] = {}
    for *_rank, heading, address in sorted(ranked):
        if heading not in matched and address not in matched.values():
            matched[heading] = address
    return {heading: matched[heading] for heading in samples if heading in matched}


def _fits(field: Field, texts: Sequence[str], kind: Kind) -> bool:
    """Tell whether a column with these values can be meant for a field of this type."""
    match field.type:
        case "integer" | "number":
            return sum(map(_is_number, texts)) * 2 >= len(texts)
        case "date" | "datetime":
            days = sum(1 for text in texts if _DAY.match(text) or _YEAR_FIRST.match(text))
            return days * 2 >= len(texts)
        case "boolean":
            return all(fold(text) in YES | NO for text in texts)
        case "text":
            return not texts or sum(1 for text in texts if _CODE.fullmatch(text)) * 2 < len(texts)
        case "choice":
            return len(texts) <= _MOST_VALUES or not _unknown_values(field, texts, kind)
        case _:
            return True


def _is_number(text: str) -> bool:
    try:
        parse_number(text, whole=False)
    except UsageError:
        return False
    return True


def _score(heading: str, names: Sequence[str]) -> float:
    """About 1 for the same word, the first names before the last; below 0.9 for a part of one."""
    if heading in names:
        return 1 - names.index(heading) / 1000
    best = 0.0
    for name in names:
        short, long = sorted((name, heading), key=len)
        if len(short) >= (4 if short.isascii() else 2) and short in long:
            best = max(best, 0.9 * len(short) / len(long))
    return best if best >= 0.45 else 0.0


def _is_column(field: Field) -> bool:
    return field.type in _TYPES and field.name not in KEPT and field.name != "id"


def _plain(text: str) -> str:
    """Return a heading as it is compared: no case, blanks, punctuation or bracketed remarks."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[(\[].*?[)\]]", "", text) or text
    return "".join(char for char in text if char.isalnum())


def _number_column(headings: Sequence[str], rows: Sequence[Row], words: Sequence[str]) -> str:
    """Return the heading of the column that numbers the rows, "" if there is none."""
    folded = [_plain(word) for word in words]
    named = sorted(
        (folded.index(_plain(heading)), place, heading)
        for place, heading in enumerate(headings)
        if _plain(heading) in folded
    )
    for _rank, _place, heading in named:
        values = [text_of(row.values.get(heading)) for row in rows if not row.problem]
        if all(values) and len(set(values)) == len(values):
            return heading
    return ""


def _sample(heading: str, rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(t for row in rows if (t := text_of(row.values.get(heading)))))


def _head(kind: Kind, source: str, number: str) -> str:
    title = _("Import map: what becomes of each column. Read it through before the first import.")
    lines = [_comment(title), _dump("kind", kind.name), _dump("source", source)]
    if number:
        lines.append(_dump("id_column", number))
    else:
        lines.append(_comment(_("No column numbers the rows; their whole content does.")))
    return "".join(lines)


def _column(heading: str, address: str, texts: Sequence[str], kind: Kind) -> Iterator[str]:
    field = kind.field(address)
    options: dict[str, Any] = {"field": address}
    comment = pick(field.label, language())
    if field.type == "link" and field.link == "customer":
        options["create"] = True
    if field.type in ("date", "datetime"):
        format_, doubt = _date_format(texts)
        comment += doubt
        if format_:
            options["date"] = format_
    unknown = _unknown_values(field, texts, kind)
    if unknown:
        yield f"  # {comment}: {', '.join(_choices(field, kind))}\n"
        yield f"  {_key(heading)}:\n    field: {address}\n    # values:\n"
        yield from (f"    #   {_key(each)}: …\n" for each in unknown)
    else:
        value: Any = options if len(options) > 1 else address
        yield _indent(_dump(heading, value).rstrip("\n"), comment)


def _unknown_values(field: Field, texts: Sequence[str], kind: Kind) -> list[str]:
    """Return the values of a column that are none of a field's choices, in any language."""
    choices = _choices(field, kind)
    words = [*choices, *(word for label in choices.values() for word in label.values())]
    known = {_plain(word) for word in words}
    return [each for each in texts if choices and _plain(each) not in known]


def _choices(field: Field, kind: Kind) -> Mapping[str, Mapping[str, str]]:
    if field.address == "stage":
        return {stage.name: stage.label for stage in kind.stages}
    return field.choices


def _date_format(texts: Sequence[str]) -> tuple[str, str]:
    """Return the format of dates that do not begin with the year, and a remark if it is a guess."""
    matches = [match for text in texts if (match := _DAY.fullmatch(text))]
    if not matches or any(_YEAR_FIRST.match(text) for text in texts):
        return "", ""
    month_first = any(int(match[3]) > 12 for match in matches)
    sure = month_first or any(int(match[1]) > 12 for match in matches)
    sign, year = matches[0][2], "%Y" if len(matches[0][4]) == 4 else "%y"
    order = ("%m", "%d", year) if month_first else ("%d", "%m", year)
    rest = matches[0][5]
    time = next((form for pattern, form in _TIMES.items() if re.fullmatch(pattern, rest)), "")
    doubt = "" if sure else " " + _("(day first is a guess: nothing in the sample shows it)")
    return sign.join(order) + time, doubt


def _open_fields(kind: Kind, filled: set[str]) -> str:
    """Return comments naming what a new record must have and no column gives."""
    required = kind.stages[0].requires if kind.stages else ()
    lines = []
    for each in required:
        field = kind.field(each.address)
        if any(address.partition(".")[0] == each.address for address in filled):
            continue
        choices = f"  # {', '.join(field.choices)}" if field.choices else ""
        lines.append(f"#   {each.address}: …{choices}\n")
    if not lines:
        return ""
    why = _("No column gives these; the same value for every row goes under `fixed`.")
    unknown = _("What nobody knows any more is {unknown: not in the old ledger}.")
    return f"\n{_comment(why)}{_comment(unknown)}# fixed:\n{''.join(lines)}"


def _comment(text: str) -> str:
    return f"# {text}\n"


def _dump(key: str, value: Any) -> str:
    return yamltext.dump({key: value}, Layout())


def _key(heading: str) -> str:
    return _dump(heading, 0).rpartition(":")[0]


def _indent(text: str, comment: str) -> str:
    first, newline, rest = text.partition("\n")
    lines = [f"  {first}  # {comment}\n"]
    lines += [f"  {line}\n" for line in rest.splitlines()] if newline else []
    return "".join(lines)
