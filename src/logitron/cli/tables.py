"""Tables and progress bars on a terminal: with rich if it is installed, otherwise plain text."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

__all__ = ["Progress", "print_table", "progress"]


class Progress(Protocol):
    """A function that updates a progress bar."""

    def __call__(self, done: int, text: str) -> None:
        """Show the number of completed steps, and a text."""


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows of text below their column names."""
    try:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        _print_plain(title, columns, rows)
        return
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, collapse_padding=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text, so that brackets are no markup
    console = Console()
    console.print(Text(title, style="bold"))  # the title of a rich table wraps at its width
    console.print(table)


def _print_plain(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    print(title)
    for row in (columns, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


@contextmanager
def progress(description: str, steps: int) -> Iterator[Progress]:
    """Show a progress bar inside the block, on a terminal and if rich is installed.

    Parameters
    ----------
    description : str
    steps : int
        Steps at most.

    Yields
    ------
    Progress
    """
    try:
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar
    except ImportError:
        yield _silent
        return
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, refresh_per_second=8) as bar:
        task = bar.add_task(description, total=steps, text="")
        yield lambda done, text: bar.update(task, completed=done, text=text)


def _silent(done: int, text: str) -> None:
    return
