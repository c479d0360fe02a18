"""A progress bar, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

# Seconds between two drawings.
_EVERY: Final = 0.1


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to be told how many of how many are done; it is silent in a pipe.

    The bar appears when it is first told something.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with ExitStack() as stack:
        updates: list[Callable[[int, int], None]] = []

        def tell(done: int, total: int) -> None:
            if not updates:
                updates.append(_begin(stack, title))
            updates[0](done, total)

        yield tell


def _begin(stack: ExitStack, title: str) -> Callable[[int, int], None]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    # No thread draws it: a process with threads is not to be copied, as `pool` does.
    bar = stack.enter_context(Progress(console=console, transient=True, auto_refresh=False))
    task = bar.add_task(title, total=None)
    drawn = float("-inf")

    def tell(done: int, total: int) -> None:
        nonlocal drawn
        bar.update(task, completed=done, total=total)
        if (now := time.monotonic()) >= drawn + _EVERY:
            bar.refresh()
            drawn = now

    return tell
