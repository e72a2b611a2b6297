"""Names of estimates, and tables of pandas."""

from dataclasses import dataclass
from typing import Any

from logitron.backend.libraries import missing_library_error
from logitron.backend.types import HostArray

__all__ = ["Labels", "to_frame"]


@dataclass(frozen=True)
class Labels:
    """Names of estimates, which form a table: a row for each class or target, a column a term.

    Parameters
    ----------
    terms : tuple of str
        Features, and "intercept" where there is one.
    rows : tuple
        Classes or targets; empty for a single row.
    kind : str
        "class" or "target".
    reference : object
        The class that others are compared with; None where there is none.
    """

    terms: tuple[str, ...]
    rows: tuple[Any, ...] = ()
    kind: str = ""
    reference: Any = None

    def headings(self, heading: str) -> list[str]:
        """Return a heading for each row."""
        if not self.rows:
            return [heading]
        against = "" if self.reference is None else f", against {self.reference}"
        return [f"{self.kind} {row}{against}" for row in self.rows]


def to_frame(columns: dict[str, HostArray], labels: Labels) -> Any:
    """Make a data frame of columns with one number for each estimate.

    Raises
    ------
    ImportError
        If pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise missing_library_error("pandas", "pandas") from None
    if labels.rows:
        index = pd.MultiIndex.from_product([labels.rows, labels.terms], names=[labels.kind, None])
    else:
        index = pd.Index(labels.terms)
    return pd.DataFrame({name: each.reshape(-1) for name, each in columns.items()}, index=index)
