"""What the features' means and mean squares mean for the digits of their products."""

from logitron.backend import namespace_of
from logitron.backend.types import Array

__all__ = ["column_report"]

#: part of the digits of rough passes' products, which serve as models, that centring may cost; and
#: their precision
ROUGHLY_SPARED, ROUGH_EPS = 1e-4, 2.0**-23
#: part of a mean square, in units of its precision, that is no rounding of a constant feature's
VARIES = 256.0
#: how unequal mean squares may be, times the precision that products are summed in
UNEVEN = 2e-4
#: how much longer, squared, is much longer
LONGER = 100.0


def column_report(
    centre: Array,
    squares: Array,
    *,
    eps: float,
    wide_eps: float,
    cancellation: float,
    centred: bool,
) -> Array:
    """Report what the features' means and mean squares mean for their products: four answers (4,).

    Whether the features should be standardised: centring products after they were summed would cost
    more digits than can be spared, or the features are too unequal for one matrix of products, or
    their squares are not normal numbers. Whether rows are much longer from zero than they are from
    the centre. Whether centring would cost too much in the precision of rough passes. And whether a
    feature may be constant, or vary by so little that its mean square does not show it.

    Parameters
    ----------
    centre, squares : arrays (p,)
        Means and mean squares.
    eps, wide_eps : float
        Precision of the features' products, and of their sums.
    cancellation : float
        Part of a product's digits that centring may cost.
    centred : bool
        Whether there is an intercept, and so a centre.
    """
    xp = namespace_of(centre)
    spread = squares - centre * centre if centred else squares
    varies = spread > VARIES * eps * squares  # constant features are excluded
    far = xp.any(varies & (eps * centre * centre > cancellation * spread)) & centred
    largest = xp.max(spread)
    unequal = wide_eps * largest > UNEVEN * xp.min(xp.where(varies, spread, largest))
    tiny = float(xp.finfo(squares.dtype).smallest_normal) / wide_eps**2
    normal = xp.all(squares < 1.0 / tiny) & xp.all((squares >= tiny) | (centre == 0.0))
    longer = xp.sum(centre * centre) > LONGER * xp.sum(xp.abs(spread))
    centre_first_float32 = xp.any(varies & (ROUGH_EPS * centre * centre > ROUGHLY_SPARED * spread))
    unknown = xp.any(~varies & (centre != 0.0)) & centred
    answers = [far | unequal | ~normal, longer, centre_first_float32, unknown]
    return xp.astype(xp.stack(answers), centre.dtype)
