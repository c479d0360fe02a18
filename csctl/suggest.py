""" "Did you mean": the known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable

from csctl.messages import _


def did_you_mean(word: str, known: Iterable[str], also: Iterable[str] = ()) -> str:
    """Return a hint naming the words in `known` nearest to `word`, or all if few, or "".

    Words of `also` are offered where they are near, but never listed.
    """
    import difflib  # only after a mistake, and it is slow to import

    words = sorted(known)
    offered = [*words, *also]
    near = difflib.get_close_matches(word, offered, n=3, cutoff=0.6)
    near = near or [each for each in offered if each.casefold().startswith(word.casefold())][:3]
    if near:
        return _("Did you mean {words}?").format(words=", ".join(near))
    if 0 < len(words) <= 12:
        return _("Known are: {words}.").format(words=", ".join(words))
    return ""
