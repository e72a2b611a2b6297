"""`LogisticRegression`: the user's door to the neuron."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.data import Source
from logitron.estimators.callbacks import Tasks, Watch, both, with_callbacks
from logitron.estimators.class_weights import balance
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.fits import Fits
from logitron.estimators.fitting import Fit, Settings, centre_over_classes, in_unit
from logitron.estimators.grid import Grid
from logitron.estimators.inputs import contexts, features, refuse_nonfinite, sample_weights
from logitron.estimators.labels import Labels, classes_for, encode, prior
from logitron.estimators.multilabel import encode_many, has_many_targets
from logitron.estimators.progress import print_iteration, shown
from logitron.estimators.spellings import PENALTIES, SOLVERS, inverse_penalty, method, tolerance
from logitron.estimators.units import inverse, scaled
from logitron.estimators.values import Count, as_floats, plain
from logitron.estimators.verdict import Verdict
from logitron.objective import Objective, make_training_rows

__all__ = ["LogisticRegression"]


class LogisticRegression(NeuronClassifier):
    r"""Logistic regression: one neuron for two classes, a softmax layer for more.

    Minimises :math:`\sum_i s_i \ell_i + \frac{1}{2C} \lVert w \rVert^2`, the sum of the rows'
    cross-entropy weighted by sample weights :math:`s_i`, and the penalty of the coefficients; the
    intercepts are not penalised. This is the objective of
    :class:`sklearn.linear_model.LogisticRegression`.

    The answers come back as X came in: in its library, on its device, in its kind of float. X can
    be a NumPy, CuPy, PyTorch, JAX or Dask array, an array of any other library that implements the
    Python array API standard, a list, a table of pandas, polars or pyarrow, or a sparse matrix of
    SciPy; all of those count as NumPy. float16 and bfloat16 features are computed, and answered, in
    float32; integers and booleans in the widest float of the device. y and sample weights are
    brought to X.

    Parameters that scikit-learn's class has, and that are not described here, are accepted, so that
    code written for it runs: ``random_state``, ``dual`` and ``intercept_scaling`` do nothing,
    ``n_jobs`` warns, as it does there; the deprecated ``penalty`` is "l2", or None for no penalty.

    Parameters
    ----------
    C : float, default 1.0
        Inverse strength of the penalty; ``inf`` is no penalty. Of many targets, one for all or an
        array (T,).
    l1_ratio : float, default 0.0
        Share of a penalty of absolute values. Must be 0: that penalty is not implemented.
    tol : float, default 1e-4
        A fit is done when its loss is proven to be within ``tol ** 2`` of the optimum, relative to
        it. Gradient descent stops by ``loss_change`` instead; whether it converged is decided by
        ``tol`` too.
    fit_intercept : bool, default True
    class_weight : dict, "balanced" or None, default None
        Multiplies the sample weights by class, as in scikit-learn. Of many targets, one for all or
        a list of T.
    solver : {"auto", "lbfgs", "newton", "gradient-descent"}, default "auto"
        "auto" chooses by the sizes of the problem, see ``plan_``. "newton" sums the whole Hessian
        in every pass; "lbfgs" is a quasi-Newton method that starts from the features' Gram matrix,
        and refreshes its curvature when it is slow. "gradient-descent" is the textbook's rule: it
        is slow on features of different ranges.

        scikit-learn's other names are accepted: "newton-cholesky" is "newton", and "newton-cg",
        "sag", "saga" and "liblinear" are "auto". All reach the same optimum, but for "liblinear",
        which in scikit-learn penalises the intercept: it warns.
    max_iter : int or None, default None
        Iterations at most. None is 200 and, for fits that are not proven by then, as many as 400
        damped Newton steps more; 10 000 for gradient descent.
    verbose : int, default 0
        1 or more prints each iteration's number and loss; of many targets, 1 shows a progress bar.
    warm_start : bool, default False
        Start from the coefficients of the last fit, if it was of the same features and the loss
        is lower there than at zero. Classes that it knew keep their neurons; new ones start from
        zero.
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
        Precision to compute in. None follows X, but tables of up to 4 million numbers are computed
        in float64 where the device has it. Answers are in X's kind of float all the same.

    Attributes
    ----------
    coef_ : array (1, p), (K, p) or (T, p)
        Coefficients of the neuron, of each class for more than two, or of each target.
    intercept_ : array (1,), (K,) or (T,)
    classes_ : array (K,) or (T,)
        The labels, sorted: in X's library if they are numbers, else as NumPy. Of many targets,
        their numbers; the shapes (1,) below are then (T,).
    n_iter_ : array (1,) of int32
        Iterations made.
    converged_ : array (1,) of bool
        Whether the fit is certified; or, where there is no penalty and the Hessian is too large
        for a bound, whether the estimated distance from the optimum meets ``tol``.
    suboptimality_ : array (1,)
        Proven bound of how far the objective at the coefficients as they are stored is above its
        optimum, relative to it; infinite where none is proven.
    certified_ : array (1,) of bool
        Whether that is at most ``tol ** 2``, or at most the floor of the kind of float: 1e-12 for
        float64, 1e-6 for float32.
    loss_curve_ : array (iterations,) or (iterations, T)
        Objective after each iteration; for gradient descent, at the start of each.
    plan_ : Plan or None
        What ``solver`` chose, and why; None for gradient descent.
    work_ : Cost
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
        "penalty": [StrOptions(set(PENALTIES)), None],
        "C": [Interval(Real, 0, None, closed="right"), "array-like"],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), list, None],
        "random_state": ["random_state"],
        "solver": [StrOptions(set(SOLVERS))],
        "max_iter": [Count(0), None],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "loss_change": [Interval(Real, 0, None, closed="left")],
        "backend": [str, None],
        "device": [str, None],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: Any = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: str = "auto",
        max_iter: int | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        learning_rate: float | str = "auto",
        loss_change: float = 1e-5,
        backend: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.learning_rate = learning_rate
        self.loss_change = loss_change
        self.backend = backend
        self.device = device
        self.dtype = dtype

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train the neurons.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,) or (n, T)
            Class labels of any type: numbers, strings, booleans, objects; or a table of zeros and
            ones, each column of which is a target with a neuron of its own.
        sample_weight : array-like (n,), or (n, T) for many targets, optional
            Non-negative; a row with weight 2 counts as two rows, and a label with weight 0 is as
            good as missing. A number is every row's weight.

        Returns
        -------
        self
            If it raises, the estimator is as it was before.

        Raises
        ------
        ValueError, TypeError
            If an argument is not what it should be, before any work begins; the message names it.
            So are NaN and infinity in X, labels that are missing (NaN, NaT, None), masked elements,
            complex numbers, malformed sparse matrices, and chunks of Dask arrays that are sparse or
            not as announced.
        ImportError
            If the backend is not installed, or cannot be used here.

        Warns
        -----
        ConvergenceWarning
            If a fit is not proven to be at its optimum, saying which, how near it is, why, and what
            to try; without a penalty, along which features classes are separated. Of many targets,
            Ctrl-C ends the fit with this warning, and keeps what is done.
        UserWarning
            If all labels of any weight are of one class, which is then predicted always.
        """
        before = dict(vars(self))
        try:
            self._fit(X, y, sample_weight)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    @with_callbacks  # type: ignore[untyped-decorator]
    def _fit(self, X: Any, y: Any, sample_weight: Any) -> None:
        self._validate_params()
        C = inverse_penalty(self)
        given = X, y, sample_weight
        X = features(self, X, reset=True)
        caller, compute = contexts(X, self.backend, self.device, self.dtype)
        if has_many_targets(y):
            self._fit_many(X, given, C, caller, compute)
            return
        n = X.shape[0]
        labels = encode(y, n)
        settings = self._settings(labels)
        if np.ndim(C) or isinstance(self.class_weight, list):
            raise ValueError("C and class_weight can be lists only where y has many columns")
        weights = balance(labels, self.class_weight, sample_weights(sample_weight, n))
        if _lacks_a_class(labels, weights):
            self._fit_present(X, labels, weights, C, caller, compute)
            return
        weights, unit = scaled(weights)
        with compute.scope():
            rows = make_training_rows(compute, X, labels.narrow, weights, width=labels.columns)
            objective = Objective.over(
                rows,
                classes=labels.columns,
                penalty=inverse(C, unit[0]),
                fit_intercept=self.fit_intercept,
            )
            start, cold = self._start(compute.wide, labels, weights, untrained=settings.untrained)
            self.classes_, self._many = classes_for(caller, labels.classes), False
            tasks = self._tasks(given, settings.most, caller)
            max_sample_weight = 1.0 if weights is None else float(weights.max())
            fit = settings.minimize(
                objective.with_sizes(rows.sum_of_squares, max_sample_weight),
                start,
                in_unit(both(self._watcher(), tasks), float(unit[0])),
                check=partial(refuse_nonfinite, rows),
                cold=cold,
            )
            self.coef_, self.intercept_ = map(caller.copy_to, fit.parameters)
            verdict = fit.judge(self.coef_, self.intercept_)
            self._tell(fit, verdict, caller, float(unit[0]))
            if tasks is not None:
                tasks.end()
        names = getattr(self, "feature_names_in_", None)
        fit.warn(type(self).__name__, self.solver, verdict, names, stacklevel=5)

    def _fit_present(
        self,
        X: Source,
        labels: Labels,
        weights: Array,
        C: Any,
        caller: ArrayContext,
        compute: ArrayContext,
    ) -> None:
        """Train where some classes have no weight: the problem of the others."""
        settings = self._settings(labels)
        with compute.scope():
            grid = Grid.over(
                compute,
                X,
                labels,
                C=float(C),
                sample_weight=weights,
                fit_intercept=self.fit_intercept,
            )
            self.classes_, self._many = classes_for(caller, labels.classes), False
            fits = grid.fit(settings, precision=caller.precision)
            self.coef_ = caller.copy_to(fits.coef[0, 0, 0, :, :])
            self.intercept_ = caller.copy_to(fits.intercept[0, 0, 0, :])
            self._tell_many(fits, caller)
            self.loss_curve_ = caller.asarray(fits.loss_curve[:, 0, 0, 0])
            self.work_ = grid.objective.cost
        grid.warn_of_constants(stacklevel=6)
        names = getattr(self, "feature_names_in_", None)
        fits.warn(type(self).__name__, self.solver, settings, names=names, stacklevel=6)

    def _fit_many(
        self,
        X: Source,
        given: tuple[Any, Any, Any],
        C: Any,
        caller: ArrayContext,
        compute: ArrayContext,
    ) -> None:
        """Train a neuron for each column of a table of targets, together."""
        _, Y, sample_weight = given
        n = X.shape[0]
        weights = sample_weights(sample_weight, n, np.shape(Y)[1])
        labels = encode_many(Y, n, weights)
        settings = self._settings(labels)
        each = _of_targets(C, labels.targets)
        with compute.scope(), shown(self.verbose, labels.targets, "targets", keeps=True) as show:
            grid = Grid.over(
                compute,
                X,
                labels,
                C=each.reshape(-1, 1, 1),
                sample_weight=weights,
                class_weight=self.class_weight,
                fit_intercept=self.fit_intercept,
            )
            warm = self.warm_start and self._many and hasattr(self, "coef_")
            start = None
            if warm and self.coef_.shape == (labels.targets, X.shape[1]):
                start = tuple(map(compute.wide.asarray, (self._dense_coef(), self.intercept_)))
            self.classes_, self._many = classes_for(caller, labels.classes), True
            self._label_dtype = labels.dtype
            tasks = self._tasks(given, settings.most, caller)
            told = both(show, tasks)
            fits = grid.fit(settings, start=start, watch=told, precision=caller.precision)
            self.coef_ = caller.copy_to(fits.coef[:, 0, 0, 0, :])
            self.intercept_ = caller.copy_to(fits.intercept[:, 0, 0, 0])
            self._tell_many(fits, caller)
            self.work_ = grid.objective.cost
            if tasks is not None:
                tasks.end()
        grid.warn_of_constants(stacklevel=6)
        fits.warn(type(self).__name__, self.solver, settings, names=None, stacklevel=6)

    def _settings(self, labels: Labels) -> Settings:
        return Settings(
            method(self, classes=2 if labels.many else len(labels.classes)),
            tolerance(self.tol),
            self.max_iter,
            self.learning_rate,
            self.loss_change,
            interruptible=labels.many,
        )

    def _start(
        self, place: ArrayContext, labels: Labels, weights: Any, *, untrained: bool
    ) -> tuple[tuple[Array | None, Array | None], Array | None]:
        """Choose coefficients and intercepts to start from; None is zeros.

        Returns
        -------
        start : tuple
        cold : array (m,) or None
            Intercepts of a start from coefficients of zero, where ``start`` is that of another fit.
        """
        shares = prior(labels, weights)
        cold = place.asarray(np.zeros(labels.columns) if shares is None else shares)
        if self.warm_start and hasattr(self, "coef_") and not self._many:
            coef, intercept = self._dense_coef(), self.intercept_
            if coef.shape[1] == self.n_features_in_:
                known = to_host(self.classes_)
                if np.array_equal(known, labels.classes):
                    return (place.asarray(coef), place.asarray(intercept)), cold
                if np.isin(labels.classes, known).any():
                    moved = _moved_to(labels.classes, known, to_host(coef), to_host(intercept))
                    return (place.asarray(moved[0]), place.asarray(moved[1])), cold
        if untrained or shares is None:
            return (None, None), None  # the textbook's neuron knows nothing to begin with
        return (None, cold), None

    def _tasks(self, given: tuple[Any, Any, Any], most: int, caller: ArrayContext) -> Tasks | None:
        """Prepare what scikit-learn's callbacks, if any are set, are told."""
        if not hasattr(self, "_skl_callbacks"):
            return None

        if self._many:  # not all targets are under way at a time
            return Tasks(self, *given, most, None)
        columns = 1 if len(self.classes_) == 2 else len(self.classes_)

        def attributes(coef: Array, intercept: Array | None) -> dict[str, Any]:
            coef, intercept = map(
                caller.copy_to, centre_over_classes(coef, intercept, classes=columns)
            )
            return {"coef_": coef, "intercept_": intercept}

        return Tasks(self, *given, most, attributes)

    def _watcher(self) -> Watch | None:
        """Say what to call after each iteration; None for nothing."""
        return print_iteration if self.verbose else None

    def _tell(self, fit: Fit, verdict: Verdict, caller: ArrayContext, unit: float) -> None:
        """Set the attributes that tell how the fit went."""
        keep = partial(caller.asarray, keep_dtype=True)
        self.suboptimality_ = caller.asarray(verdict.suboptimality)
        self.certified_, self.converged_ = keep(verdict.certified), keep(verdict.converged)
        self.n_iter_ = keep(fit.solution.n_iter)
        self.loss_curve_ = caller.asarray(fit.solution.loss_curve[:, 0] * unit)
        self.plan_ = fit.plan
        self.work_ = fit.work

    def _tell_many(self, fits: Fits, caller: ArrayContext) -> None:
        """Set the attributes that tell how the fits of many targets went."""
        keep = partial(caller.asarray, keep_dtype=True)
        self.suboptimality_ = caller.asarray(fits.suboptimality[:, 0, 0])
        self.certified_ = keep(fits.certified[:, 0, 0])
        self.converged_ = keep(fits.converged[:, 0, 0])
        self.n_iter_ = keep(fits.n_iter[:, 0, 0])
        self.loss_curve_ = caller.asarray(fits.loss_curve[:, :, 0, 0])
        self.plan_ = fits.plan

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags


def _lacks_a_class(labels: Labels, weights: np.ndarray[Any, Any] | None) -> bool:
    """Whether the rows of some class have no weight at all."""
    if weights is None or weights.all() or labels.lazy:
        return False
    return bool((np.bincount(labels.codes[weights > 0], minlength=len(labels.classes)) == 0).any())


def _of_targets(C: Any, targets: int) -> np.ndarray[Any, Any]:
    """Check penalties of many targets (T,)."""
    each = as_floats("C", C)
    if each.ndim > 1 or each.size not in (1, targets) or not (each > 0).all():
        raise ValueError(
            f"C must be a positive number, or one for each of {targets} targets, got {plain(C)!r}"
        )
    return np.broadcast_to(each, (targets,))


def _moved_to(
    classes: np.ndarray[Any, Any],
    known: np.ndarray[Any, Any],
    coef: np.ndarray[Any, Any],
    intercept: np.ndarray[Any, Any],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Take the neurons of known classes over to other classes; those of new ones are zero.

    One sigmoid neuron is a softmax layer of two: half of its logit for one class, and the other
    half against the other.
    """
    if len(known) == 2:
        coef, intercept = (np.concatenate([-0.5 * a, 0.5 * a]) for a in (coef, intercept))
    places = {label: place for place, label in enumerate(known.tolist())}
    chosen = [places.get(label, len(known)) for label in classes.tolist()]
    coef = np.concatenate([coef, np.zeros_like(coef[:1])])[chosen]
    intercept = np.concatenate([intercept, np.zeros_like(intercept[:1])])[chosen]
    if len(classes) == 2:
        coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
    return coef, intercept
