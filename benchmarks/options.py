"""Options that questions share: to store no results, and to show those that are stored."""

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.judge import store

Results = dict[str, Any]
#: Is called with the name of each part of a measurement that is done.
Each = Callable[[str], None]


def ignore(name: str) -> None:
    """Report nothing."""


def parser_of(
    name: str, description: str | None, *, stored: bool = True
) -> argparse.ArgumentParser:
    """The parser of a question; `description` is the docstring of its module."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.questions.{name}",
        description=(description or "").partition("\n``python")[0],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if stored:
        parser.add_argument("--dry", action="store_true", help="store nothing")
        parser.add_argument("--show", action="store_true", help="show results, measure nothing")
    return parser


def answered(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    result: str,
    measure: Callable[[bool], Results],
) -> Results:
    """The results of a question: those that are stored, or new ones.

    `measure` has one argument, whether to store the results.
    """
    if not options.show:
        return measure(not options.dry)
    results = store.load(result) or store.load(result, store.SHOWN)
    if not results:
        parser.error("no results are stored yet")
    return results


def named(parts: list[str], names: list[str]) -> list[str]:
    """The names that have one of these parts; all of them for "all"."""
    return [name for name in names if any(part in name or part == "all" for part in parts)]
