"""The preconditioner of rows: how many, which, and their features in the shared eigenbasis."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np

from logitron.automatic.curvature import has_sizes_of_float32, refresh
from logitron.automatic.curved_blocks import curved_blocks
from logitron.backend import linalg, namespace_of, stacked, to_host
from logitron.backend.types import Array, DType, HostArray
from logitron.objective import LogitObjective, Objective, operations_of_pass
from logitron.objective.block import Block, block_function
from logitron.preconditioners import (
    Kronecker,
    Preconditioner,
    SampledSpectrum,
    sampled_spectrum_and_rows,
    spectrum_and_rows,
)
from logitron.solvers import RowSchedule, RowScheduleState

__all__ = ["Eigenbasis", "RowModels", "keeps_logits", "logits_fit", "max_rank_of", "rank_of"]

#: wide features of chosen rows are one part in so many of all features, at most; of one column
MOST_PART, MOST_PART_OF_ONE = 96, 48

#: rows of each column at least, and numbers in the rows of all columns at most
FEWEST_ROWS, MOST_NUMBERS = 8, 1 << 25
#: into how many parts the rows are divided, since each is copied; and numbers in one, at least
PARTS, FEWEST_COPIED = 8, 1 << 16
#: rows for each one that is drawn at a time, at most, for all to be rotated once
ROWS_EACH = 2
#: logits that are kept, at most, unless features are as many
MOST_LOGITS = 1 << 24
#: passes that the class blocks of all columns may cost, for rows to be left out
BLOCKS_WORTH = 16.0
#: iterations between refreshes of class blocks, which cost about ten passes, not one
BLOCKS_PERIOD = 14


def keeps_logits(objective: Objective) -> bool:
    """Whether line searches on kept logits are possible: rows that can be drawn, and memory.

    Not where functions are compiled for the shapes that they meet: each refresh has another number
    of distinct rows.
    """
    if objective.rows.context.library.is_jit or objective.penalty.feature_factors is not None:
        return False
    return objective.loss.self_concordance is not None and logits_fit(objective)


def logits_fit(objective: Objective) -> bool:
    """Whether rows are at hand, and their logits are no more than the features or than few."""
    rows = objective.rows
    (n, p), m = rows.shape, objective.groups * objective.classes
    most = max(n * p, MOST_LOGITS) if rows.in_memory else MOST_LOGITS
    return not rows.lazy and n * m <= most


def rank_of(n: int, q: int, groups: int, classes: int, most: int | None = None) -> int:
    """Choose the rows of each column: about the root of n, and no more than a class has.

    ``most`` is the numbers that the rows of all columns may have.
    """
    rank = max(float(FEWEST_ROWS), sqrt(n))
    if classes > 1:
        rank = min(rank, max(float(FEWEST_ROWS), 4.0 * n / classes))
    return max(1, min(int(rank), max_rank_of(n, q, groups, classes, most)))


def max_rank_of(n: int, q: int, groups: int, classes: int, most: int | None = None) -> int:
    """Count the rows of each column that memory and the features are good for."""
    most = MOST_NUMBERS if most is None else min(MOST_NUMBERS, most)
    return max(1, min(n, q, max(FEWEST_ROWS, most // (groups * classes * q))))


class Eigenbasis(NamedTuple):
    """Arrays in or of the basis of an exact spectrum, made when they are first needed."""

    rotated: dict[bool, Array]
    """The features of all rows (n, q), by whether they are in float32."""
    vectors: dict[DType, Array]
    """The eigenvectors (p, p), by their dtype."""


@dataclass(frozen=True)
class RowModels:
    """Makes preconditioners of an objective whose features' spectrum is known.

    Parameters
    ----------
    shared : Kronecker or SampledSpectrum
        The model of the features.
    blocks : bool
        Whether the whole blocks of each class with itself are made instead, which for small
        problems cost little.
    eigenbasis : Eigenbasis
        What models of the same rows, for other groups, have made already.
    """

    shared: Kronecker | SampledSpectrum
    blocks: bool
    eigenbasis: Eigenbasis = field(default_factory=lambda: Eigenbasis({}, {}), compare=False)

    @staticmethod
    def blocks_pay(n: int, q: int, groups: int, classes: int) -> bool:
        """Whether all blocks cost at most `BLOCKS_WORTH` passes."""
        m = groups * classes
        blocks = 1.2 * m * n * q * q + 6.0 * m * q**3
        return blocks <= BLOCKS_WORTH * m * operations_of_pass(n, q) and m * q * q <= MOST_NUMBERS

    def schedule(self, objective: Objective) -> RowSchedule:
        """Choose the rows of each column to begin with, and at most, and when they are anew."""
        (n, p), (G, K, q), most = objective.rows.shape, objective.shape, None
        if isinstance(self.shared, SampledSpectrum):
            most = n * p // (MOST_PART if G * K > 1 else MOST_PART_OF_ONE)
        rank, max_rank = rank_of(n, q, G, K, most), max_rank_of(n, q, G, K, most)
        if self.blocks:
            return RowSchedule(rank, max_rank, period=BLOCKS_PERIOD)
        return RowSchedule(rank, max_rank, width=q, evaluation=operations_of_pass(n, q))

    def __call__(
        self,
        objective: LogitObjective,
        theta: Array,
        logits: Array,
        schedule: RowScheduleState | None,
    ) -> Preconditioner:
        """Make the model at ``theta``, with the rows of each column that the schedule asks for.

        Before there is a schedule, without rows.
        """
        rank = 0 if schedule is None else schedule.rank
        if isinstance(self.shared, SampledSpectrum):
            return self._of_rows(objective, logits, max(rank, 1))
        if rank == 0:
            evaluation = objective.evaluate(theta, logits)
            return refresh(objective.objective, evaluation, theta, self.shared)
        if self.blocks:
            few = curved_blocks(objective, logits, self.shared)
            if few is not None:
                return few
            part = "block_diagonal" if objective.objective.classes > 1 else "full"
            evaluation = objective.evaluate(theta, logits, part)
            return refresh(objective.objective, evaluation, theta, None, reuse=True)
        return self._of_rows(objective, logits, rank)

    def _of_rows(self, kept: LogitObjective, logits: Array, rank: int) -> Preconditioner:
        """Take the rows of most curvature of each column."""
        objective = kept.objective
        G, K, _ = objective.shape
        xp = objective.rows.context.wide.xp
        curvature = kept.curvatures(logits)
        places, largest = linalg.largest(curvature, min(rank, curvature.shape[1]))
        total, chosen = xp.sum(curvature, axis=1), xp.sum(largest, axis=1)
        total, chosen, largest = objective.from_rows((total, chosen, largest))
        xp, context = objective.context.xp, objective.context
        places, shape = np.asarray(to_host(places)), (G, K, -1)
        curvature = xp.reshape(context.asarray(largest), shape)
        rest = context.asarray(total) - context.asarray(chosen)
        rest = xp.reshape(xp.where(rest > 0.0, rest, 0.0), (G, K))
        total = xp.reshape(context.asarray(total), (G, K))
        penalty, shared = objective.penalty.strength, self.shared
        model: Preconditioner
        if isinstance(shared, SampledSpectrum):
            roots = xp.reshape(xp.sqrt(curvature), (-1,))
            scaled = stacked(context, places.size, self._scaled(kept, places.reshape(-1), roots))
            scaled = xp.reshape(scaled, (G, K, places.shape[1], -1))
            make = context.compile(sampled_spectrum_and_rows)
            model = make(shared, penalty, rest, total, scaled)
        else:
            features, index = self._features_of(kept, places)
            index = xp.reshape(context.asarray(index, keep_dtype=True), shape)
            spectrum = self._vectors_in(features.dtype), shared.feature_values
            make = context.compile(spectrum_and_rows)
            model = make(*spectrum, penalty, rest, total, features, index, curvature)
        return model

    def _scaled(self, kept: LogitObjective, places: HostArray, roots: Array) -> Iterator[Array]:
        """Centred features of rows and their 1 (s, q), times ``roots (s,)``: in parts."""
        size = max(len(places) // PARTS, FEWEST_COPIED // kept.objective.shape[2], FEWEST_ROWS)
        for start in range(0, len(places), size):
            features, index = self._features_of(kept, places[start : start + size])
            context, own = kept.context, roots[start : start + size]
            index = context.asarray(index, keep_dtype=True)
            taken = context.xp.take(features, index, axis=0)
            yield taken * context.xp.astype(own, taken.dtype, copy=False)[:, None]
            del features, taken

    def _vectors_in(self, dtype: DType) -> Array | None:
        """Eigenvectors of the exact spectrum in a dtype: a rotation can spare what a model can."""
        V = self.shared.feature_vectors
        if V is None or V.dtype == dtype:
            return V
        if dtype not in self.eigenbasis.vectors:
            self.eigenbasis.vectors[dtype] = namespace_of(V).astype(V, dtype)
        return self.eigenbasis.vectors[dtype]

    def _features_of(self, kept: LogitObjective, places: HostArray) -> tuple[Array, HostArray]:
        """Centred features (d, q) of rows at places of any shape, and where they are in those.

        They are in the exact eigenbasis, or beside a sampled spectrum in no other basis; in float32
        where that is faster, and followed by a 1 where there is an intercept. Where most rows can
        be expected to be drawn sooner or later, all are rotated once.
        """
        objective, exact = kept.objective, not isinstance(self.shared, SampledSpectrum)
        context = objective.rows.context
        low = exact and (context is not context.wide or has_sizes_of_float32(objective))
        if exact and objective.rows.shape[0] <= ROWS_EACH * places.size:
            if low not in self.eigenbasis.rotated:
                self.eigenbasis.rotated[low] = self._in_basis(objective, low=low)
            return self.eigenbasis.rotated[low], places
        distinct, inverse = np.unique(places, return_inverse=True)
        rows = objective.rows.select(distinct)
        assert rows is not None
        drawn = self._in_basis(objective.with_data(rows=rows), low=low)
        return drawn, np.reshape(inverse, places.shape)

    def _in_basis(self, objective: Objective, *, low: bool) -> Array:
        """Centred features of all rows, in the exact eigenbasis, and their 1: (n, q)."""
        shared, xp, context = self.shared, objective.context.xp, objective.context
        layout, to_rows = objective.layout, objective.to_rows
        basis, rows = None, objective.rows
        if not isinstance(shared, SampledSpectrum):
            basis, rows = shared.feature_vectors, rows.in_float64()
        parameters = to_rows(layout.centre), to_rows(basis)
        (found,) = objective.from_rows((rows.map(_rotated, *parameters),))
        found = context.asarray(found, keep_dtype=True)
        if isinstance(shared, SampledSpectrum):
            found = xp.astype(found, shared.feature_vectors.dtype, copy=False)
        elif low:  # a model can spare the digits
            found = xp.astype(found, xp.float32, copy=False)
        if layout.fit_intercept:
            found = xp.concat([found, xp.ones_like(found[:, :1])], axis=1)
        return found


@block_function
def _rotated(block: Block, centre: Array | None, V: Array | None) -> Array:
    """Centre a block's features, and bring them to an eigenbasis."""
    xp, X = block.xp, block.X
    X = X if centre is None else X - xp.astype(centre, X.dtype, copy=False)
    return X if V is None else X @ xp.astype(V, X.dtype, copy=False)
