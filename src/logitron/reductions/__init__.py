"""Easier problems that have the same answer, and the way back.

================================ ===================================================================
module                           what it does
================================ ===================================================================
`reductions.centring`            features centred on the mean of some rows
`reductions.standardisation`     features in units of their own spread
`reductions.column_report`       whether products of the features keep their digits
`reductions.subsample`           rows drawn evenly, each of which stands for several
`reductions.column_subset`       some of the features, where the others have no coefficient
`reductions.feature_penalties`   and their penalties
`reductions.absent_columns`      without the features that are zero in every row
`reductions.without_l1`          without an L1 penalty that is zero
`reductions.row_space`           as many features as there are rows, where those are fewer
`reductions.intercept_column`    the intercept as the coefficient of a feature of ones
================================ ===================================================================
"""

from logitron.reductions.absent_columns import without_absent_columns
from logitron.reductions.centring import centre, shift_centre
from logitron.reductions.column_subset import with_columns
from logitron.reductions.intercept_column import with_intercept_column
from logitron.reductions.row_space import RowSpace, is_flat, rotate
from logitron.reductions.standardisation import standardise
from logitron.reductions.subsample import subsample
from logitron.reductions.without_l1 import without_l1

__all__ = [
    "RowSpace",
    "centre",
    "is_flat",
    "rotate",
    "shift_centre",
    "standardise",
    "subsample",
    "with_columns",
    "with_intercept_column",
    "without_absent_columns",
    "without_l1",
]
