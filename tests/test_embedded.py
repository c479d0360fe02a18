"""What a PDF carries inside, read without trusting the file."""

from __future__ import annotations

import json
import zlib

import pytest

from csctl.forms.embedded import read_embedded

YAML = b"schema: 8d/1\nid: 8D-2026-0001\n"
DIGEST = json.dumps({"record": "8D-2026-0001", "sha256": "ab", "made_with": ["csctl 1"]}).encode()


def part(content: bytes, *, length: str = "", packed: bool = True) -> bytes:
    data = zlib.compress(content) if packed else content
    size = length or f"/Length {len(data)}"
    how = "/Filter/FlateDecode" if packed else ""
    head = f"9 0 obj\n<<{size}/Type/EmbeddedFile{how}/Params<</Size 3>>>>\nstream\n"
    return head.encode() + data + b"\nendstream\nendobj\n"


def pdf(*parts: bytes) -> bytes:
    return b"%PDF-1.7\n" + b"".join(parts) + b"startxref\n0\n%%EOF"


def test_yaml_and_digest_are_found() -> None:
    found = read_embedded(pdf(part(YAML), part(DIGEST, packed=False)))
    assert found.problem == ""
    assert found.data == {"schema": "8d/1", "id": "8D-2026-0001"}
    assert (found.record, found.sha256, found.made_with) == ("8D-2026-0001", "ab", ("csctl 1",))


def test_a_length_told_elsewhere_is_found_by_the_end() -> None:
    found = read_embedded(pdf(part(YAML, length="/Length 8 0 R", packed=False), part(DIGEST)))
    assert found.problem == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "not_pdf"),
        (b"PK\x03\x04", "not_pdf"),
        (pdf(), "nothing"),
        (pdf(part(b"hello"), part(b"[" * 5000), part(b"[1]")), "nothing"),
        (pdf(part(YAML)), "damaged"),
        (pdf(part(DIGEST)), "damaged"),
        (pdf(part(YAML), part(DIGEST), part(YAML)), "several"),
        (pdf(part(YAML), part(DIGEST), part(DIGEST)), "several"),
        (pdf(part(YAML), part(DIGEST))[:-5], "cut_short"),
        (pdf(part(YAML), part(DIGEST))[:120], "cut_short"),
        (pdf(part(YAML, length="/Length 999999"), part(DIGEST)), "damaged"),
        (pdf(part(YAML, length="/Length 8 0 R").replace(b"endstream", b"")), "damaged"),
        (pdf(part(YAML).replace(b"x\x9c", b"xx"), part(DIGEST)), "damaged"),
        (pdf(*[part(b"a")] * 40), "damaged"),
        (pdf(b"trailer <</Encrypt 3 0 R>>\n"), "encrypted"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(content: bytes, problem: str) -> None:
    assert read_embedded(content).problem == problem


def test_a_part_that_grows_without_bound_is_not_inflated() -> None:
    assert read_embedded(pdf(part(b"0" * 20_000_000), part(DIGEST))).problem == "damaged"


def test_versions_that_are_no_list_are_none() -> None:
    odd = json.dumps({"record": "8D-2026-0001", "sha256": "ab", "made_with": 3}).encode()
    assert read_embedded(pdf(part(YAML), part(odd))).made_with == ()
