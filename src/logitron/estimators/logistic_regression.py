"""`LogisticRegression`: the user's door to the neuron."""

import warnings
from collections.abc import Callable
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from array_api_compat import array_namespace
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from logitron import neuron
from logitron.backend import ArrayContext, dask_meta, is_dask, make_rows, map_chunks, read
from logitron.estimators.inputs import (
    contexts,
    features,
    on_host,
    refuse_nonfinite,
    sample_weights,
)
from logitron.estimators.labels import Labels, balance, classes_for, encode, prior, take
from logitron.objective import LogisticObjective, is_flat
from logitron.solvers import Engine, GradientDescent, Iteration, Solution, Status, choose

__all__ = ["LogisticRegression"]

Array = Any


class LogisticRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    r"""Logistic regression: one neuron for two classes, a softmax layer for more.

    Minimises :math:`\sum_i s_i \ell_i + \frac{1}{2C} \lVert w \rVert^2`, the sum of the rows'
    cross-entropy weighted by sample weights :math:`s_i`, and the penalty of the coefficients; the
    intercepts are not penalised. This is the objective of
    :class:`sklearn.linear_model.LogisticRegression`.

    The answers come back as X came in: in its library, on its device, in its kind of float. X can
    be a NumPy, CuPy, PyTorch, JAX or Dask array, an array of any other library that implements the
    Python array API standard, a list or a table; lists and tables count as NumPy. float16 and
    bfloat16 features are computed, and answered, in float32; integers and booleans in the widest
    float of the device. y and sample weights are brought to X.

    Parameters
    ----------
    C : float, default 1.0
        Inverse strength of the penalty; ``inf`` is no penalty.
    fit_intercept : bool, default True
    class_weight : dict, "balanced" or None, default None
        Multiplies the sample weights by class, as in scikit-learn.
    tol : float, default 1e-4
        A fit is done when its loss is within ``tol ** 2`` of the optimum, relative to it; which
        is proven where ``certified_`` says so. Gradient descent has ``loss_change`` instead.
    solver : {"auto", "lbfgs", "newton", "gradient-descent"}, default "auto"
        "auto" chooses by the sizes of the problem, see ``plan_``. "newton" sums the whole Hessian
        in every pass; "lbfgs" is a quasi-Newton method that starts from the features' Gram matrix,
        and refreshes its curvature when it is slow. "gradient-descent" is the textbook's rule: it
        is slow on features of different ranges.
    max_iter : int or None, default None
        Iterations at most; None is 200, and 10 000 for gradient descent.
    verbose : int, default 0
        1 or more prints each iteration's number and loss.
    warm_start : bool, default False
        Start from the coefficients of the last fit, if it was of the same classes and features.
    learning_rate : float or "auto", default "auto"
        Multiplies the gradient divided by the sum of the sample weights. "auto" is a step that
        cannot overshoot.
    loss_change : float, default 1e-5
        Stop when the objective changes by less than this in one iteration. That is a statement
        about the last step, not about the distance from the optimum.
    backend : str or None, default None
        Where ``fit`` computes: "numpy", "torch", "cupy", "jax" or "array-api-strict"; None is
        where X is. The answers follow X all the same.
    device : str or None, default None
        Device of the backend, such as "cpu", "cuda", "cuda:1", "mps" or "gpu"; None is where X
        is, or the backend's default.
    dtype : {"float32", "float64"} or None, default None
        Precision to compute in; None follows X.

    Attributes
    ----------
    coef_ : array (1, p) or (K, p)
        Coefficients of the neuron, or of each class for more than two.
    intercept_ : array (1,) or (K,)
    classes_ : array (K,)
        The labels, sorted: in X's library if they are numbers, else as NumPy.
    n_iter_ : numpy.ndarray (1,)
        Iterations made.
    converged_ : numpy.ndarray (1,) of bool
        Whether the stopping rule was met, or the precision of the arithmetic reached.
    suboptimality_ : numpy.ndarray (1,)
        How far the objective at the coefficients can be above its optimum, relative to it.
    certified_ : numpy.ndarray (1,) of bool
        Whether that is proven: there is a penalty, and float64 to sum in. Else it is an estimate.
    loss_curve_ : numpy.ndarray
        Objective after each iteration; for gradient descent, at the start of each.
    plan_ : Plan or None
        What ``solver`` chose, and why; None for gradient descent.
    work_ : Work
        How often the features were read, and products of them summed.
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray (p,)
        Only where X has names.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning", 2006, section 4.3.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from logitron import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = LogisticRegression(loss_change=1e-3).fit(X, y)
    >>> clf.predict(X[:2])
    array([0, 0])
    >>> bool(clf.score(X, y) > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "C": [Interval(Real, 0, None, closed="right")],
        "fit_intercept": ["boolean"],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "lbfgs", "newton", "gradient-descent"})],
        "max_iter": [Interval(Integral, 0, None, closed="left"), None],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "loss_change": [Interval(Real, 0, None, closed="left")],
        "backend": [str, None],
        "device": [str, None],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }

    def __init__(
        self,
        *,
        C: float = 1.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
        tol: float = 1e-4,
        solver: str = "auto",
        max_iter: int | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        learning_rate: float | str = "auto",
        loss_change: float = 1e-5,
        backend: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self.C = C
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.tol = tol
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.learning_rate = learning_rate
        self.loss_change = loss_change
        self.backend = backend
        self.device = device
        self.dtype = dtype

    # --- training ---

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the neurons.

        Parameters
        ----------
        X : array, list or table (n, p)
        y : array-like (n,)
            Class labels of any type: numbers, strings, booleans, objects.
        sample_weight : array-like (n,), optional
            Non-negative; a row with weight 2 counts as two rows. A number is every row's weight.

        Returns
        -------
        self
            If it raises, the estimator is as it was before.

        Raises
        ------
        ValueError, TypeError
            If an argument is not what it should be; the message names it.
        ImportError
            If the backend is not installed, or cannot be used here.

        Warns
        -----
        ConvergenceWarning
            If the stopping rule was not met, saying why and what to try.
        """
        before = dict(vars(self))
        try:
            return self._fit(X, y, sample_weight)
        except BaseException:
            self.__dict__ = before
            raise

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> Self:
        self._validate_params()
        X = features(self, X, reset=True)
        caller, compute = contexts(X, self.backend, self.device, self.dtype)
        n = X.shape[0]
        labels = encode(y, n)
        weights = balance(labels, self.class_weight, sample_weights(sample_weight, n))
        classes = 1 if len(labels.classes) == 2 else len(labels.classes)
        with compute.scope():
            rows = make_rows(compute, X, labels.codes, weights, width=classes)
            squares = refuse_nonfinite(rows)
            objective = LogisticObjective.over(
                rows,
                classes=classes,
                penalty=1.0 / float(self.C),
                fit_intercept=self.fit_intercept,
            )
            start = self._start(compute.wide, labels, weights)
            heaviest = 1.0 if weights is None else float(weights.max())
            solution, objective = self._minimize(objective.bounded_by(squares, heaviest), start)
            coef, intercept = objective.split(solution.theta)
            coef = caller.own(coef)
            intercept = caller.own(coef[:, 0] * 0.0 if intercept is None else intercept)
            self.coef_, self.intercept_ = coef, intercept
            self._certify(objective, solution)
        self.classes_ = classes_for(caller, labels.classes)
        self.work_ = objective.work
        self._report(solution)
        return self

    def _start(
        self, place: ArrayContext, labels: Labels, weights: Any
    ) -> tuple[Array | None, Array | None]:
        """Choose coefficients and intercepts to start from; None is zeros."""
        classes = 1 if len(labels.classes) == 2 else len(labels.classes)
        if self.warm_start and hasattr(self, "coef_"):
            same = np.array_equal(read(self.classes_), labels.classes)
            if same and tuple(self.coef_.shape) == (classes, self.n_features_in_):
                return place.asarray(self.coef_), place.asarray(self.intercept_)
        intercept = prior(labels, weights)
        if self.solver == "gradient-descent" or intercept is None:
            return None, None  # the textbook's neuron knows nothing to begin with
        return None, place.asarray(intercept)

    def _minimize(
        self, objective: LogisticObjective, start: tuple[Any, Any]
    ) -> tuple[Solution, LogisticObjective]:
        iterations = {} if self.max_iter is None else {"max_iter": int(self.max_iter)}
        watch = self._watcher()
        if self.solver == "gradient-descent":
            self.plan_ = None
            descent = GradientDescent(self.learning_rate, float(self.loss_change), **iterations)
            theta = objective.start(*start)
            return descent.minimize(objective, theta, on_iteration=watch), objective
        objective = objective.centred()
        n, p = objective.rows.shape
        self.plan_ = choose(
            n,
            p,
            objective.groups,
            objective.classes,
            method=None if self.solver == "auto" else self.solver,
            flat=n < p and not objective.rows.lazy and is_flat(objective),
            lazy=objective.rows.lazy,
        )
        warm = start[0] is not None
        engine = Engine(self.plan_, tol=float(self.tol), warm=warm, **iterations)
        return engine.minimize(objective, objective.start(*start), on_iteration=watch)

    def _certify(self, objective: LogisticObjective, solution: Solution) -> None:
        """Bound the distance from the optimum, at the coefficients as they are stored."""
        wide, rows = objective.context, objective.rows.context
        precisions = {ArrayContext.of(self.coef_).precision, rows.precision, wide.precision}
        if solution.as_evaluated and solution.gap is not None and len(precisions) == 1:
            value, gap = solution.loss_curve[-1], solution.gap
        else:
            precise = objective.precise()
            theta = precise.start(wide.asarray(self.coef_), wide.asarray(self.intercept_))
            evaluation = precise.evaluate(theta)
            # an infinite bound where there is no penalty: then the solver's estimate is all we have
            value, gap = read(wide.xp.stack([evaluation.value, precise.bound(evaluation, theta)]))
            if not objective.bounded and solution.gap is not None:
                gap = solution.gap
        with np.errstate(divide="ignore", invalid="ignore"):
            self.suboptimality_ = np.where(value > gap, gap / (value - gap), np.inf)
        proven = objective.bounded and wide.precision == "float64"
        self.certified_ = np.isfinite(self.suboptimality_) & proven

    def _watcher(self) -> Callable[[Iteration], bool | None] | None:
        """Say what to call after each iteration; None for nothing."""
        return _print_iteration if self.verbose else None

    def _report(self, solution: Solution) -> None:
        self.n_iter_ = solution.n_iter
        ended = Status(int(solution.status[0]))
        self.converged_ = np.asarray([ended in (Status.CONVERGED, Status.AT_PRECISION)])
        self.loss_curve_ = solution.loss_curve[:, 0]
        if ended not in (Status.CONVERGED, Status.AT_PRECISION, Status.STOPPED):
            warnings.warn(
                f"LogisticRegression(solver={self.solver!r}) after {solution.n_iter[0]} "
                f"iterations: {ended.explanation}.",
                ConvergenceWarning,
                stacklevel=4,
            )

    # --- answers ---

    def decision_function(self, X: Any) -> Array:
        """Compute the logits.

        Parameters
        ----------
        X : array, list or table (n, p)

        Returns
        -------
        array (n,) for two classes, of the second one; (n, K) for more
            Computed where X is; lazy if X is a Dask array.

        Raises
        ------
        ValueError
            If X has not the features, or is not of the library and device, of ``fit``.
        """
        return self._map(X, _decision)

    def predict_proba(self, X: Any) -> Array:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array, list or table (n, p)

        Returns
        -------
        array (n, K)
            Columns in the order of ``classes_``.

        Raises
        ------
        ValueError
            As `decision_function`.
        """
        return self._map(X, _probabilities)

    def predict(self, X: Any) -> Array:
        """Choose the most probable class.

        Parameters
        ----------
        X : array, list or table (n, p)

        Returns
        -------
        array (n,)
            Labels of ``classes_``. The rows of a lazy array are not looked at: where features are
            NaN, probabilities are NaN, and the first class is chosen.

        Raises
        ------
        ValueError
            As `decision_function`.
        """
        codes = self._map(X, _codes)
        if is_dask(codes):
            return map_chunks(codes, partial(take, self.classes_), self.classes_.dtype)
        return take(self.classes_, codes)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute the accuracy: the share of rows whose label is predicted.

        Parameters
        ----------
        X : array, list or table (n, p)
        y : array-like (n,)
        sample_weight : array-like (n,), optional

        Returns
        -------
        float
        """
        predicted, y, sample_weight = map(on_host, (self.predict(X), y, sample_weight))
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))

    def to(self, backend: str, device: str | None = None) -> Self:
        """Move the fitted model to another library or device, in place.

        Parameters
        ----------
        backend : str
            Name of the library.
        device : str, optional
            Its device; the library's default if left out.

        Returns
        -------
        self

        Raises
        ------
        ValueError, ImportError
            If the backend or device does not exist here.

        Examples
        --------
        >>> import numpy as np
        >>> from logitron import LogisticRegression
        >>> clf = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        >>> type(clf.to("numpy").coef_)
        <class 'numpy.ndarray'>
        """
        check_is_fitted(self)
        precision = ArrayContext.of(self.coef_).precision
        place = ArrayContext.named(backend, device, precision)
        with place.scope():
            moved = place.own(self.coef_), place.own(self.intercept_)
            classes = classes_for(place, read(self.classes_))
        self.coef_, self.intercept_ = moved
        self.classes_ = classes
        return self

    def _map(self, X: Any, function: Callable[..., Array], *parameters: Array) -> Array:
        """Apply a block function of features and coefficients to the rows of X, where X is."""
        check_is_fitted(self)
        X = features(self, X, reset=False)
        place = ArrayContext.of(dask_meta(X) if is_dask(X) else X)
        self._check_place(place)
        with place.scope():
            rows = make_rows(place, X)
            if not is_dask(X):  # a look at the values would compute a lazy array
                refuse_nonfinite(rows)
            coef, intercept = place.asarray(self.coef_), place.asarray(self.intercept_)
            return rows.map(function, coef, intercept, *parameters)

    def _check_place(self, place: ArrayContext) -> None:
        fitted = ArrayContext.of(self.coef_)
        if (fitted.library.name, fitted.device) != (place.library.name, place.device):
            raise ValueError(
                "X must use the same namespace and device as the fitted model: the model is on "
                f"{fitted.library.name} ({fitted.device}), X on {place.library.name} "
                f"({place.device}). Move the model with "
                f".to({place.library.name!r}, device) or bring X to it"
            )


# --- block functions ----------------------------------------------------------------------------


def _logits(X: Array, coef: Array, intercept: Array) -> Array:
    return neuron.logits(X, array_namespace(coef).matrix_transpose(coef), intercept)


def _decision(X: Array, coef: Array, intercept: Array) -> Array:
    Z = _logits(X, coef, intercept)
    return Z[:, 0] if Z.shape[1] == 1 else Z


def _probabilities(X: Array, coef: Array, intercept: Array) -> Array:
    Z = _logits(X, coef, intercept)
    if Z.shape[1] > 1:
        return neuron.softmax(Z, classes=Z.shape[1])
    # sigmoid(-z) is one minus sigmoid(z) without the cancellation
    return array_namespace(Z).concat([neuron.sigmoid(-Z), neuron.sigmoid(Z)], axis=1)


def _codes(X: Array, coef: Array, intercept: Array) -> Array:
    Z = _logits(X, coef, intercept)
    xp = array_namespace(Z)
    if Z.shape[1] == 1:
        return xp.astype(Z[:, 0] > 0, xp.int32)
    return xp.astype(xp.argmax(Z, axis=1), xp.int32)


def _print_iteration(iteration: Iteration) -> None:
    print(f"epoch {iteration.number:6d}  loss {iteration.loss[0]:.6g}")
