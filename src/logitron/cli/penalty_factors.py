"""Penalty factors of columns of files, ``COLUMN=FACTOR``, as factors of features."""

from collections.abc import Sequence
from math import isfinite

from logitron.cli.exits import UserError
from logitron.persistence.column_encoding import ColumnEncoding

__all__ = ["feature_factors", "parse_factors"]


def parse_factors(given: Sequence[str]) -> dict[str, float]:
    """Read factors by the names of columns: several are separated by commas, or given one by one.

    A name may have a comma.

    Raises
    ------
    UserError
        If one is not COLUMN=FACTOR with a number that is not negative.
    """
    factors = {}
    for text in (part for one in given for part in _split(one)):
        name, _, number = text.rpartition("=")
        try:
            factor = float(number)
        except ValueError:
            factor = -1.0
        if not name or not isfinite(factor) or factor < 0.0:
            raise UserError(
                f"--penalty-factors must be COLUMN=FACTOR with a number of 0 or more, got {text!r}"
            )
        factors[name] = factor
    return factors


def feature_factors(
    factors: dict[str, float], encoding: ColumnEncoding | None, features: int
) -> list[float] | None:
    """Return the factor of each feature; None without factors.

    Features of a table have names, such as "city=Oslo", and otherwise the factor of the column that
    they were made of. Those of an array have numbers, from 0.

    Raises
    ------
    UserError
        If a column does not exist.
    """
    if not factors:
        return None
    if encoding is None or encoding.numbers is None:
        names = columns = [str(number) for number in range(features)]
    else:
        by_text = encoding.categories.items()
        names = encoding.features
        columns = [*encoding.numbers, *(name for name, all_ in by_text for _ in all_)]
    unknown = [name for name in factors if name not in names and name not in columns]
    if unknown:
        raise UserError(
            f"--penalty-factors must name columns of features, got {unknown[0]!r}; columns of "
            "arrays are numbers from 0"
        )
    pairs = zip(names, columns, strict=True)
    return [factors.get(name, factors.get(column, 1.0)) for name, column in pairs]


def _split(text: str) -> list[str]:
    parts = text.split(",")
    return parts if all("=" in part for part in parts) else [text]
