"""Answers that are begun while git still looks for what changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from csctl.errors import CsctlError

if TYPE_CHECKING:
    from csctl.console.options import Desk

_T = TypeVar("_T")


def at_once(desk: Desk, act: Callable[[Desk], _T]) -> _T:
    """Return what `act` returns at a desk, begun by what differed from HEAD the last time.

    Where git then tells of more, it is done anew at another desk in the same place: `act` shows
    and writes nothing, and asks the desk it is given alone.
    """
    if desk.views is None:
        return act(desk)
    desk.views.suppose()
    try:
        found = act(desk)
    except CsctlError:
        if desk.views.was_right():
            raise
    else:
        if desk.views.was_right():
            return found
    return act(replace(desk))
