"""What is known of the features: sizes, and what they mean for precision."""

from collections.abc import Callable
from dataclasses import dataclass

from logitron.backend.types import Array

__all__ = ["FeatureStatistics"]


@dataclass(frozen=True)
class FeatureStatistics:
    """Statistics of the features, each None until it is known.

    Parameters
    ----------
    column_squares : array (p,), optional
        Sums of squares of each feature, approximately.
    gram_norm_bound : array (), optional
        Upper bound of the largest eigenvalue of the features' weighted products.
    sum_of_squares : callable, optional
        Returns the sum of all squared features, which are read when it is called first.
    needs_standardisation : bool, default False
        Whether the features should be standardised.
    centre_first_float32 : bool, default False
        Whether the centre is so far from zero that float32 would lose too many digits.
    fits_float32 : bool, default False
        Whether float32 has the features and their distances from the centre, so that line searches
        on kept logits can begin in it.
    supports_float32 : bool, default False
        Whether passes far from the optimum can be computed in float32: the flattest direction is
        above its rounding, too.
    products_in_float32 : bool, default False
        Whether models of the curvature are made of products that are summed in float32.
    """

    column_squares: Array | None = None
    gram_norm_bound: Array | None = None
    sum_of_squares: Callable[[], float] | None = None
    needs_standardisation: bool = False
    centre_first_float32: bool = False
    fits_float32: bool = False
    supports_float32: bool = False
    products_in_float32: bool = False
