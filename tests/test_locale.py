"""The message catalogues: complete, without stale entries, compiled, their placeholders kept."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).parent.parent / "csctl"
LOCALE = PACKAGE / "locale"
KEYWORDS = {"_": None, "marked": None, "ngettext": (1, 2)}

Ids = frozenset[str | tuple[str, ...]]


def extracted() -> Ids:
    found = extract_from_dir(PACKAGE, method_map=[("**.py", "python")], keywords=KEYWORDS)
    return frozenset(
        tuple(message) if isinstance(message, list | tuple) else message
        for _path, _line, message, _comments, _context in found
    )


def catalogue(language: str, domain: str = "csctl") -> Catalog:
    path = LOCALE / language / "LC_MESSAGES" / f"{domain}.po"
    with path.open("rb") as file:
        return read_po(file)


def ids(messages: Catalog) -> Ids:
    return frozenset(
        tuple(each.id) if isinstance(each.id, list | tuple) else each.id
        for each in messages
        if each.id
    )


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{([a-z_]*)(?:[!:][^}]*)?\}", text))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_message_is_in_the_catalogue_and_no_other(language: str) -> None:
    known = ids(catalogue(language))
    assert extracted() - known == set(), "run the commands of CONTRIBUTING, then translate"
    assert known - extracted() == set(), "stale messages: run the commands of CONTRIBUTING"


@pytest.mark.parametrize("domain", ["csctl", "click"])
@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_every_message_is_translated_with_its_placeholders(language: str, domain: str) -> None:
    for message in catalogue(language, domain):
        if not message.id:
            continue
        assert not message.fuzzy, message.id
        originals = message.id if isinstance(message.id, list | tuple) else [message.id]
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        for text in texts:
            if not text and language == "zh_TW":
                continue  # said as in zh_CN
            assert text, f"not translated: {originals[0]}"
            assert placeholders(text) == placeholders(originals[-1]), text


@pytest.mark.parametrize("domain", ["csctl", "click"])
def test_taiwan_reads_no_simplified_characters(domain: str) -> None:
    """Which Big5, the characters of Taiwan, does not have; it need not say all that zh_CN does."""
    for message in catalogue("zh_TW", domain):
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        for letter in "".join(text or "" for text in texts if message.id):
            assert not "\u4e00" <= letter <= "\u9fff" or letter.encode("big5"), message.id


@pytest.mark.parametrize(
    ("language", "domain"),
    [
        ("zh_CN", "csctl"),
        ("zh_TW", "csctl"),
        ("en", "csctl"),
        ("zh_CN", "click"),
        ("zh_TW", "click"),
    ],
)
def test_the_compiled_catalogue_is_that_of_the_text(language: str, domain: str) -> None:
    buffer = io.BytesIO()
    write_mo(buffer, catalogue(language, domain))
    compiled = LOCALE / language / "LC_MESSAGES" / f"{domain}.mo"
    assert compiled.read_bytes() == buffer.getvalue(), "run pybabel compile"
