"""How columns of numbers and text become features: plain lists, in the header of a model file."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from logitron.persistence.errors import ModelFileError

__all__ = ["ColumnEncoding"]

FIELDS = ("numbers", "fill", "mean", "scale", "categories", "target")


@dataclass(frozen=True)
class ColumnEncoding:
    """The columns of a table, or of an array, and the features that they become.

    The features are those of the numbers, in their order, and then a feature of zeros and ones for
    each category of each column of text.

    Raises
    ------
    ModelFileError
        If lengths disagree, names occur twice, or numbers are not finite.
    """

    numbers: tuple[str, ...] | None
    """Columns of numbers; None for an array, whose columns have no names."""
    fill: tuple[float, ...]
    """What takes the place of a missing number, by column; empty for an array."""
    mean: tuple[float, ...] | None
    """What is subtracted from each column; None if numbers are taken as they are."""
    scale: tuple[float, ...] | None
    """What each column is then divided by."""
    categories: Mapping[str, tuple[str, ...]]
    """Categories of each column of text; the empty one stands for missing text."""
    target: tuple[str, ...] = ()
    """Columns of labels that the model was fitted to."""

    def __post_init__(self) -> None:
        lengths = {len(one) for one in (self.mean, self.scale) if one is not None}
        if self.numbers is not None:
            lengths |= {len(self.numbers), len(self.fill)}
        elif self.fill or self.categories:
            raise ModelFileError("columns of an array must be numbers without names")
        if len(lengths) > 1 or (self.mean is None) != (self.scale is None):
            raise ModelFileError("columns must have a number each to fill, centre and divide by")
        finite = all(isfinite(one) for some in (self.fill, self.mean or ()) for one in some)
        if not finite or not all(isfinite(one) and one > 0 for one in self.scale or ()):
            raise ModelFileError("columns must have finite numbers and positive scales")
        names = [*(self.numbers or ()), *self.categories]
        groups = [names, *self.categories.values()]
        if any(len(set(group)) < len(group) for group in groups):
            raise ModelFileError("columns and their categories must have different names")
        if not self.n_features or not all(self.categories.values()):
            raise ModelFileError("columns must become at least one feature each")

    @property
    def n_features(self) -> int:
        """Number of features."""
        numbers = self.mean or () if self.numbers is None else self.numbers
        return len(numbers) + sum(map(len, self.categories.values()))

    @property
    def features(self) -> list[str]:
        """Names of the features: of columns, and "column=category" for text."""
        array = [f"x{j}" for j in range(len(self.mean or ()))]
        names = array if self.numbers is None else list(self.numbers)
        return names + [f"{name}={one}" for name, all_ in self.categories.items() for one in all_]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON value."""
        lists = {name: getattr(self, name) for name in FIELDS if name != "categories"}
        written: dict[str, Any] = {
            name: None if value is None else list(value) for name, value in lists.items()
        }
        # a list of pairs, since the order of the columns counts
        written["categories"] = [[name, list(all_)] for name, all_ in self.categories.items()]
        return written

    @classmethod
    def from_json(cls, content: Any) -> Self:
        """Read what `to_json` returns.

        Raises
        ------
        ModelFileError
        """
        if not isinstance(content, dict) or set(content) != set(FIELDS):
            raise ModelFileError(f"columns must be an object with the fields {', '.join(FIELDS)}")
        pairs = content["categories"]
        valid = isinstance(pairs, list) and all(
            isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
        )
        if not valid or len({pair[0] for pair in pairs}) < len(pairs):
            raise ModelFileError("categories must be pairs of a column and its categories")
        numbers, target = content["numbers"], content["target"]
        return cls(
            numbers=None if numbers is None else _texts("numbers", numbers),
            fill=_floats("fill", content["fill"]),
            mean=None if content["mean"] is None else _floats("mean", content["mean"]),
            scale=None if content["scale"] is None else _floats("scale", content["scale"]),
            categories={name: _texts("categories", all_) for name, all_ in pairs},
            target=_texts("target", target),
        )


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(type(one) is str for one in value):
        raise ModelFileError(f"{name} of columns must be a list of text")
    return tuple(value)


def _floats(name: str, value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or not all(map(_is_number, value)):
        raise ModelFileError(f"{name} of columns must be a list of numbers")
    return tuple(map(float, value))


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is int and abs(value) < 1 << 53)
