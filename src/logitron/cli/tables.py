"""Tables and progress on stderr: with rich if it is installed, otherwise plain text."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

__all__ = ["Progress", "live_table", "print_rows", "print_table", "progress", "working"]

Rows = Sequence[Sequence[str]]


class Progress(Protocol):
    """A function that updates a progress bar."""

    def __call__(self, done: int, text: str) -> None:
        """Show the number of completed steps, and a text."""


def print_table(title: str, columns: Sequence[str], rows: Rows) -> None:
    """Print rows of text below their column names, on stderr."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        _print_plain(title, columns, rows)
        return
    console = Console(stderr=True)
    console.print(Text(title, style="bold"))  # the title of a rich table wraps at its width
    console.print(_rich_table(columns, rows))


def print_rows(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows of the same names, on stderr; numbers with four digits."""
    cells = [[_cell(value) for value in row.values()] for row in rows]
    print_table(title, list(rows[0]), cells)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _rich_table(columns: Sequence[str], rows: Rows) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, collapse_padding=True)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text, so that brackets are no markup
    return table


def _print_plain(title: str, columns: Sequence[str], rows: Rows) -> None:
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    print(title, file=sys.stderr)
    for row in (columns, ["-" * width for width in widths], *rows):
        line = "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        print(line, file=sys.stderr)


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
    console = _terminal()
    if console is None:
        yield _silent
        return
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, transient=True, refresh_per_second=8) as bar:
        task = bar.add_task(description, total=steps, text="")
        yield lambda done, text: bar.update(task, completed=done, text=text)


@contextmanager
def working(description: str) -> Iterator[None]:
    """Show what is done, and for how long, on a terminal and if rich is installed."""
    console = _terminal()
    if console is None:
        yield
        return
    from rich.progress import Progress as Bar
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Bar(*columns, console=console, transient=True) as bar:
        bar.add_task(description, total=None)
        yield


@contextmanager
def live_table(columns: Sequence[str]) -> Iterator[Callable[[Rows], None]]:
    """Show a table that changes, on a terminal and if rich is installed.

    Yields
    ------
    callable
        Takes the rows of the table.
    """
    console = _terminal()
    if console is None:
        yield lambda rows: None
        return
    from rich.live import Live

    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield lambda rows: live.update(_rich_table(columns, rows))


def _terminal() -> Any:
    """Return a console of stderr; None if that is no terminal, or rich is not installed."""
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(stderr=True) if sys.stderr.isatty() else None


def _silent(done: int, text: str) -> None:
    return
