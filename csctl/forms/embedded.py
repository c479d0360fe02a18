"""What a PDF carries inside: the record's YAML and digest, read without trusting the file."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from csctl.errors import CsctlError
from csctl.yamlfile import yamlio

# Our forms have a few hundred kilobytes; what is larger is hashed, not looked into.
LARGEST: Final = 64 * 1024 * 1024
_LARGEST_PART: Final = 8 * 1024 * 1024
_MOST_PARTS: Final = 32
_PART: Final = re.compile(
    rb"<<(?:(?!endobj|stream)[\s\S]){0,2000}?/Type\s*/EmbeddedFile\b"
    rb"(?:(?!endobj|stream)[\s\S]){0,2000}?>>\s*stream\r?\n"
)
_LENGTH: Final = re.compile(rb"/Length\s+([0-9]{1,9})(?!\s+[0-9]+\s+R)")


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was found: `data` of the YAML, the digest's record, sha256 and versions; "" for none.

    `problem` is why it cannot be trusted to be whole: not_pdf, too_large, encrypted, cut_short,
    damaged, nothing (no part of ours), several (two different ones).
    """

    data: Mapping[str, Any] | None = None
    record: str = ""
    sha256: str = ""
    made_with: tuple[str, ...] = ()
    problem: str = ""


def read_embedded(content: bytes) -> Embedded:
    """Return what a file carries. Nothing in it is run, followed or inflated beyond a bound.

    Embedded files are streams of their own in every PDF, however it was written, so that no
    table of the file needs to be believed to find them.
    """
    if b"%PDF-" not in content[:1024]:
        return Embedded(problem="not_pdf")
    if len(content) > LARGEST:
        return Embedded(problem="too_large")
    if b"/Encrypt" in content:
        return Embedded(problem="encrypted")
    whole = b"%%EOF" in content[-1024:]
    try:
        parts = list(_parts(content))
    except (zlib.error, ValueError):
        return Embedded(problem="damaged" if whole else "cut_short")
    digests = [each for part in parts if (each := _digest(part)) is not None]
    texts = [data for part in parts if (data := _record(part)) is not None]
    problem = "" if whole else "cut_short"
    if len(digests) > 1 or len(texts) > 1:
        problem = problem or "several"
    if not digests or not texts:
        problem = problem or ("damaged" if digests or texts else "nothing")
    digest: dict[str, Any] = digests[0] if digests else {}
    made_with = digest.get("made_with")
    return Embedded(
        data=texts[0] if texts else None,
        record=str(digest.get("record", "")),
        sha256=str(digest.get("sha256", "")),
        made_with=tuple(map(str, made_with)) if isinstance(made_with, list) else (),
        problem=problem,
    )


def _parts(content: bytes) -> Iterator[bytes]:
    """Yield the embedded files; ValueError or zlib.error for one that is not whole."""
    for number, match in enumerate(_PART.finditer(content)):
        if number >= _MOST_PARTS:
            raise ValueError("too many parts")
        length = _LENGTH.search(match[0])
        end = match.end() + int(length[1]) if length else content.find(b"endstream", match.end())
        if end < 0 or b"endstream" not in content[end : end + 16]:
            raise ValueError("no end of the part")
        part = content[match.end() : end]
        if b"/FlateDecode" in match[0]:
            inflate = zlib.decompressobj()
            part = inflate.decompress(part, _LARGEST_PART)
            if not inflate.eof:
                raise ValueError("a part that does not end")
        yield part


def _digest(part: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(part)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and {"record", "sha256"} <= set(data) else None


def _record(part: bytes) -> Mapping[str, Any] | None:
    try:
        data = yamlio.load(part).data
    except CsctlError:
        return None
    return data if {"schema", "id"} <= set(data) else None
