"""What arguments of the neuron's functions must be; each check names the argument."""

from numbers import Integral
from typing import Any

from array_api_compat import array_namespace, is_array_api_obj

from logitron.neuron.formulas import Array

__all__ = [
    "check_classes",
    "check_columns",
    "check_logits",
    "check_parameters",
    "check_targets",
    "check_weights",
    "namespace_of",
]


def namespace_of(**named: Array | None) -> Any:
    """Find the namespace of arguments by their names; ``b`` and ``sample_weight`` may be None."""
    for name, array in named.items():
        if array is None and name in ("b", "sample_weight"):
            continue
        if array is None or not is_array_api_obj(array):
            raise TypeError(
                f"{name} must be an array of a library that implements the array API standard, "
                f"got {'None' if array is None else type(array).__name__}"
            )
        if type(array).__name__ == "MaskedArray" and array.mask.any():
            raise ValueError(
                f"{name} must have no masked elements, got {array.mask.sum()}: masks are not used. "
                f"Fill them in with {name}.filled(value), or leave their rows out"
            )
    return array_namespace(*named.values())


def check_classes(classes: int) -> None:
    """Refuse numbers of columns in a group that are not positive integers."""
    given: Any = classes
    if isinstance(given, bool) or not isinstance(given, Integral) or int(given) < 1:
        raise ValueError(
            f"classes must be a positive integer, the number of columns in a group, got {classes!r}"
        )


def check_logits(xp: Any, Z: Array) -> None:
    """Refuse logits of another dtype than real floating ones."""
    if not xp.isdtype(Z.dtype, "real floating"):
        raise TypeError(f"Z must be of a real floating dtype, got {Z.dtype}")


def check_columns(Z: Array, classes: int) -> None:
    """Refuse logits that are not of two dimensions."""
    check_classes(classes)
    if Z.ndim != 2:
        raise ValueError(
            f"Z must have shape (n, m), one column a neuron, got {tuple(Z.shape)}; make it a "
            "column with xp.reshape(Z, (-1, 1))"
        )


def check_weights(X: Array, sample_weight: Array | None) -> None:
    """Refuse sample weights of another dtype than that of X."""
    if sample_weight is not None and sample_weight.dtype != X.dtype:
        raise TypeError(f"sample_weight must be {X.dtype} as X is, got {sample_weight.dtype}")


def check_parameters(xp: Any, X: Array, W: Array, b: Array | None) -> None:
    """Refuse coefficients and intercepts whose shapes or dtypes do not fit X."""
    if X.ndim != 2 or W.ndim != 2 or X.shape[1] != W.shape[0]:
        raise ValueError(
            "X must have shape (n, p) and W shape (p, m), "
            f"got X {tuple(X.shape)} and W {tuple(W.shape)}"
        )
    if b is not None and tuple(b.shape) != (W.shape[1],):
        raise ValueError(
            f"b must have shape ({W.shape[1]},), one intercept a column of W, got {tuple(b.shape)}"
        )
    b_dtype = X.dtype if b is None else b.dtype
    if not X.dtype == W.dtype == b_dtype or not xp.isdtype(X.dtype, "real floating"):
        raise TypeError(
            "X, W and b must be of one real floating dtype, "
            f"got X {X.dtype}, W {W.dtype} and b {b_dtype}"
        )


def check_targets(shape: tuple[int, int], dtype: Any, Y: Array, classes: int) -> None:
    """Refuse targets whose shape or dtype does not fit logits of ``shape`` and ``dtype``."""
    n, m = shape
    if Y.dtype != dtype:
        raise TypeError(f"Y must be {dtype} as the logits are, got {Y.dtype}; convert it first")
    if Y.ndim != 2 or Y.shape[0] != n or Y.shape[1] not in (m, classes):
        raise ValueError(
            f"Y must have shape {(n, m)}, or {(n, classes)} to be shared by all groups, "
            f"got {tuple(Y.shape)}"
        )
