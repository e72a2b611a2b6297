"""`write_predictions`: predictions of any number of rows, into a .npy file, block by block."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from os import PathLike, fsdecode
from secrets import token_hex
from typing import Any, BinaryIO

import numpy as np

from logitron.backend.types import Array, HostArray
from logitron.data import RowReader
from logitron.data.readers.parts import ArrayReader
from logitron.data.readers.read_ahead import read_ahead
from logitron.estimators import argument_types as types
from logitron.estimators.validation.features import read_features
from logitron.estimators.validation.values import as_floats, to_host_if_array

__all__ = ["write_predictions"]


def write_predictions(
    path: str | PathLike[str],
    method: Callable[..., Array],
    X: types.Features,
    *,
    offset: types.Offset = None,
) -> np.memmap[Any, Any]:
    """Predict block by block, and write the predictions to a .npy file.

    Neither X nor the predictions need fit the memory. The file appears when it is complete; an
    existing one is replaced, unless it is X.

    Parameters
    ----------
    path : path-like
        The file to write.
    method : callable
        A method of a fitted model: ``clf.predict_proba``, ``clf.decision_function``,
        ``clf.predict`` or ``clf.predict_log_proba``.
    X : path, `RowSource`, array, sparse matrix or table (n, p)
        As for the method.
    offset : array-like (n,), (n, T) or (n, K), optional
        As for the method.

    Returns
    -------
    numpy.memmap
        The predictions, mapped from the file, read-only.

    Raises
    ------
    ValueError, TypeError, OSError
        As the method; also if the predictions are objects of Python, or the file is one of X or
        cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from logitron import LogisticRegression, write_predictions
    >>> clf = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(os.path.join(folder, "X.npy"), np.linspace(-2.0, 2.0, num=5)[:, None])
    ...     path = os.path.join(folder, "probabilities.npy")
    ...     found = write_predictions(path, clf.predict_proba, os.path.join(folder, "X.npy"))
    ...     found.shape, float(np.round(found[-1, 1], 3))
    ((5, 2), 0.661)
    """
    _refuse_features(path, X)
    rows = read_features(X)
    n = int(rows.shape[0]) if isinstance(rows, RowReader) else 0
    if isinstance(rows, RowReader):
        parts = _predicted(method, rows, offset)
    else:
        found = method(rows) if offset is None else method(rows, offset=offset)
        n, parts = int(found.shape[0]), iter([np.asarray(to_host_if_array(found))])
    target = os.path.realpath(path)
    temporary = f"{target}.{token_hex(8)}.tmp"
    try:
        with open(temporary, "xb") as file:
            for number, part in enumerate(parts):
                if number == 0:
                    _write_header(file, part, n)
                file.write(np.ascontiguousarray(part).data)
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    written: np.memmap[Any, Any] = np.load(path, mmap_mode="r")
    return written


def _refuse_features(path: str | PathLike[str], X: Any) -> None:
    """Refuse to replace a file of the features."""
    for one in X if isinstance(X, list | tuple) else [X]:
        is_path = isinstance(one, str | PathLike)
        if is_path and os.path.exists(path) and os.path.exists(one) and os.path.samefile(path, one):
            raise ValueError(
                f"path must be another file than X, which would be replaced, got {fsdecode(path)}"
            )


def _predicted(method: Callable[..., Array], reader: RowReader, offset: Any) -> Iterator[HostArray]:
    """Call a method with one block after the other."""
    edges, n = reader.edges(reader.block_rows), reader.shape[0]
    offset = None if offset is None else as_floats("offset", offset)
    if offset is not None and offset.shape[:1] != (n,):
        raise ValueError(f"offset must have {n} rows as X has, got shape {offset.shape}")
    with closing(read_ahead(reader, edges, np.asarray, reuse=True)) as blocks:  # type: ignore[type-var]
        for start, stop, block in zip(edges[:-1].tolist(), edges[1:].tolist(), blocks, strict=True):
            own = ArrayReader(block, reader.name, reader.empty_table)  # (with the columns' names)
            try:
                found = method(own) if offset is None else method(own, offset=offset[start:stop])
            except ValueError as error:
                raise ValueError(f"rows {start} to {stop} of X: {error}") from error
            yield np.asarray(to_host_if_array(found))


def _write_header(file: BinaryIO, part: HostArray, n: int) -> None:
    """Write the header of an array of n rows like those of a part."""
    if part.dtype.hasobject:
        raise TypeError(
            f"predictions are written as numbers or text, got objects in {fsdecode(file.name)}; "
            "write clf.decision_function or clf.predict_proba instead"
        )
    header = {
        "descr": np.lib.format.dtype_to_descr(part.dtype),
        "fortran_order": False,
        "shape": (n, *part.shape[1:]),
    }
    np.lib.format.write_array_header_1_0(file, header)
