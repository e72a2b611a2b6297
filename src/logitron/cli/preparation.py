"""Columns of numbers and text to features.

scikit-learn's `ColumnTransformer` learns them: missing numbers become the mean of their column,
numbers are standardised, and text is one-hot. What it learned is a `ColumnEncoding` of plain lists,
from which the same transformer is made again for predictions.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from logitron.backend.types import HostArray
from logitron.cli.exits import UserError
from logitron.cli.reading.tables import cell_text
from logitron.cli.separated_numbers import separated_number
from logitron.persistence.column_encoding import ColumnEncoding

__all__ = [
    "encode",
    "learn_columns",
    "learn_scales",
    "notes",
    "transformer",
]

#: types of cells that are numbers or text
CELLS = str, int, float, np.number, np.bool_
#: numbers that are standardised at a time
BLOCK = 1 << 22


def learn_columns(
    frame: Any,
    *,
    standardise: bool,
    first_dropped: bool = False,
    target: Sequence[str] = (),
    categories: Sequence[str] = (),
) -> ColumnEncoding:
    """Learn how the columns of a data frame become features.

    Parameters
    ----------
    frame : pandas.DataFrame
    standardise : bool
        Whether numbers get a mean of zero and a standard deviation of one.
    first_dropped : bool, default False
        Whether the first category of each column of text has no feature, as fits without a penalty
        need it.
    target : sequence of str
        Columns of labels, to be kept with the encoding.
    categories : sequence of str
        Columns with a feature for each text, whatever the text.

    Raises
    ------
    UserError
        If a column is neither numbers nor text, is empty, has text that differs in most rows, or
        has numbers with separators.
    """
    numbers = [name for name in frame.columns if _is_number(frame[name])]
    texts = [name for name in frame.columns if name not in numbers]
    if not numbers and not texts:
        raise UserError("the table must have columns of features besides the labels, got none")
    for name in numbers:
        _check_numbers(name, frame[name])
    cells = {name: _text(name, frame[name]) for name in texts}
    for name in texts:
        if name not in categories:
            _refuse_separated_numbers(name, cells[name])
        _check_text(name, cells[name])
    encoder = OneHotEncoder(handle_unknown="ignore", drop="first" if first_dropped else None)
    steps = [SimpleImputer(), *([StandardScaler()] if standardise else [])]
    fitted = ColumnTransformer(
        [("numbers", make_pipeline(*steps), numbers), ("text", encoder, texts)]
    ).fit(_clean(frame, numbers, cells))
    pipeline, scaler = fitted.named_transformers_["numbers"], None
    if numbers and standardise:
        scaler = pipeline[1]
    return ColumnEncoding(
        numbers=tuple(numbers),
        fill=tuple(pipeline[0].statistics_.tolist()) if numbers else (),
        mean=None if scaler is None else tuple(scaler.mean_.tolist()),
        scale=None if scaler is None else tuple(scaler.scale_.tolist()),
        categories=_categories(texts, fitted, first_dropped=first_dropped),
        target=tuple(target),
    )


def learn_scales(X: HostArray) -> ColumnEncoding:
    """Learn means and standard deviations of the columns of an array, block by block."""
    scaler = StandardScaler()
    for rows in _blocks(X):
        scaler.partial_fit(X[rows].astype(np.float64))
    mean, scale = tuple(scaler.mean_.tolist()), tuple(scaler.scale_.tolist())
    if not np.isfinite(mean).all() or not np.isfinite(scale).all():
        raise UserError("features must be finite to be standardised, got NaN or infinity")
    return ColumnEncoding(None, (), mean, scale, {})


def encode(encoding: ColumnEncoding, data: Any) -> Any:
    """Compute the features of a data frame, or of an array.

    Parameters
    ----------
    encoding : ColumnEncoding
    data : pandas.DataFrame with the columns of the encoding, or numpy.ndarray (n, p)

    Returns
    -------
    numpy.ndarray or scipy.sparse matrix (n, n_features)
        Of float64; of float32 for an array of float16 or float32. Sparse where most are zeros.

    Raises
    ------
    UserError
        If a column is missing, or one of numbers holds something else.
    """
    if encoding.numbers is None:
        return _standardised(encoding, data)
    missing = [n for n in (*encoding.numbers, *encoding.categories) if n not in data.columns]
    if missing:
        named = ", ".join(map(repr, missing[:5])) + (", ..." if len(missing) > 5 else "")
        raise UserError(f"the table must have the columns of the model; it lacks {named}")
    texts = {name: _text(name, data[name]) for name in encoding.categories}
    return transformer(encoding).transform(_clean(data, encoding.numbers, texts))


def transformer(encoding: ColumnEncoding) -> Any:
    """Make the fitted transformer of scikit-learn: of a data frame's columns, or of an array."""
    mean, scale = np.asarray(encoding.mean or ()), np.asarray(encoding.scale or ())
    scaler = None if encoding.mean is None else _scaler(mean, scale)
    if encoding.numbers is None:
        return scaler
    import pandas as pd

    numbers, texts = list(encoding.numbers), list(encoding.categories)
    row: dict[str, list[Any]] = {
        name: [fill] for name, fill in zip(numbers, encoding.fill, strict=True)
    }
    row |= {name: [all_[0]] for name, all_ in encoding.categories.items()}
    categories = [np.asarray(all_, dtype=object) for all_ in encoding.categories.values()]
    encoder = OneHotEncoder(categories=categories or "auto", handle_unknown="ignore")
    steps = [SimpleImputer(), *([] if scaler is None else [StandardScaler()])]
    made = ColumnTransformer(
        [("numbers", make_pipeline(*steps), numbers), ("text", encoder, texts)]
    ).fit(pd.DataFrame({name: np.asarray(one, object) for name, one in row.items()}))
    if numbers and scaler is not None:
        vars(made.named_transformers_["numbers"][1]).update(vars(scaler))
    return made


def notes(encoding: ColumnEncoding, frame: Any) -> list[str]:
    """Count the missing numbers of a data frame, and the categories that training did not have."""
    missing = int(frame[list(encoding.numbers or ())].isna().to_numpy().sum())
    found = [f"{missing} missing numbers are filled with the means of training"] if missing else []
    for name, all_ in encoding.categories.items():
        texts = sorted(set(_text(name, frame[name])) - set(all_))
        if texts:
            shown = ", ".join(map(repr, texts[:5])) + (", ..." if len(texts) > 5 else "")
            found.append(
                f"column {name!r} has {len(texts)} unknown categories, which count as none: {shown}"
            )
    return found


def _categories(
    texts: list[str], fitted: Any, *, first_dropped: bool
) -> dict[str, tuple[str, ...]]:
    if not texts:
        return {}
    learned = fitted.named_transformers_["text"].categories_
    pairs = zip(texts, learned, strict=True)
    found = {name: tuple(all_.tolist())[int(first_dropped) :] for name, all_ in pairs}
    constant = [name for name, all_ in found.items() if not all_]
    if constant:
        raise UserError(
            f"column {constant[0]!r} has one value only; leave it out by --ignore {constant[0]}"
        )
    return found


def _is_number(column: Any) -> bool:
    return getattr(column.dtype, "kind", "O") in "biuf"


def _check_numbers(name: str, column: Any) -> None:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    if np.isinf(values).any():
        raise UserError(f"column {name!r} must hold finite numbers, got infinity")
    if np.isnan(values).all():
        raise UserError(f"column {name!r} is empty; leave it out by --ignore {name}")


def _check_text(name: str, cells: HostArray) -> None:
    different = len(set(cells))
    if not any(cells):
        raise UserError(f"column {name!r} is empty; leave it out by --ignore {name}")
    if different > max(50, len(cells) // 2):
        raise UserError(
            f"column {name!r} has {different} different texts in {len(cells)} rows, too many for a "
            f"feature each; leave it out by --ignore {name}"
        )


def _text(name: str, column: Any) -> HostArray:
    """Return the cells of a column as text; missing ones are empty."""
    missing = column.isna().to_numpy()
    kinds = {type(one) for one in column[~missing].tolist()}
    other = [kind.__name__ for kind in kinds if not issubclass(kind, CELLS)]
    if other or getattr(column.dtype, "kind", "O") in "mMc":
        raise UserError(
            f"column {name!r} must hold numbers or text, got {(other or [column.dtype])[0]}; make "
            f"numbers of it, or leave it out by --ignore {name}"
        )
    cells = np.empty(len(missing), dtype=object)
    cells[:] = ["" if none else cell_text(one) for one, none in zip(column, missing, strict=True)]
    return cells


def _refuse_separated_numbers(name: str, column: HostArray) -> None:
    """Raise an error for text that is numbers with separators: each would become a category."""
    found = separated_number(column)
    if found is not None:
        raise UserError(
            f"column {name!r} must hold numbers without separators, got {found!r}; "
            f"write it as 1234.5, or pass --categories {name} to have a feature for each text"
        )


def _clean(frame: Any, numbers: Sequence[str], texts: dict[str, HostArray]) -> Any:
    """Return a data frame of floats and text, NaN where numbers are missing."""
    import pandas as pd

    columns: dict[str, HostArray] = {}
    for name in numbers:
        try:
            numeric = pd.to_numeric(frame[name])
        except (ValueError, TypeError) as error:
            raise UserError(
                f"column {name!r} must hold numbers, as in training: {error}"
            ) from error
        columns[name] = numeric.to_numpy(dtype=float, na_value=np.nan)
    return pd.DataFrame({**columns, **texts})


def _scaler(mean: HostArray, scale: HostArray) -> StandardScaler:
    scaler = StandardScaler()
    scaler.mean_, scaler.scale_, scaler.var_ = mean, scale, scale**2
    scaler.n_features_in_, scaler.n_samples_seen_ = len(mean), 1
    return scaler


def _standardised(encoding: ColumnEncoding, X: HostArray) -> HostArray:
    mean, scale = np.asarray(encoding.mean), np.asarray(encoding.scale)
    if X.ndim != 2 or X.shape[1] != len(mean):
        raise UserError(f"features must have the shape (n, {len(mean)}), got {X.shape}")
    made = np.empty(X.shape, np.float64 if X.dtype.itemsize > 4 else np.float32)
    for rows in _blocks(X):
        made[rows] = (X[rows] - mean) / scale
    return made


def _blocks(X: HostArray) -> list[slice]:
    step = max(1, BLOCK // max(1, X.shape[1]))
    return [slice(start, start + step) for start in range(0, len(X), step)]
