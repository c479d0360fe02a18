from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from csctl import messages
from csctl.resources import builtin
from csctl.suggest import did_you_mean


@pytest.fixture(autouse=True)
def english_again() -> Iterator[None]:
    yield
    messages.use("en")


@pytest.mark.parametrize(
    ("language", "shown"),
    [("zh", "没有"), ("zh-TW", "沒有"), ("en", "Nothing"), ("fr", "Nothing"), ("", "Nothing")],
)
def test_messages_come_in_the_language_in_use(language: str, shown: str) -> None:
    messages.use(language)
    assert messages._("Nothing found.").startswith(shown)
    assert messages.language() == (language if language in messages.LANGUAGES else "en")


def test_what_has_no_translation_stays_english() -> None:
    messages.use("zh")
    assert messages._("no such message") == "no such message"
    assert messages.marked("Set up") == "Set up"


def test_counted_messages() -> None:
    assert messages.ngettext("{n} error", "{n} errors", 1) == "{n} error"
    assert messages.ngettext("{n} error", "{n} errors", 2) == "{n} errors"
    messages.use("zh")
    assert messages.ngettext("{n} error", "{n} errors", 2) != "{n} errors"


def test_what_ships_with_csctl_is_found() -> None:
    assert (builtin("schemas") / "complaint.yaml").is_file()
    assert (builtin("templates")).is_dir()
    assert builtin("locale").parent.name == "csctl"
    assert builtin("schemas") == Path(messages.__file__).parent.parent / "schemas"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("complant", ["complaint", "customer"], "Did you mean complaint?"),
        ("GEE", ["geely-auto", "BYD"], "Did you mean geely-auto?"),
        ("xyz", ["b", "a"], "Known are: a, b."),
        ("xyz", [], ""),
        ("xyz", [str(n) for n in range(13)], ""),
    ],
)
def test_the_nearest_known_words(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint
