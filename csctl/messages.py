"""Text shown to people, through gettext; the English text is the message id."""

from __future__ import annotations

from typing import Final

from csctl.catalogue import Catalogue
from csctl.resources import builtin

LANGUAGES: Final = ("zh", "en", "zh-TW")
# What nobody has said in the words of Taiwan yet is said in those of the mainland.
_CATALOGUES: Final = {"zh": ("zh_CN",), "zh-TW": ("zh_TW", "zh_CN"), "en": ("en",)}


BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of a text, so that it reads as something else."""

# csctl's own words before click's, which are asked where it is click that speaks.
_DOMAINS: Final = ("csctl", "click")

_active: tuple[Catalogue, ...] = ()
_language: str = "en"


def use(language: str) -> None:
    """Show every later message in `language` (one of LANGUAGES; unknown ones are English)."""
    global _active, _language
    _language = language if language in LANGUAGES else "en"
    folders = [builtin("locale") / each / "LC_MESSAGES" for each in _CATALOGUES[_language]]
    files = [folder / f"{domain}.mo" for domain in _DOMAINS for folder in folders]
    _active = tuple(Catalogue(each) for each in files if each.is_file())


def language() -> str:
    """Return the language messages and labels are shown in."""
    return _language


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return next((found for each in _active if (found := each.find(text)) is not None), text)


def marked(text: str) -> str:
    """Return `text` as it is: it stands in a table and is looked up where it is shown."""
    return text


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that fits `count`."""
    for each in _active:
        if (found := each.find_plural(singular, count)) is not None:
            return found
    return singular if count == 1 else plural
