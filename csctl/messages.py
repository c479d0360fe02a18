"""Text shown to people, through gettext; the English text is the message id."""

from __future__ import annotations

import gettext as _gettext
from typing import Final

from csctl.resources import builtin

LANGUAGES: Final = ("zh", "en", "zh-TW")
_CATALOGUES: Final = {"zh": "zh_CN", "zh-TW": "zh_CN", "en": "en"}


BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of a text, so that it reads as something else."""

_active: _gettext.NullTranslations = _gettext.NullTranslations()
_language: str = "en"


def use(language: str) -> None:
    """Show every later message in `language` (one of LANGUAGES; unknown ones are English)."""
    global _active, _language
    _language = language if language in LANGUAGES else "en"
    spoken = [_CATALOGUES[_language]]
    _active = _gettext.translation("csctl", builtin("locale"), spoken, fallback=True)
    # click's own words, where it is click that speaks: "Usage:", "No such option".
    _active.add_fallback(_gettext.translation("click", builtin("locale"), spoken, fallback=True))


def language() -> str:
    """Return the language messages and labels are shown in."""
    return _language


def _(text: str) -> str:
    """Return `text` in the language in use."""
    return _active.gettext(text)


def marked(text: str) -> str:
    """Return `text` as it is: it stands in a table and is looked up where it is shown."""
    return text


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form of a message that fits `count`."""
    return _active.ngettext(singular, plural, count)
