"""Rows for validation and for the test: files of their own, or a part of the rows."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from logitron.backend.types import HostArray
from logitron.cli.data import Dataset, is_shares, read_dataset
from logitron.cli.exits import UserError
from logitron.cli.options import Columns

__all__ = ["check_held_out", "held_out"]


def check_held_out(option: str, given: Sequence[str] | None) -> None:
    """Check, before files are read, that an option names one or two files, or a part.

    Raises
    ------
    UserError
    """
    if given is None:
        return
    part = _part(given)
    if len(given) not in (1, 2) or (part is not None and not 0.0 < part < 1.0):
        raise UserError(
            f"{option} must be FEATURES LABELS, one file of both, or a part of the rows between 0 "
            f"and 1, got {' '.join(given)}"
        )


def held_out(
    dataset: Dataset,
    given: Sequence[str] | None,
    columns: Columns,
    *,
    multilabel: bool,
    seed: int,
) -> tuple[Dataset, Dataset | None]:
    """Return the rows to learn from, and those that are held out.

    Parameters
    ----------
    dataset : Dataset
    given : sequence of str or None
        A part such as "0.2", files of features and of labels, or one file of both.
    columns : Columns
    multilabel : bool
    seed : int
        Of the random choice of a part, which is stratified by class.

    Returns
    -------
    dataset, held_out : Dataset
        The second is None if nothing is given.
    """
    if given is None:
        return dataset, None
    part = _part(given)
    if part is not None:
        kept, held = _rows(dataset.y, part, seed)
        return dataset.take(kept), dataset.take(held)
    if columns.weights is not None and Path(columns.weights).is_file():
        raise UserError(
            f"--weights {columns.weights} has the rows of DATA; where other rows are files too, "
            "name a column of weights of all of them, or hold out a part of the rows such as 0.2"
        )
    labels = given[1] if len(given) == 2 else None
    if labels is not None and dataset.target:  # (the column of the first file is none of these)
        columns = replace(columns, target=())
    return dataset, read_dataset(given[0], labels, columns, multilabel=multilabel)


def _part(given: Sequence[str]) -> float | None:
    try:
        return float(given[0]) if len(given) == 1 else None
    except ValueError:
        return None


def _rows(y: Any, part: float, seed: int) -> tuple[HostArray, HostArray]:
    """Choose rows at random; of classes with two rows and more, alike parts of each."""
    from sklearn.model_selection import train_test_split

    labels = np.asarray(y)
    classes = labels.ndim == 1 and not is_shares(labels)
    counts = np.unique(labels, return_counts=True)[1] if classes else np.zeros(1)
    held = math.ceil(part * len(labels))
    if held == len(labels):
        raise UserError(
            f"a part of {part:g} of {len(labels)} rows leaves none to learn from; choose a smaller "
            "part"
        )
    stratified = counts.min() >= 2 and min(held, len(labels) - held) >= len(counts)
    rows = np.arange(len(labels))
    kept, chosen = train_test_split(
        rows, test_size=part, random_state=seed, stratify=labels if stratified else None
    )
    return np.sort(kept), np.sort(chosen)
