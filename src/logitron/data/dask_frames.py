"""Dask's data frames and series as Dask arrays, without reading a whole frame into memory."""

from typing import Any

import numpy as np

__all__ = ["column_of_frame", "is_dask_frame", "rows_of_frame"]


def is_dask_frame(value: Any) -> bool:
    """Whether an object is a data frame or a series of Dask; never imports Dask."""
    modules = {base.__module__.partition(".")[0] for base in type(value).__mro__}
    return bool(modules & {"dask", "dask_expr"}) and hasattr(value, "to_dask_array")


def rows_of_frame(name: str, frame: Any) -> Any:
    """Return the columns of a data frame as a Dask array of floating-point numbers.

    The lengths of the partitions are computed, in one pass that keeps no row.

    Parameters
    ----------
    name : str
        Name of the argument, for messages.
    frame : dask.dataframe.DataFrame

    Returns
    -------
    dask.array.Array (n, p)
        In float32 if all columns are; else in float64.

    Raises
    ------
    ValueError
        If a column does not hold numbers.
    """
    kinds = dict(frame.dtypes) if frame.ndim == 2 else {frame.name: frame.dtype}
    others = [key for key, dtype in kinds.items() if getattr(dtype, "kind", "O") not in "biuf"]
    if others:
        raise ValueError(
            f"{name} must hold numbers only, got columns of other types, the first is "
            f"{others[0]!r} of {kinds[others[0]]}; encode columns of text, or leave them out: "
            f"{name}.drop(columns={others[:3]!r})"
        )
    single = all(dtype == np.float32 for dtype in kinds.values())
    return _array(frame.astype(np.float32 if single else np.float64), frame)


def column_of_frame(value: Any) -> Any:
    """Return a series as a Dask array (n,), and a table of targets in memory, with its names."""
    if not is_dask_frame(value):
        return value
    if value.ndim == 2:
        return value.compute()
    plain = getattr(value.dtype, "kind", "O") in "biuf" and isinstance(value.dtype, np.dtype)
    return _array(value if plain else value.astype(object), value)


def _array(cast: Any, frame: Any) -> Any:
    lengths = tuple(int(length) for length in frame.map_partitions(len).compute())
    return cast.to_dask_array(lengths=lengths)
