"""What cannot be chosen of a source: columns of an array, or an array of a table."""

from collections.abc import Sequence

__all__ = ["refuse"]


def refuse(label: str, *, name: str | None = None, columns: Sequence[str] | None = None) -> None:
    """Refuse a choice that a source does not have; None is no choice.

    Parameters
    ----------
    label : str
        The source, for messages.
    name : str, optional
        Which array.
    columns : sequence of str, optional
        Which columns.

    Raises
    ------
    ValueError
        If there is a choice.
    """
    if name is not None:
        raise ValueError(
            f"name must be None for {label}, which does not hold several arrays, got {name!r}"
        )
    if columns is not None:
        raise ValueError(
            f"columns must be None for {label}: only tables have columns with names, got "
            f"{list(columns)}. Select columns of an array with X[:, [...]]"
        )
