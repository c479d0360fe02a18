"""A progress bar, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager


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

    bar = stack.enter_context(Progress(console=Console(file=sys.stderr), transient=True))
    task = bar.add_task(title, total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)
