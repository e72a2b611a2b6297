"""Printed summaries, in lines of at most 80 characters."""

from collections.abc import Sequence
from typing import NamedTuple

from logitron.backend.types import HostArray

__all__ = ["WIDTH", "Block", "estimate_lines", "number", "pairs_of_columns", "pvalue", "rows_of"]

#: characters in a line
WIDTH = 78
#: characters of a term's name, and of each of its numbers
NAME, NUMBER = 18, 10
#: blocks that are printed, at most
MOST_BLOCKS = 10


class Block(NamedTuple):
    """The estimates of one class or target."""

    heading: str
    rows: list[tuple[str, Sequence[float]]]
    """Names of terms; coefficient, standard error, z, p-value, lower and upper end."""


def rows_of(terms: Sequence[str], values: HostArray) -> list[tuple[str, Sequence[float]]]:
    """Put the names of the terms beside their numbers (q, 6)."""
    return list(zip(terms, values.tolist(), strict=True))


def estimate_lines(blocks: Sequence[Block], level: float, title: str) -> list[str]:
    """Return the lines of blocks of estimates, the first ones of many."""
    ends = f"[{0.5 - 0.5 * level:.4g}", f"{0.5 + 0.5 * level:.4g}]"
    titles = "".join(f"{one:>{NUMBER}}" for one in (title, "std err", "z", "P>|z|", *ends))
    lines = []
    for heading, rows in blocks[:MOST_BLOCKS]:
        beside = len(heading) <= NAME
        lines += ["=" * WIDTH] if beside else ["=" * WIDTH, _short(heading, WIDTH)]
        lines += [f"{heading if beside else '':<{NAME}}{titles}", "-" * WIDTH]
        lines += [f"{_short(name, NAME - 1):<{NAME}}{_numbers(values)}" for name, values in rows]
    lines.append("=" * WIDTH)
    if len(blocks) > MOST_BLOCKS:
        lines.append(f"and {len(blocks) - MOST_BLOCKS} more; .table() returns all of them")
    return lines


def pairs_of_columns(entries: Sequence[tuple[str, str]]) -> list[str]:
    """Arrange names and values in two columns, the first half at the left."""
    half, column = -(-len(entries) // 2), WIDTH // 2 - 1
    cells = [f"{name}:{value:>{column - len(name) - 1}}" for name, value in entries]
    cells += [""] * (2 * half - len(cells))
    return [f"{cells[i]}  {cells[half + i]}".rstrip() for i in range(half)]


def number(value: float) -> str:
    """Format a number with few digits, in at most `NUMBER` - 1 characters."""
    size = abs(value)
    if size != 0.0 and not 1e-3 <= size < 1e5:
        return f"{value:.2e}"
    return f"{value:.4f}" if size < 1e3 else f"{value:.2f}"


def pvalue(value: float) -> str:
    """Format a p-value: three digits, or its size if it is smaller."""
    if value == 0.0:  # (below the smallest number)
        return "0"
    return f"{value:.3f}" if not value < 5e-4 else f"{value:.1e}"


def _numbers(values: Sequence[float]) -> str:
    coef, se, z, p, lower, upper = values
    ratio = f"{z:.3f}" if abs(z) < 1e4 else f"{z:.1e}"
    cells = (number(coef), number(se), ratio, pvalue(p), number(lower), number(upper))
    return "".join(f"{cell:>{NUMBER}}" for cell in cells)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 2]}.."
