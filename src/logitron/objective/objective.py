r"""The objective: penalised loss of many groups of neurons over the same weighted rows.

For each group, with sample weights :math:`s_i` and inverse penalty strength ``C``,

.. math::

   f(W, b) = \sum_i s_i \, \ell(x_i^\top W + b, y_i) + \frac{1}{2 C} \sum_{kj} f_j \, W_{kj}^2.

The factors :math:`f_j` are 1 as a rule; intercepts are not penalised. An objective consists of few
immutable values: data, loss, penalty, layout of the parameters, statistics of the features. It
evaluates, and does nothing else: `logitron.reductions` make another objective of an objective.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from logitron.backend import ArrayContext, to_host_all
from logitron.backend.types import Array, HostArray
from logitron.data import Rows, logits_of
from logitron.losses import Loss, cross_entropy
from logitron.objective import logit_sums, sums
from logitron.objective.convexity import convexity
from logitron.objective.cost import Cost, subspace_rank
from logitron.objective.data import TrainingData
from logitron.objective.evaluation import Evaluation, assemble, assemble_products
from logitron.objective.groups import GroupIndex
from logitron.objective.layout import Layout
from logitron.objective.statistics import FeatureStatistics
from logitron.penalties import L1, L2
from logitron.preconditioners import SharedModel, projection

__all__ = ["Objective"]

#: where parameters live while they are few: float64 on the host
HOST = ArrayContext.named("numpy")
#: parameters of all groups, and features, up to which the host is the cheapest place for them
MOST_HOST_PARAMETERS, MOST_HOST_FEATURES = 100_000, 2048


@dataclass(frozen=True)
class Objective:
    """The penalised loss of ``G`` independent groups of ``K`` neurons over the same rows.

    Parameters
    ----------
    data : TrainingData
        Features ``X (n, p)``, targets and weights.
    loss : Loss
        Of the ``K`` logits of a row.
    penalty : L2
        Of the parameters ``theta (G, K, q)``.
    layout : Layout
        What the parameters are in terms of coefficients and intercepts.
    statistics : FeatureStatistics
    l1 : L1, optional
        Penalty of absolute values, which `evaluate` leaves out: it has no gradient.
    strongly_convex, penalised : bool, default False
        Whether all features but a few, or all, have an L2 penalty in every group; see `convexity`.
    cost : Cost
        Counts passes and Gram matrices; objectives made of this one count together.
    """

    data: TrainingData
    loss: Loss
    penalty: L2
    layout: Layout
    statistics: FeatureStatistics = field(default_factory=FeatureStatistics)
    strongly_convex: bool = False
    penalised: bool = False
    cost: Cost = field(default_factory=Cost)
    l1: L1 | None = None

    @classmethod
    def over(
        cls,
        rows: Rows,
        *,
        groups: int = 1,
        classes: int = 1,
        loss: Loss | None = None,
        penalty: Any = 0.0,
        l1: Any = None,
        feature_factors: HostArray | None = None,
        fit_intercept: bool = True,
        index: GroupIndex | None = None,
        max_sample_weight: float = 1.0,
        max_weight_ratio: float | None = None,
        sum_of_squares: Callable[[], float] | None = None,
        on_host: bool | None = None,
    ) -> "Objective":
        """Make the objective of ``groups`` of ``classes`` columns over rows.

        Parameters
        ----------
        rows : Rows
        groups, classes : int, default 1
        loss : Loss, optional
            By default, cross-entropy of ``classes`` for labels.
        penalty : float or array (G,)
            ``1 / C``, on the host; beside ``l1``, of the squares alone.
        l1 : float or array (G,), optional
            Strength of the penalty of absolute values, on the host.
        feature_factors : numpy.ndarray (p,), optional
            What multiplies both penalties of each feature; 1 by default.
        fit_intercept : bool, default True
        index : GroupIndex, optional
        max_sample_weight : float, default 1.0
        max_weight_ratio : float, optional
            See `TrainingData`; by default, one group may have all the weight of a row.
        sum_of_squares : callable, optional
            See `FeatureStatistics`.
        on_host : bool, optional
            Whether parameters live on the host or with the rows; by default, on the host while
            they are few.
        """
        loss = loss or cross_entropy(classes)
        each, p = np.zeros(groups) + penalty, rows.shape[1]
        if on_host is None:
            count = groups * loss.n_outputs * p
            few = p <= MOST_HOST_FEATURES and count <= MOST_HOST_PARAMETERS
            on_host = few or rows.entries is not None or l1 is not None
        with_rows = rows.context.wide
        context = HOST if on_host and not with_rows.library.is_host else with_rows
        ratio = float(groups) if max_weight_ratio is None else max_weight_ratio
        layout = Layout(context, p, fit_intercept)
        own = None if feature_factors is None else context.asarray(feature_factors)
        factors = layout.penalty_factors(own)
        l1 = None if l1 is None else L1(context.asarray(np.zeros(groups) + l1), factors)
        columns = None if index is None else index.on_host()
        data = TrainingData(rows, columns, max_sample_weight, ratio)
        known = FeatureStatistics(sum_of_squares=sum_of_squares)
        l2, convex = L2(context.asarray(each), factors, own), convexity(loss, each, feature_factors)
        return cls(data, loss, l2, layout, known, **convex, l1=l1)

    # --- its parts ---

    @cached_property
    def rows(self) -> Rows:
        """Features, targets and weights."""
        return self.data.rows

    @cached_property
    def context(self) -> ArrayContext:
        """Where parameters live."""
        return self.layout.context

    @cached_property
    def classes(self) -> int:
        """Columns of each group, K."""
        return self.loss.n_outputs

    @cached_property
    def groups(self) -> int:
        """Number of groups, G."""
        return int(self.penalty.strength.shape[0])

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Shape of the parameters, ``(G, K, q)``."""
        return self.groups, self.loss.n_outputs, self.layout.n_parameters

    @cached_property
    def eps(self) -> float:
        """Precision in which the rows are computed."""
        return float(self.rows.context.xp.finfo(self.rows.context.dtype).eps)

    @cached_property
    def supports_float32(self) -> bool:
        """Whether `evaluate` has ``low_precision``."""
        return self.statistics.supports_float32

    def start(self, coef: Array | None = None, intercept: Array | None = None) -> Array:
        """Make parameters of coefficients (m, p) and intercepts (m,); of zeros without them."""
        return self.layout.pack(self.shape, coef, intercept)

    def split(self, theta: Array) -> tuple[Array, Array | None]:
        """Take parameters apart into coefficients (m, p) and intercepts (m,) or None."""
        return self.layout.unpack(theta)

    # --- the same with other parts ---

    def with_data(self, **changes: Any) -> "Objective":
        """Return the same objective with other fields of its data."""
        return replace(self, data=replace(self.data, **changes))

    def with_layout(self, **changes: Any) -> "Objective":
        """Return the same objective with other fields of its layout."""
        return replace(self, layout=replace(self.layout, **changes))

    def with_statistics(self, **changes: Any) -> "Objective":
        """Return the same objective with other statistics of its features."""
        return replace(self, statistics=replace(self.statistics, **changes))

    def take(self, groups: HostArray) -> "Objective":
        """Return the objective of some groups, by their numbers (g,); cost is counted together."""
        columns = (self.data.columns or GroupIndex()).take(groups)
        there = self.context.asarray(groups, keep_dtype=True)
        l1 = None if self.l1 is None else self.l1.take_groups(there)
        penalty = self.penalty.take_groups(there)
        return replace(self, data=replace(self.data, columns=columns), penalty=penalty, l1=l1)

    def beside_rows(self) -> "Objective":
        """Return the same objective of parameters that live where the rows are."""
        layout = replace(self.layout, context=self.rows.context.wide)
        there = (None if part is None else layout.context.asarray(part) for part in self.penalty)
        return replace(self, layout=layout, penalty=L2(*there))

    def in_float64(self) -> "Objective":
        """Return the same objective, with blocks computed in the widest precision."""
        return self.with_data(rows=self.rows.in_float64())

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
        return self.add_up(self.rows.sum, function, *parameters, **static)

    def add_up(
        self,
        method: Callable[..., Any],
        function: Callable[..., Any],
        *parameters: Any,
        **static: Any,
    ) -> Any:
        """Do the same by a method of any rows: ``sum``, ``sum_rows`` or ``sum_products``."""
        if not self.is_remote:
            return method(function, *parameters, **static)
        receive = self.rows.context.receive
        return self.from_rows(method(function, *map(receive, parameters), **static))

    def sum_weighted(self, function: Callable[..., Any], *parameters: Any, **static: Any) -> Any:
        """Add up a block function of the groups' weights, which come after its parameters."""
        return self.sum(function, *parameters, self.data.index, classes=self.classes, **static)

    def limit_blas_threads(self) -> AbstractContextManager[Any]:
        """Hold while it is evaluated again and again."""
        return self.rows.limit_blas_threads()

    # --- sums over the rows ---

    def evaluate(
        self,
        theta: Array,
        curvature: str = "intercept",
        preconditioner: SharedModel | None = None,
        *,
        low_precision: bool = False,
    ) -> Evaluation:
        """Compute value, gradient and a part of the Hessian in one pass over the rows.

        Parameters
        ----------
        theta : array (G, K, q)
        curvature : {"intercept", "subspace", "block_diagonal", "full"}
            Which part of the Hessian, see `sums`.
        preconditioner : Kronecker or CholeskyModel, optional
            The model that "subspace" is to correct.
        low_precision : bool, default False
            Whether float32 is enough; only if the objective ``supports_float32``.
        """
        if curvature == "intercept" and self.rows.entries is not None:
            return self.evaluate_at(theta, self.logits(theta))
        combinations = None
        if curvature == "subspace":
            rank = max(1, subspace_rank(*self.rows.shape, self.classes))
            combinations = self.context.compile(projection, rank=rank)(preconditioner, theta)
        rows = (self.rows.in_float32() if low_precision else None) or self.rows
        low = curvature == "full" and self.statistics.products_in_float32
        found = self.add_up(
            rows.sum,
            sums.evaluate,
            theta[:, :, : self.layout.n_features],
            self.layout.raw_intercept(theta),
            theta[:, :, -1] if curvature == "subspace" and self.layout.fit_intercept else None,
            self.data.index,
            combinations,
            loss=self.loss,
            curvature=curvature,
            count_misclassified=self._counts_misclassified,
            **({"low": low} if low else {}),
        )
        self._count(curvature)
        settings = {"curvature": curvature, "fit_intercept": self.layout.fit_intercept}
        run = self.context.compile(assemble, **settings, scale=self.data.scale)
        centre = self.layout.padded_centre
        evaluation: Evaluation = run(found, theta, self.penalty, centre, combinations)
        return evaluation

    def logits(self, theta: Array) -> Array:
        """Compute the logits (n, G K) of parameters (G, K, q), beside the rows: half of a pass."""
        self.cost.passes += 0.5 * self.data.pass_cost
        xp, p = self.context.xp, self.layout.n_features
        W, b = xp.reshape(theta[:, :, :p], (-1, p)), self.layout.raw_intercept(theta)
        b = self.context.zeros((W.shape[0],)) if b is None else xp.reshape(b, (-1,))
        return logits_of(self.rows, self.to_rows(W), self.to_rows(b))

    def evaluate_at(self, theta: Array, logits: Array, curvature: str = "intercept") -> Evaluation:
        """Compute value, gradient and a part of the Hessian from logits: half of a pass.

        Parameters
        ----------
        theta : array (G, K, q)
        logits : array (n, G K)
            Those of ``theta``.
        curvature : {"intercept", "block_diagonal", "full"}
        """
        data, layout = self.data, self.layout
        rows = data.rows.with_row_arrays(*data.rows.row_arrays, logits)
        value, residuals, *seconds, products = self.add_up(
            rows.sum_products,
            logit_sums.evaluate,
            data.index,
            loss=self.loss,
            count_misclassified=self._counts_misclassified,
        )
        self.cost.passes += 0.5 * data.pass_cost
        if curvature != "intercept":
            self.cost.grams += data.pass_cost * self.groups
            settings = {"curvature": curvature, "fit_intercept": layout.fit_intercept}
            found = self.add_up(rows.sum, logit_sums.blocks, data.index, loss=self.loss, **settings)
            seconds[:1] = found
        run = self.context.compile(
            assemble_products,
            fit_intercept=layout.fit_intercept,
            curvature=curvature,
            scale=data.scale,
        )
        found = value, residuals, *seconds, products
        return run(found, theta, self.penalty, layout.padded_centre)  # type: ignore[no-any-return]

    def _count(self, curvature: str) -> None:
        share = self.data.pass_cost
        self.cost.passes += share
        if curvature == "full":
            self.cost.grams += share * self.groups * self.classes
        elif curvature == "block_diagonal":
            self.cost.grams += share * self.groups

    @cached_property
    def _counts_misclassified(self) -> bool:
        # (separable classes have a minimum where an L1 penalty is)
        may_be_unbounded = not self.strongly_convex and self.l1 is None
        return may_be_unbounded and self.loss.misclassified_above is not None

    def value_and_gradient(self, theta: Array) -> tuple[Array, Array]:
        """Compute the objective (G,) and its gradient (G, K, q) in one pass over the rows."""
        found = self.evaluate(theta)
        return found.value, found.grad

    def class_totals(self) -> Array:
        """Sum the weights of each class in each group, (G, C) or (1, C), C = max(K, 2)."""
        found = self._sum_weights(sums.class_totals)
        return found[0] if len(found) == 1 else self.context.xp.stack(found, axis=1)

    def row_squares(self, *, fit_intercept: bool) -> Array:
        """Sum the rows' squared lengths by their weights, (1,) or (G,)."""
        (squares,) = self.sum_weighted(sums.row_squares, fit_intercept=fit_intercept)
        return squares

    def weight_sum(self) -> Array:
        """Sum the sample weights; shape ``(1,)`` or ``(G,)``."""
        (total,) = self._sum_weights(sums.weight_sum)
        return total

    def _sum_weights(self, function: Callable[..., Any]) -> Any:
        return self.add_up(self.rows.sum_rows, function, self.data.index, classes=self.classes)

    def smoothness(self) -> Array:
        r"""Bound the curvature of the objective in every direction, one number for each group.

        The largest eigenvalue of the Hessian is at most
        :math:`c \sum_i s_i (\lVert x_i \rVert^2 + 1) + \max_j f_j / C`: a row's own is at most c,
        1/4 for a sigmoid neuron and 1/2 for a softmax group (Böhning 1992, "Multinomial logistic
        regression algorithm"). Steps of the inverse length never overshoot.
        """
        bound = self.loss.curvature_bound
        if bound is None:
            raise ValueError(f"{type(self.loss).__name__} has no bound of its curvature")
        squares = self.row_squares(fit_intercept=self.layout.fit_intercept)
        return squares * bound + self.context.xp.max(self.penalty.hessian_diagonal(), axis=(1, 2))
