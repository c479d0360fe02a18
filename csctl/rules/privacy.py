"""Personal data and passwords where nobody looks for them."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from csctl.findings import Finding
from csctl.kinds.field import Field, answer_kind
from csctl.kinds.schema import Kind
from csctl.messages import _
from csctl.record import Record, is_step
from csctl.rules.context import Context
from csctl.rules.fields import breach, label_of, set_hint

# Whatever could be any of them. It begins with one set of characters, which `re` skips to fast.
# Nine digits after a hyphen are the number of a record; those of a bank card are more.
_LIKELY: Final = re.compile(
    "[A-Z0-9](?<![0-9A-Za-z].)(?:[A-HJ-NPR-Z0-9]{16}"
    "|(?<=[0-9])(?:(?<!-.)(?:[)]?[ -]?[0-9]){8}|(?:[)]?[ -]?[0-9]){15})"
    "|(?<=[A-Z])[A-D1289][0-9]{8})"
)
# Where one is likely, by the bytes of a file: many digits, with what stands between them left
# out, or many digits and capital letters.
_BETWEEN: Final = b" -)"
_NUMERALS: Final = b"0123456789"
_CAPITALS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DIGITS: Final = bytes.maketrans(_NUMERALS, b"0" * 10)
_SIGNS: Final = bytes.maketrans(_NUMERALS + _CAPITALS, b"0" * 36)
_MANY_DIGITS: Final = b"0" * 9
_MANY_SIGNS: Final = b"0" * 10
# Compiled where one is likely: most records hold none.
_PHONE: Final = (
    r"(?<![0-9A-Za-z.+-])(?<![0-9] )(?:"
    r"(?:[+]?86[ -]?)?1[3-9][0-9]([ -]?)[0-9]{4}\1[0-9]{4}"
    r"|09[0-9]{2}([ -]?)[0-9]{3}\2[0-9]{3}"
    r"|[(]?0[0-9]{2,3}(?:[)] ?|[ -])[0-9]{3,4}[ -]?[0-9]{4}"
    r"|[+][1-9][0-9]{0,2}(?:[ -]?[0-9]){8,12}"
    r")(?![ -]?[0-9A-Za-z])"
)
_IDENTITY_CARD: Final = (
    r"(?<![0-9A-Za-z])[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
# Of Taiwan's citizens and, with 8, 9 or a second letter, its residents.
_TAIWAN_ID: Final = r"(?<![0-9A-Za-z])[A-Z][A-D1289][0-9]{8}(?![0-9A-Za-z])"
# The last four of a VIN count vehicles.
_VIN: Final = r"(?<![0-9A-Za-z])[A-HJ-NPR-Z0-9]{13}[0-9]{4}(?![0-9A-Za-z])"
_BANK_CARD: Final = (
    r"(?<![0-9A-Za-z])(?:62|4[0-9]|5[1-5]|35)[0-9]{2}([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    r"(?:\1?[0-9]{3})?(?!\1?[0-9A-Za-z])"
)
_PASSWORD: Final = (
    r"(?:密码|密碼|口令|[Pp]assword) ?(?:[:：=]|是|为|為|is ) ?[!-~]{4,}|BEGIN [A-Z ]*PRIVATE KEY"
)
_SECRET: Final = tuple(map(str.encode, ("密", "口令", "assword", "PRIVATE KEY")))
_TAIWAN_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_TAIWAN_WEIGHTS: Final = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_LETTERS: Final = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))


def check_private(record: Record, context: Context) -> Iterator[Finding]:
    """Yield each text with personal data or a password, in a field not meant for such (`x-pii`).

    Numbers with a check digit are looked for everywhere, the others in people's own words only:
    elsewhere, eleven digits are a lot.
    """
    if not _is_likely(record):
        return
    for name, value in record.data.items():
        field = record.kind.fields.get(name)
        for held, address, what in _private(field, name, value) if field else ():
            yield breach(
                "PRIV-01", record, address,
                _("{label} holds what looks like {what}.").format(
                    label=label_of(record, held.address), what=what
                ),
                _("Git never forgets: leave it out, or keep it with the contact. {command}").format(
                    command=f"csctl edit {record.id}"
                    if answer_kind(value) else set_hint(record, address)
                ),
            )  # fmt: skip


def _is_likely(record: Record) -> bool:
    """Tell whether a line of the file holds any, other than one that is meant to."""
    content = record.document.text.encode(errors="surrogatepass")
    if any(each in content for each in _SECRET) and re.search(_PASSWORD, record.document.text):
        return True
    meant = _meant(record.kind)
    for line in _lines_with_numbers(content):
        named = line.lstrip(b" -").partition(b":")[0]
        if named not in meant and _has_number(line.decode(errors="surrogatepass")):
            return True
    return False


def _lines_with_numbers(content: bytes) -> Iterator[bytes]:
    """Yield the lines with many digits, whatever stands between them, or with a long code."""
    reduced = content.translate(_DIGITS, _BETWEEN)
    found = reduced.find(_MANY_DIGITS)
    lines = content.split(b"\n") if found >= 0 else []
    number = begin = 0
    while found >= 0:
        number += reduced.count(b"\n", begin, found)
        yield lines[number]
        begin = reduced.find(b"\n", found)
        found = reduced.find(_MANY_DIGITS, begin) if begin >= 0 else -1
    signs = content.translate(_SIGNS)
    found = signs.find(_MANY_SIGNS)
    while found >= 0:
        end = content.find(b"\n", found)
        yield content[content.rfind(b"\n", 0, found) + 1 : end if end >= 0 else None]
        found = signs.find(_MANY_SIGNS, end) if end >= 0 else -1


def _has_number(line: str) -> bool:
    """Tell whether a line holds a number of somebody."""
    return _LIKELY.search(line) is not None and bool(_what(line, is_prose=True))


@functools.lru_cache(maxsize=64)
def _meant(kind: Kind) -> frozenset[bytes]:
    """Return the names of fields that hold personal data wherever they stand in a kind."""
    named = {is_meant: set[str]() for is_meant in (True, False)}
    for field in kind.walk():
        named[bool(field.schema.get("x-pii"))].add(field.name)
    return frozenset(map(str.encode, named[True] - named[False]))


def _private(field: Field, address: str, value: Any) -> Iterator[tuple[Field, str, str]]:
    """Yield field, address and what it is, of each text that holds personal data."""
    if field.schema.get("x-pii"):
        return
    if isinstance(value, str):
        if what := _what(value, is_prose=field.is_translatable):
            yield field, address, what
    elif isinstance(value, list) and field.row is not None:
        for number, inner in enumerate(value):
            name = inner.get("id", number) if isinstance(inner, dict) else number
            yield from _private(field.row, f"{address}[{name}]", inner)
    elif isinstance(value, dict):
        said_instead = answer_kind(value)
        for key, inner in value.items():
            if said_instead and isinstance(inner, str) and (what := _what(inner, is_prose=True)):
                yield field, f"{address}.{key}", what
            elif (below := field.child(key)) is not None and is_step(key):
                yield from _private(below, f"{address}.{key}", inner)


def _what(text: str, *, is_prose: bool) -> str:
    """Return what kind of personal data a text holds, and how it ends; "" if none."""
    looked_for: list[tuple[str, Callable[[str], bool], str]] = [
        (_IDENTITY_CARD, _is_identity_card, _("the number of an identity card (…{end})")),
        (_VIN, _is_vin, _("a vehicle identification number (…{end})")),
    ]
    if is_prose:
        looked_for += [
            (_PHONE, bool, _("a telephone number (…{end})")),
            (_TAIWAN_ID, _is_taiwan_id, _("the number of an identity card (…{end})")),
            (_BANK_CARD, _is_bank_card, _("the number of a bank card (…{end})")),
            (_PASSWORD, bool, _("a password or key")),
        ]
    for pattern, holds, what in looked_for:
        for match in re.finditer(pattern, text):
            if holds(match[0]):
                return what.format(end=match[0][-2:])
    return ""


def _is_identity_card(number: str) -> bool:
    """Tell whether the check digit is right (GB 11643, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[-1].upper()


def _is_taiwan_id(number: str) -> bool:
    """Tell whether the check digit is right; the first letter stands for a number from 10 on."""
    second = _TAIWAN_LETTERS.find(number[1])  # of a letter, its unit counts
    digits = f"{_TAIWAN_LETTERS.index(number[0]) + 10}{second if second >= 0 else number[1]}"
    total = sum(
        int(digit) * weight
        for digit, weight in zip(digits + number[2:], _TAIWAN_WEIGHTS, strict=True)
    )
    return total % 10 == 0


def _is_vin(number: str) -> bool:
    """Tell whether it has letters and the right check digit in the ninth place (GB 16735)."""
    if number.isdigit():
        return False
    digits = (int(_VIN_LETTERS.get(each, each)) for each in number)
    total = sum(digit * weight for digit, weight in zip(digits, _VIN_WEIGHTS, strict=True))
    return "0123456789X"[total % 11] == number[8]


def _is_bank_card(number: str) -> bool:
    """Tell whether its digits check (Luhn, ISO/IEC 7812-1)."""
    digits = [int(each) for each in reversed(number) if each.isdigit()]
    doubled = (sum(divmod(2 * each, 10)) for each in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
