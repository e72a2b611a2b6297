r"""A long history of L-BFGS in memory that is allocated once, in float32.

The formulas are those of `lbfgs`. New pairs overwrite the oldest ones, and inner products of steps
with changes of the gradient are kept, so that an iteration reads the steps three times and the
changes twice, and copies nothing. Rounding of the history to float32 changes directions by as
little, and costs no digit of the minimum.

Pairs of a steeper loss can be dropped, see `dropping_history`: they become zeros.
"""

from typing import Any

import numpy as np

from logitron.backend.types import Array, HostArray

__all__ = ["PastRing", "RingHistory", "ring_size"]

#: memory of a history in bytes, and numbers of its pairs at least and at most, to begin with
MOST_BYTES, FEWEST, MOST = 120e6, 5, 40
#: the same for a long fit, whose history grows once it has been filled so many times
GROWN_BYTES, GROWN, FILLED = 320e6, 100, 2


def ring_size(numbers: int) -> int:
    """Choose the number of pairs for parameters of so many numbers."""
    return int(np.clip(MOST_BYTES / (8.0 * numbers), FEWEST, MOST))


class RingHistory:
    """The last steps of each group, on the host; a step of zeros stands for none.

    Its arrays are overwritten: a history is used once.

    Parameters
    ----------
    groups, size : int
        G, and the numbers of parameters of each, D.
    capacity : int
        Pairs that are kept, M.
    most : int
        Pairs that are kept in long fits.
    keep : float, default 0.0
        Pairs are dropped when the objective has fallen below this part of its value then.
    rescales : bool, default True
        Whether the preconditioner is multiplied by a number that makes it right along the last
        step.
    """

    def __init__(
        self,
        groups: int,
        size: int,
        capacity: int,
        *,
        most: int = GROWN,
        keep: float = 0.0,
        rescales: bool = True,
    ) -> None:
        self.S = np.zeros((groups, capacity, size), np.float32)
        self.Y = np.zeros((groups, capacity, size), np.float32)
        #: inner products of steps (rows) with changes (columns)
        self.products = np.zeros((groups, capacity, capacity))
        #: the objective when each pair was made; zero for a pair that was dropped
        self.values = np.zeros((groups, capacity))
        self.most, self.keep, self.rescales = most, keep, rescales
        #: pairs appended so far
        self.count = 0
        self._past: PastRing | None = None

    def past(self) -> "PastRing":
        """Return what this history is now, also when the next step was appended."""
        self._past = PastRing(self)
        return self._past

    def append(
        self, step: Array, change: Array, before: HostArray, value: HostArray
    ) -> "RingHistory":
        """Append a step (G, K, q) and the change of the gradient along it; drop pairs too old.

        Groups whose step shows no positive curvature get a step of zeros. The objective (G,) was
        ``before``, and is ``value`` now.
        """
        if self.count == FILLED * self.S.shape[1]:
            self._grow()
            self._past = None
        G, capacity, _ = self.S.shape
        s, y = step.reshape(G, -1), change.reshape(G, -1)
        product = np.vecdot(s, y)
        sizes = np.vecdot(s, s) * np.vecdot(y, y)
        eps = np.finfo(np.float32).eps
        good = (product > 0.0) & (product * product > eps * eps * sizes)
        place = self.count % capacity
        if self._past is not None:
            self._past.keep(place)
        self.S[:, place], self.Y[:, place] = s, y
        self.S[:, place][~good] = self.Y[:, place][~good] = 0.0
        self.count += 1
        size = min(self.count, capacity)
        self.products[:, :size, place] = _along(self.S[:, :size], self.Y[:, place])
        self.products[:, place, place] = np.where(good, product, 1.0)
        self.values[:, place] = before
        self._drop(value[:, None] < self.keep * self.values)
        return self

    def direction(self, grad: Array, preconditioner: Any) -> Array:
        """Compute the search direction (G, K, q)."""
        G, capacity, _ = self.S.shape
        size = min(self.count, capacity)
        if not size:
            return -preconditioner.solve(grad)
        order = np.arange(self.count - size, self.count) % capacity
        S, Y, g = self.S[:, :size], self.Y[:, :size], grad.reshape(G, -1)
        products = self.products[:, order[:, None], order]
        upper, diagonal = np.triu(products), np.linalg.diagonal(products)
        back = np.argsort(order)  # from the order of time to places
        alpha = np.linalg.solve(upper, _along(S, g)[:, order, None])[:, :, 0]
        shifted = g - _combined(Y, alpha[:, back])
        r = preconditioner.solve(shifted.reshape(grad.shape)).reshape(g.shape)
        if self.rescales:
            r = r * self._scale(grad.shape, preconditioner, diagonal[:, -1])[:, None]
        lower = np.swapaxes(upper, 1, 2)
        right = diagonal * alpha - _along(Y, r)[:, order]
        gamma = np.linalg.solve(lower, right[:, :, None])[:, :, 0]
        r += _combined(S, gamma[:, back])
        np.negative(r, out=r)
        return r.reshape(grad.shape)

    def _scale(self, shape: Any, preconditioner: Any, product: HostArray) -> HostArray:
        """Find the factors (G,) that make the inverse model right along the last step."""
        last = self.Y[:, (self.count - 1) % self.S.shape[1]].astype(np.float64)
        solved = preconditioner.solve(last.reshape(shape)).reshape(last.shape)
        size = np.vecdot(last, solved)
        seen = (size > 0.0) & (product > 0.0)
        scale: HostArray = np.where(seen, product / np.where(seen, size, 1.0), 1.0)
        return scale

    def _grow(self) -> None:
        """Double the number of pairs that are kept, as far as memory allows."""
        G, capacity, size = self.S.shape
        larger = min(2 * capacity, self.most, int(GROWN_BYTES / (8.0 * G * size)))
        if larger <= capacity:
            return
        pairs = np.arange(self.count - capacity, self.count)
        old, new = pairs % capacity, pairs % larger
        grown = RingHistory(G, size, larger)
        grown.products += np.eye(larger)
        grown.values[:, new] = self.values[:, old]
        grown.S[:, new], grown.Y[:, new] = self.S[:, old], self.Y[:, old]
        grown.products[:, new[:, None], new] = self.products[:, old[:, None], old]
        self.S, self.Y, self.products, self.values = grown.S, grown.Y, grown.products, grown.values

    def without(self, which: HostArray) -> "RingHistory":
        """Drop all pairs of some groups (G,)."""
        self._drop(np.broadcast_to(which[:, None], self.values.shape))
        return self

    def _drop(self, which: HostArray) -> None:
        """Replace pairs (G, M) by zeros."""
        if not which.any():
            return
        if self._past is not None:
            self._past.copy()
        self.S[which] = self.Y[which] = self.values[which] = 0.0
        self.products[which] = 0.0
        np.swapaxes(self.products, 1, 2)[which] = 0.0
        np.einsum("gmm->gm", self.products)[which] = 1.0

    def take_groups(self, groups: HostArray) -> "RingHistory":
        """Return the history of some of the groups, by their numbers (g,)."""
        other = RingHistory(0, 0, 0, most=self.most, keep=self.keep, rescales=self.rescales)
        other.S, other.Y = self.S[groups], self.Y[groups]
        other.products, other.values = self.products[groups], self.values[groups]
        other.count = self.count
        return other


class PastRing:
    """A history at one time, in the arrays of the one that goes on.

    What the next step overwrites is copied before, so that it is there after an interruption at any
    moment; not what further steps overwrite.
    """

    def __init__(self, ring: RingHistory) -> None:
        self.arrays, self.count = (ring.S, ring.Y, ring.products, ring.values), ring.count
        names = "most", "keep", "rescales"
        self.settings: dict[str, Any] = {name: getattr(ring, name) for name in names}
        self.kept: tuple[int, list[HostArray]] | None = None

    def keep(self, place: int) -> None:
        """Copy what a step at a place overwrites."""
        S, Y, products, values = self.arrays
        parts = S[:, place], Y[:, place], products[:, :, place], values[:, place]
        self.kept = place, [part.copy() for part in parts]

    def copy(self) -> None:
        """Copy all of it, before pairs at any places are dropped."""
        self.arrays = self._copies()
        self.kept = None

    def restored(self) -> RingHistory:
        """Return the history in arrays of its own."""
        ring = RingHistory(0, 0, 0, **self.settings)
        arrays, copies = self.arrays, self._copies()
        if self.arrays is not arrays:  # (another thread drops pairs, and has copied them before)
            copies = self._copies()
        ring.S, ring.Y, ring.products, ring.values = copies
        ring.count = self.count
        return ring

    def _copies(self) -> tuple[HostArray, HostArray, HostArray, HostArray]:
        """Copy the arrays, with what was overwritten since."""
        S, Y, products, values = (part.copy() for part in self.arrays)
        if self.kept is not None:  # (read after the copies: another thread may append a step)
            place, (step, change, column, before) = self.kept
            S[:, place], Y[:, place], values[:, place] = step, change, before
            products[:, :, place] = column
        return S, Y, products, values


def _along(vectors: HostArray, vector: HostArray) -> HostArray:
    """Inner products (G, M) of vectors (G, M, D) with a vector (G, D)."""
    found = vectors @ vector.astype(np.float32, copy=False)[:, :, None]
    return found[:, :, 0].astype(np.float64)


def _combined(vectors: HostArray, weights: HostArray) -> HostArray:
    """Sum of vectors (G, M, D) times weights (G, M)."""
    found: HostArray = (weights.astype(np.float32)[:, None, :] @ vectors)[:, 0]
    return found
