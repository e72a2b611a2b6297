r"""The objective: penalised loss of many groups of neurons over the same weighted rows.

For each group of columns, with sample weights :math:`s_i` and inverse penalty strength ``C``,

.. math::

   f(W, b) = \sum_i s_i \, \ell(x_i^\top W + b, y_i) + \frac{1}{2 C} \lVert W \rVert^2.

The intercepts are not penalised. The parameters of a solver are one array ``theta (G, K, q)``: one
row a neuron, as in scikit-learn's ``coef_``, its coefficients followed, where there is one, by its
intercept. What a group does (its step, its stopping) is a number along the first axis.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from logitron.backend import ArrayContext, Rows, to_host, to_host_all
from logitron.backend.types import Array, HostArray
from logitron.losses import Binomial, Loss, cross_entropy
from logitron.objective import blocks, models
from logitron.objective.assembly import Evaluation, finish
from logitron.objective.bounds import SubsampleBound, bound_of, gram_norm_bound_of, is_representable
from logitron.objective.cost import Cost
from logitron.objective.groups import GroupIndex, class_totals
from logitron.preconditioners import (
    DenseHessian,
    DenseInverse,
    Kronecker,
    Preconditioner,
    choose,
    projection,
)

__all__ = ["LogisticObjective"]

#: where parameters live while they are few: float64 on the host
HOST = ArrayContext.named("numpy")
#: parameters of all groups, and features, up to which the host is the cheapest place for them
MOST_HOST_PARAMETERS, MOST_HOST_FEATURES = 100_000, 2048


@dataclass(frozen=True)
class LogisticObjective:
    """The penalised loss of ``G`` independent groups of neurons over the same rows.

    Parameters
    ----------
    rows : Rows
        Made of ``X (n, p)``, targets, sample weights and counts; see `columns`.
    penalty : array (G,)
        ``1 / C`` of each group, in the rows' widest precision.
    classes : int, default 1
        GroupIndex per group, ``K``.
    fit_intercept : bool, default True
    centre : array (p,), optional
        What is taken from the features, see `blocks`. Intercepts belong to centred features.
    context : ArrayContext
        Where parameters live, in the widest precision there: the host, or with the rows.
    constant : bool, default False
        Whether the last feature is a 1 whose coefficient is the intercept; ``fit_intercept`` then
        is false, see `with_constant`.
    standardisation : tuple of arrays (p,) and (p,), optional
        Centre and scale of the features that the rows give; see `standardisation`.
    factors : array (p,), optional
        What multiplies the penalty of each feature; None is 1.
    needs_standardisation : bool, default False
        Whether the features should be standardised.
    columns : GroupIndex, optional
        What of the data beside the rows belongs to which group.
    uneven : float, default 1.0
        Largest weight of a row in a group, relative to its mean weight in all groups.
    weight : float, default 1.0
        Multiplies the loss: a sample of the rows stands for all of them.
    largest : array (), optional
        Upper bound of the largest eigenvalue of the features' weighted products, for `bound`.
    max_sample_weight : float, default 1.0
        The largest sample weight.
    reading : float, default 1.0
        Numbers in a row, as a part of those that a row of the features has.
    squares : array (p,), optional
        Summed squares of each feature, roughly, for the rounding in `bound`.
    read_squares : callable, optional
        Gives the sum of all squared features, of which each is read the first time.
    strongly_convex : bool, default True
        Whether all groups have a penalty, so that distances from the optimum are bounded.
    centre_first_float32 : bool, default False
        Whether the centre is so far from zero that float32 would lose too many digits.
    supports_float32 : bool, default False
        Whether passes far from the optimum can be computed in float32, see `evaluate`.
    witness : SubsampleBound, optional
        Some of the rows, whose curvature makes `bound` sharper.
    """

    rows: Rows
    penalty: Array
    loss: Loss = field(default_factory=Binomial)
    fit_intercept: bool = True
    constant: bool = False
    context: ArrayContext = HOST
    centre: Array | None = None
    standardisation: tuple[Array, Array] | None = None
    factors: Array | None = None
    needs_standardisation: bool = False
    columns: GroupIndex | None = None
    uneven: float = 1.0
    weight: float = 1.0
    largest: Array | None = None
    max_sample_weight: float = 1.0
    reading: float = 1.0
    squares: Array | None = None
    read_squares: Callable[[], float] | None = None
    strongly_convex: bool = True
    centre_first_float32: bool = False
    supports_float32: bool = False
    witness: SubsampleBound | None = None
    work: Cost = field(default_factory=Cost)

    @classmethod
    def over(
        cls,
        rows: Rows,
        *,
        groups: int = 1,
        classes: int = 1,
        loss: Loss | None = None,
        penalty: Any = 0.0,
        fit_intercept: bool = True,
        columns: GroupIndex | None = None,
        uneven: float | None = None,
        on_host: bool | None = None,
    ) -> "LogisticObjective":
        """Make the objective of ``groups`` of ``classes`` columns over rows.

        ``penalty`` is ``1 / C``: a number for all groups, or one for each, on the host. Without
        ``uneven``, one group may have all the weight of a row. Parameters live on the host while
        they are few; ``on_host`` says where, if that is not to be chosen.
        """
        each = np.zeros(groups) + penalty
        p = rows.shape[1]
        if on_host is None:
            on_host = p <= MOST_HOST_FEATURES and groups * classes * p <= MOST_HOST_PARAMETERS
        with_rows = rows.context.wide
        context = HOST if on_host and not with_rows.library.is_host else with_rows
        return cls(
            rows,
            penalty=context.asarray(each),
            context=context,
            loss=loss or cross_entropy(classes),
            fit_intercept=fit_intercept,
            columns=columns,
            uneven=float(groups) if uneven is None else uneven,
            strongly_convex=loss is None and bool((each > 0).all()),
        )

    # --- to the rows and back ---

    @cached_property
    def is_remote(self) -> bool:
        """Whether parameters are on the host, and rows in another library."""
        return self.context.library is not self.rows.context.library

    def to_rows(self, parameter: Array | None) -> Array | None:
        """Bring a parameter of a block function to the rows."""
        return self.rows.context.wide.receive(parameter) if self.is_remote else parameter

    def from_rows(self, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
        """Bring sums over rows to where parameters live, in one transfer."""
        return tuple(to_host_all(arrays)) if self.is_remote else arrays

    def sum(self, function: Callable[..., Any], *parameters: Any, **static: Any) -> Any:
        """Add up a block function: parameters go to the rows, sums come back; see `Rows.sum`."""
        return self.sum_over(self.rows, function, *parameters, **static)

    def sum_over(
        self, rows: Rows, function: Callable[..., Any], *parameters: Any, **static: Any
    ) -> Any:
        """Do the same over other rows of the same library."""
        if not self.is_remote:
            return rows.sum(function, *parameters, **static)
        receive = rows.context.receive
        return self.from_rows(rows.sum(function, *map(receive, parameters), **static))

    @property
    def classes(self) -> int:
        """Columns of each group, K."""
        return self.loss.n_outputs

    @property
    def groups(self) -> int:
        """Number of groups, G."""
        return int(self.penalty.shape[0])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the parameters, ``(G, K, q)``."""
        return self.groups, self.classes, self.rows.shape[1] + self.fit_intercept

    @cached_property
    def eps(self) -> float:
        """Precision in which the rows are computed."""
        return float(self.rows.context.xp.finfo(self.rows.context.dtype).eps)

    @property
    def share(self) -> float:
        """Part of all rows that one pass over these is."""
        return self.reading / self.weight

    @property
    def has_intercept(self) -> bool:
        """Whether the last parameter of each neuron is its intercept."""
        return self.fit_intercept or self.constant

    @cached_property
    def penalised(self) -> Array:
        """Factor of each parameter's penalty: 1 or the feature's own, 0 for the intercept (q,)."""
        ones = self.factors
        if ones is None:
            ones = self.context.zeros((self.shape[2] - self.has_intercept,)) + 1.0
        if not self.has_intercept:
            return ones
        return self.context.xp.concat([ones, self.context.zeros((1,))])

    @cached_property
    def is_penalised(self) -> Array:
        """1 for coefficients, 0 for the intercept (q,)."""
        if self.factors is None:
            return self.penalised
        return self.context.xp.astype(self.penalised > 0.0, self.penalised.dtype)

    @cached_property
    def _padded(self) -> Array | None:
        """The centre, and a zero for the intercept (q,)."""
        if self.centre is None:
            return None
        return self.context.xp.concat([self.centre, self.context.zeros((1,))])

    # --- parameters ---

    def start(self, coef: Array | None = None, intercept: Array | None = None) -> Array:
        """Make parameters of coefficients (m, p) and intercepts (m,); of zeros without them."""
        G, K, q = self.shape
        p = self.rows.shape[1]
        if coef is None and (intercept is None or not self.fit_intercept):
            return self.context.zeros((G, K, q))
        theta = self.context.zeros((G, K, p))
        if coef is not None:
            theta = self.context.xp.reshape(self.context.asarray(coef), (G, K, p))
        if self.fit_intercept:
            intercept = self.context.xp.reshape(self.context.asarray(intercept), (G, K, 1))
        if self.standardisation is not None:
            centre, scale = self.standardisation
            if self.fit_intercept:
                intercept = intercept + (theta @ centre[:, None])
            there = scale > 0.0
            theta = theta * self.context.xp.where(
                there, 1.0 / self.context.xp.where(there, scale, 1.0), 0.0
            )
        if not self.fit_intercept:
            return theta
        if self.centre is not None:
            intercept = intercept + (theta @ self.centre[:, None])
        return self.context.xp.concat([theta, intercept], axis=2)

    def split(self, theta: Array) -> tuple[Array, Array | None]:
        """Take parameters apart into coefficients (m, p) and intercepts (m,) or None."""
        p = self.rows.shape[1]
        flat = self.context.xp.reshape(theta, (-1, theta.shape[2]))
        coef, intercept = flat[:, :p], flat[:, p] if self.fit_intercept else None
        if intercept is not None and self.centre is not None:
            intercept = intercept - coef @ self.centre
        if self.standardisation is None:
            return coef, intercept
        centre, scale = self.standardisation
        coef = coef * scale
        return coef, intercept if intercept is None else intercept - coef @ centre

    def take(self, groups: HostArray) -> "LogisticObjective":
        """Return the objective of some groups, by their numbers (g,); work is counted together."""
        with_rows = self.rows.context.asarray(groups, keep_dtype=True)
        columns = (self.columns or GroupIndex()).take(with_rows)
        index = self.context.asarray(groups, keep_dtype=True)
        penalty = self.context.xp.take(self.penalty, index, axis=0)
        return replace(self, columns=columns, penalty=penalty, witness=None)

    def beside_rows(self) -> "LogisticObjective":
        """Return the same objective of parameters that live where the rows are."""
        with_rows = self.rows.context.wide
        return replace(self, context=with_rows, penalty=with_rows.asarray(self.penalty))

    def sample(self, count: int, seed: int = 0) -> "LogisticObjective | None":
        """Return the same objective on rows drawn evenly; None where they cannot be drawn."""
        rows = self.rows.sample(count, seed)
        if rows is None:
            return None
        weight = self.rows.shape[0] / rows.shape[0]
        return replace(
            self, rows=rows, weight=self.weight * weight, largest=None, read_squares=None
        )

    def with_subsample_bound(self, sample: "LogisticObjective") -> "LogisticObjective":
        """Return the same objective, whose bound knows the curvature of some of the rows."""
        return replace(self, witness=SubsampleBound(sample))

    def in_float64(self) -> "LogisticObjective":
        """Return the same objective, with blocks computed in the widest precision."""
        return replace(self, rows=self.rows.in_float64())

    # --- sums over the rows ---

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Hold while it is evaluated again and again."""
        return self.rows.limit_blas_threads()

    def evaluate(
        self,
        theta: Array,
        curvature: str = "intercept",
        preconditioner: Preconditioner | None = None,
        *,
        low_precision: bool = False,
    ) -> Evaluation:
        """Compute value, derivative and curvature in one pass over the rows.

        Parameters
        ----------
        theta : array (G, K, q)
        second : {"intercept", "subspace", "block_diagonal", "full"}
            Which second derivatives, see `blocks`.
        preconditioner : Kronecker, optional
            The model that "subspace" is to correct.
        low_precision : bool, default False
            Whether float32 is enough; only if the objective ``supports_float32``.
        """
        combinations = None
        if curvature == "subspace":
            rank = max(1, min(self.classes, COARSE_SIZE // self.classes - 1))
            mix = self.context.compile(projection, rank=rank)
            combinations = mix(preconditioner, theta)
        p = self.rows.shape[1]
        intercept = None
        if self.fit_intercept:
            intercept = theta[:, :, p]
            if self.centre is not None:
                intercept = intercept - theta[:, :, :p] @ self.centre
        rows = self.rows.in_float32() if low_precision else self.rows
        assert rows is not None
        sums = self.sum_over(
            rows,
            blocks.evaluate,
            theta,
            intercept,
            self.columns,
            combinations,
            loss=self.loss,
            curvature=curvature,
            count_misclassified=self._counts_misclassified,
        )
        self.work.passes += self.share
        if curvature == "full":
            self.work.grams += self.share * self.groups * self.classes
        elif curvature == "block_diagonal":
            self.work.grams += self.share * self.groups
        assemble = self.context.compile(
            finish,
            curvature=curvature,
            weight=self.weight,
            recentre=curvature in ("block_diagonal", "full"),
        )
        evaluation: Evaluation = assemble(
            sums, theta, self.penalty, self.penalised, self._padded, combinations
        )
        return evaluation

    @property
    def _counts_misclassified(self) -> bool:
        return not self.strongly_convex and self.loss.misclassified_above is not None

    def class_totals(self) -> Array:
        """Sum the weights of each class in each group, (G, C) or (1, C), C = max(K, 2)."""
        (totals,) = self._sum(class_totals)
        return totals

    def _sum(self, function: Callable[..., Any], *parameters: Any, **static: Any) -> Any:
        return self.sum(function, *parameters, self.columns, classes=self.classes, **static)

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Compute the objective (G,) and its derivative (G, K, q) in one pass over the rows."""
        evaluation = self.evaluate(theta)
        return evaluation.value, evaluation.grad

    def bound(
        self, evaluation: Evaluation, theta: Array, *, before: float = 0.0, enough: Any = 0.0
    ) -> Array:
        """Bound the distance of the value from the optimum (G,); see `bounds`."""
        return bound_of(self, evaluation, theta, before=before, enough=enough)

    def gram_norm_bound(self) -> Array:
        """Bound the largest eigenvalue of the features' weighted products from above, ()."""
        if self.largest is None:
            object.__setattr__(self, "largest", gram_norm_bound_of(self))
        return self.largest

    def smoothness(self) -> Array:
        r"""Bound the curvature of the objective in every direction, one number for each group.

        The largest eigenvalue of the Hessian is at most
        :math:`c \sum_i s_i (\lVert x_i \rVert^2 + 1) + 1/C`, because a row's own Hessian is at
        most ``c = 1/4`` for a sigmoid neuron and ``1/2`` for a softmax group [1]_. Gradient
        descent with the inverse of the bound as its step length never overshoots.

        References
        ----------
        .. [1] D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of
           Statistical Mathematics 44(1), 1992.
        """
        squares = self.row_squares(fit_intercept=self.fit_intercept)
        bound = self.loss.curvature_bound
        if bound is None:
            raise ValueError(f"{type(self.loss).__name__} has no bound of its curvature")
        return squares * bound + self.penalty

    def row_squares(self, *, fit_intercept: bool) -> Array:
        """Sum the rows' squared lengths by their weights, (1,) or (G,)."""
        (squares,) = self._sum(blocks.row_squares, fit_intercept=fit_intercept)
        return squares

    def weight_sum(self) -> Array:
        """Sum the sample weights; shape ``(1,)`` or ``(G,)``."""
        (total,) = self._sum(blocks.weight_sum)
        return total

    # --- models of the curvature ---

    def bounded_by(
        self, read_squares: Callable[[], float], max_sample_weight: float
    ) -> "LogisticObjective":
        """Return the same objective, which can find the sum of all squared features.

        With the largest of the sample weights, it bounds the largest eigenvalue of the
        features' weighted products, which `bound` needs; and both tell whether float32 has their
        numbers.
        """
        return replace(self, read_squares=read_squares, max_sample_weight=max_sample_weight)

    def uncentred(self) -> "LogisticObjective":
        """Return the same objective in features as the rows give them."""
        return replace(self, centre=None, witness=None)

    def invert(self, preconditioner: Preconditioner) -> Preconditioner:
        """Prepare a Hessian for being solved with many times, if it is not yet."""
        if not isinstance(preconditioner, DenseHessian):
            return preconditioner
        inverted: Preconditioner = self.context.compile(DenseInverse.of)(preconditioner)
        return inverted

    def preconditioner(
        self,
        evaluation: Evaluation,
        theta: Array,
        model: Preconditioner | None,
        chosen: Array | None = None,
        *,
        reuse: bool = False,
    ) -> Preconditioner:
        """Make the preconditioner of the Hessian that was just summed at ``theta``.

        Groups that are not ``chosen (G,)`` keep the model that they had; None chooses all. Whole
        Hessians are inverted for ``reuse``.
        """
        new = models.of_evaluation(self, evaluation, theta, model)
        if reuse:
            new = self.invert(new)
        if chosen is None or type(new) is not type(model):
            return new
        merged: Preconditioner = self.context.compile(choose)(new, model, chosen)
        return merged

    def with_gram(self, count: int | None = None) -> tuple["LogisticObjective", Kronecker]:
        """Sum the Gram matrix; return the exactly centred objective and its preconditioner.

        The preconditioner is the shared one, yet without the curvature of any parameters. It also
        tells whether float32 can tell the flattest direction from none. Of ``count`` rows only,
        centre and preconditioner are nearly those of all.
        """
        centre, largest, preconditioner, condition = models.of_gram(self, count)
        supports_float32 = (
            self.strongly_convex and self.rows.in_float32() is not None and is_representable(self)
        )
        if supports_float32:
            supports_float32 = bool(to_host(condition) < ROUGH_CONDITION)
        here = replace(self, largest=largest, supports_float32=supports_float32, witness=None)
        return (here if centre is None else replace(here, centre=centre)), preconditioner

    def with_squares(self, *, flat: bool) -> Kronecker:
        """Return the shared preconditioner of unrelated features, by their squares.

        Of features none of which stands out, ``flat``, the mean square is enough, and known.
        """
        return models.of_squares(self, flat=flat)

    def recentre(self, theta: Array, before: "LogisticObjective") -> Array:
        """Take parameters of an objective in otherwise centred features to this one's."""
        return self.start(*before.split(theta))


#: size of the curvature that is summed exactly along a softmax group's directions, at most
COARSE_SIZE = 640
#: of passes that are rough, how much flatter than the steepest direction the flattest may be
ROUGH_CONDITION = 1e5
