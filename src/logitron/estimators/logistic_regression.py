"""`LogisticRegression`: one fit, or one for each of many targets."""

from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array
from logitron.estimators import argument_types as types
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.fit_attempts import attempt
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.fitting import AnyFit, Settings, centre_over_classes
from logitron.estimators.iteration_callbacks import chain_callbacks, scale_loss
from logitron.estimators.journals import FitInputs, keeping_journal, keeps_journal
from logitron.estimators.progress import print_iteration
from logitron.estimators.reports import Axis
from logitron.estimators.sklearn.bases import with_callbacks
from logitron.estimators.sklearn.callbacks import CallbackBridge
from logitron.estimators.sklearn.constraints import REGRESSION
from logitron.estimators.sklearn.parameters import (
    clip_tolerance,
    inverse_penalty_per_target,
    resolve_penalty,
    resolve_solver,
)
from logitron.estimators.validation.class_weights import apply_class_weight
from logitron.estimators.validation.features import (
    reject_nonfinite,
    resolve_contexts,
    validate_features,
)
from logitron.estimators.validation.labels import (
    Labels,
    class_log_odds,
)
from logitron.estimators.validation.offsets import mean_offsets
from logitron.estimators.validation.one_hot import warn_one_hot
from logitron.estimators.validation.penalty_factors import read_penalty_factors
from logitron.estimators.validation.training_targets import read_targets
from logitron.estimators.verdict import Verdict
from logitron.estimators.warm_start import transfer_neurons
from logitron.estimators.weight_scale import max_weight_of, penalties, rescale_weights
from logitron.losses import cross_entropy
from logitron.objective import Objective, make_training_rows
from logitron.solvers import Callback

__all__ = ["LogisticRegression"]


class LogisticRegression(NeuronClassifier):
    r"""Logistic regression: one neuron for two classes, a softmax layer for more.

    Minimises :math:`\sum_i s_i \ell_i + \frac1C \sum_j f_j \left( \tfrac{1 - r}2 w_j^2
    + r |w_j| \right)` with ``r = l1_ratio`` and ``penalty_factors`` f, where :math:`\ell_i` is the
    cross-entropy of row i, :math:`s_i` its sample weight, and w the coefficients; intercepts have
    no penalty. With factors of 1, the default, this is the objective of
    :class:`sklearn.linear_model.LogisticRegression`.

    X can be a NumPy, CuPy, PyTorch, JAX or Dask array, or an array of any other library that
    implements the Python array API standard. Lists, tables of pandas, polars or pyarrow, and sparse
    matrices of SciPy count as NumPy arrays. Results have the library, device and floating-point
    type of X; float32 for float16 and bfloat16, and the widest type of the device for integers and
    booleans. y and sample weights are copied to the device of X.

    Further parameters of scikit-learn's class are accepted for compatibility: ``random_state``,
    ``dual`` and ``intercept_scaling`` have no effect, ``n_jobs`` issues a warning as in
    scikit-learn, and the deprecated ``penalty`` can be "l1", "l2", "elasticnet", or None for no
    penalty.

    Parameters
    ----------
    C : float, default 1.0
        Inverse strength of the penalty; ``inf`` is no penalty. For many targets, a number or an
        array (T,).
    l1_ratio : float, default 0.0
        Part of the L1 penalty. 0 is the L2 penalty. With 1, and to some degree with numbers between
        (elastic net), most coefficients are exactly zero. "auto", "saga" and, for 1, "liblinear"
        have it.
    penalty_factors : array-like (p,) or None, default None
        What multiplies the penalty of each feature, in the order of the columns of X: 1 changes
        nothing, 2 penalises twice as strongly, and 0 leaves a feature without a penalty. None is 1
        for all. They are taken as they are; glmnet's ``penalty.factor`` is rescaled to mean 1.
    tol : float, default 1e-4
        A fit has converged when its objective f is proven to satisfy
        ``(f - f_min) / f_min <= tol ** 2``. Gradient descent stops by ``loss_change`` instead, but
        ``converged_`` follows ``tol`` too.
    fit_intercept : bool, default True
    class_weight : dict, "balanced" or None, default None
        Factors of the sample weights by class, as in scikit-learn. For many targets, one for all or
        a list of T.
    solver : {"auto", "lbfgs", "newton", "gradient-descent"}, default "auto"
        "auto" chooses a method by the size of the problem, see ``plan_``. "newton" computes the
        whole Hessian in every iteration. "lbfgs" is L-BFGS preconditioned by the Gram matrix of the
        features; the preconditioner is updated when convergence is slow. "gradient-descent" is the
        textbook rule, which is slow for features of different ranges.

        scikit-learn's other names are accepted: "newton-cholesky" is "newton", and "newton-cg",
        "sag", "saga" and "liblinear" are "auto". All have the same optimum. In scikit-learn,
        "liblinear" penalises the intercept; here it does not, and issues a warning.
    max_iter : int or None, default None
        Iterations at most. None is 200, or 5000 for separable data, where iterations are cheaper;
        up to 400 further ones with whole Hessians for several classes that do not arrive, and up to
        400 damped Newton steps for fits that are not certified by then; 10 000 for gradient
        descent.
    verbose : int, default 0
        1 or more prints the number and loss of each iteration; for many targets, 1 shows a progress
        bar.
    warm_start : bool, default False
        Start from the coefficients of the last fit, if it had as many features, and the objective
        is lower there than at zero. Classes of the last fit keep their neurons; new classes start
        from zero.
    learning_rate : float or "auto", default "auto"
        Step length of gradient descent, which multiplies the gradient divided by the sum of the
        sample weights. "auto" is the longest step that cannot overshoot.
    loss_change : float, default 1e-5
        Gradient descent stops when the objective changes by less than this in one iteration. This
        bounds the last step, not the distance from the optimum.
    backend : str or None, default None
        Library that ``fit`` computes with: "numpy", "torch", "cupy", "jax" or "array-api-strict".
        None is the library of X. Results follow X in any case.
    device : str or None, default None
        Device of the backend, such as "cpu", "cuda", "cuda:1", "mps" or "gpu". None is the device
        of X, or the default of ``backend``.
    dtype : {"float32", "float64"} or None, default None
        Precision of the computation. None follows X, except that X of up to 4 million numbers is
        computed in float64, where the device has it. Results follow X in any case.
    missing_label : float, int, str or None, default None
        For many targets, a value of y that marks missing labels, such as -1. NaN, None and pandas'
        NA are missing labels in any case.

    Attributes
    ----------
    coef_ : array (1, p), (K, p) or (T, p)
        Coefficients of the neuron; of each class for more than two; or of each target.
    intercept_ : array (1,), (K,) or (T,)
    classes_ : array (K,) or (T,)
        Sorted labels, in the library of X if they are numbers, otherwise in NumPy. Of soft labels,
        names or numbers of the columns. For many targets, their numbers; the shapes (1,) below are
        then (T,).
    n_iter_ : array (1,) of int32
        Number of iterations.
    converged_ : array (1,) of bool
        Whether the fit is certified; or, without a penalty and with a Hessian too large for a
        bound, whether the estimated suboptimality meets ``tol``.
    suboptimality_ : array (1,)
        Proven bound of ``(f - f_min) / f_min`` at the stored coefficients; infinite where no bound
        exists.
    certified_ : array (1,) of bool
        Whether ``suboptimality_`` is at most ``tol ** 2``, or at most 1e-12 for float64 and 1e-6
        for float32.
    loss_curve_ : array (iterations,) or (iterations, T)
        Objective after each iteration; for gradient descent, before each iteration.
    plan_ : Plan or None
        The method that ``solver`` chose, and the reason; None for gradient descent.
    work_ : Cost
        Number of passes over X, and of Gram matrices computed.
    n_features_in_ : int
    feature_names_in_ : numpy.ndarray (p,)
        Only if X has column names.
    target_names_ : numpy.ndarray (T,)
        Only if y is a data frame with many columns that have names.
    target_values_ : numpy.ndarray (2,)
        Only if y is a table of other labels than numbers and booleans, such as "no" and "yes":
        these two, sorted. Probabilities are those of the second.

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

    C: Any
    class_weight: Any
    loss_curve_: Array

    _parameter_constraints: ClassVar[dict[str, Any]] = REGRESSION

    def __init__(
        self,
        penalty: types.PenaltyName | None = "deprecated",
        *,
        C: types.InversePenalty = 1.0,
        l1_ratio: float | None = 0.0,
        penalty_factors: types.PenaltyFactors = None,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: types.ClassWeight | None = None,
        random_state: types.RandomState | None = None,
        solver: types.SolverName = "auto",
        max_iter: int | None = None,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        learning_rate: float | Literal["auto"] = "auto",
        loss_change: float = 1e-5,
        backend: types.BackendName | None = None,
        device: str | None = None,
        dtype: types.PrecisionName | None = None,
        missing_label: types.MissingLabel = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.penalty_factors = penalty_factors
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
        self.missing_label = missing_label

    def fit(
        self,
        X: types.Features,
        y: types.LabelArray,
        sample_weight: types.Weights = None,
        *,
        offset: types.Offset = None,
    ) -> Self:
        """Train the neurons.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,) or (n, T)
            Class labels of any type: numbers, strings, booleans, objects. Or a table with many
            targets: each column gets a neuron of its own. It holds zeros and ones, booleans, or
            two other values such as "no" and "yes"; NaN, None and ``missing_label`` are missing
            labels, which a target is fitted without.

            Floats in [0, 1] that are not all 0 or 1 are no labels: (n,) are proportions of class 1,
            of the classes 0 and 1. A table (n, K) whose rows add up to one is the soft labels of
            one softmax layer, or of a sigmoid neuron for K = 2; the classes are the columns' names
            or numbers. Any other such table is proportions of 1, one target a column. None of them
            can be missing.
        sample_weight : array-like (n,), or (n, T) for many targets, optional
            Non-negative. A row of weight 2 counts as two rows, and a label of weight 0 counts as
            missing. A number is the weight of every row. For proportions, the numbers of trials.
        offset : array-like (n,) or (n, T); (n, K) for a softmax layer, optional
            Known numbers that are added to the logits. They are no part of the model: pass those of
            other rows to `predict` and the other methods.

        Returns
        -------
        self
            After an error, the estimator is unchanged.

        Raises
        ------
        ValueError, TypeError
            If an argument is invalid; the message names it. Also for NaN and infinity in X, missing
            labels (NaN, NaT, None) in y (n,), masked elements, complex numbers, malformed sparse
            matrices, and chunks of Dask arrays that are sparse or differ from the array's metadata.
        ImportError
            If the backend is not installed, or cannot be used on this machine.

        Warns
        -----
        ConvergenceWarning
            If a fit did not converge. The message gives the proven suboptimality, possible causes
            and remedies; without a penalty, also the features that separate the classes. For many
            targets, Ctrl-C ends the fit with this warning, and keeps the iterations made so far.
        UserWarning
            If all labels with a positive weight are of one class, of a target or of y (n,); it is
            then always predicted.
        """
        with attempt(self):
            self._fit(X, y, sample_weight, offset)
        return self

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> None:
        self._validate_params()
        C, l1_ratio = resolve_penalty(self)
        raw_inputs = X, y, sample_weight
        X = validate_features(self, X, reset=True)
        penalty = {"C": C, "l1_ratio": l1_ratio, "penalty_factors": read_penalty_factors(self)}
        contexts = resolve_contexts(X, self.backend, self.device, self.dtype)
        missing = self.missing_label
        labels, weights, offset = read_targets(y, X.shape[0], sample_weight, offset, missing)
        inputs = FitInputs(X, labels, weights, offset)
        if labels.multilabel:
            warn_one_hot(labels, weights)
            C = inverse_penalty_per_target(C, labels.n_targets).reshape(-1, 1, 1)
            self._fit_grid(inputs, penalty | {"C": C}, raw_inputs, contexts)
            return
        settings = self._settings(labels, contexts[0])
        if np.ndim(C) or isinstance(self.class_weight, list):
            raise ValueError(
                "C and class_weight can be lists only for y with many columns, got y of shape "
                f"{np.shape(y)}. Pass a number for C, and a dict or 'balanced' for class_weight"
            )
        weighed_in_blocks = labels.soft and self.class_weight is not None
        if not weighed_in_blocks:
            weights = apply_class_weight(labels, self.class_weight, weights)
            inputs = inputs._replace(weights=weights)
        if weighed_in_blocks or labels.lack_a_class(weights):
            self._fit_grid(inputs, penalty, raw_inputs, contexts)
        else:
            self._fit_one(inputs, penalty, raw_inputs, contexts, settings)

    def _fit_one(
        self,
        inputs: FitInputs,
        penalty: dict[str, Any],
        raw_inputs: tuple[Any, Any, Any],
        contexts: tuple[ArrayContext, ArrayContext],
        settings: Settings,
    ) -> None:
        """Fit a neuron, or a softmax layer, each of whose classes has rows with a weight."""
        input_context, compute_context = contexts
        weights, weight_scale = rescale_weights(inputs.weights)
        inputs, scale = inputs._replace(weights=weights), float(weight_scale[0])
        with compute_context.scope(), keeping_journal(self, inputs, compute_context):
            objective = self._objective(inputs, penalty, compute_context, scale)
            start, zero_start = self._start(
                compute_context.wide, inputs, start_at_zero=settings.start_at_zero
            )
            self._set_labels(inputs.labels, input_context)
            bridge = self._callback_bridge(raw_inputs, settings.limits.most, input_context)
            fit = settings.minimize(
                objective,
                start,
                scale_loss(chain_callbacks(self._iteration_callback(), bridge), scale),
                check_finite=partial(reject_nonfinite, objective.rows),
                zero_start=zero_start,
            )
            self.coef_, self.intercept_ = map(input_context.copy_to, fit.parameters)
            verdict = fit.judge(self.coef_, self.intercept_)
            self._set_fitted_attributes(fit, verdict, input_context, scale)
            if bridge is not None:
                bridge.end()
        names = getattr(self, "feature_names_in_", None)
        fit.warn(type(self).__name__, self.solver, verdict, names)

    def _objective(
        self, inputs: FitInputs, penalty: dict[str, Any], context: ArrayContext, weight_scale: float
    ) -> Objective:
        """Make the objective of rows whose weights were divided by ``weight_scale``."""
        X, labels, weights, offset, _ = inputs
        arrays, width = (labels.compact_codes, weights, None, offset), labels.n_outputs
        rows = make_training_rows(context, X, *arrays, width=width, ladder=True)
        C, l1_ratio, factors = penalty["C"], penalty["l1_ratio"], penalty["penalty_factors"]
        return Objective.over(
            rows,
            loss=cross_entropy(labels.n_outputs, soft=labels.soft),
            **penalties(C, l1_ratio, weight_scale, factors),
            fit_intercept=self.fit_intercept,
            max_sample_weight=max_weight_of(weights),
            sum_of_squares=rows.sum_of_squares,
        )

    def _fit_grid(
        self,
        inputs: FitInputs,
        penalty: dict[str, Any],
        raw_inputs: tuple[Any, Any, Any],
        contexts: tuple[ArrayContext, ArrayContext],
    ) -> None:
        """Fit through a `FitGrid`: many targets, or classes without weight or with soft weights."""
        (input_context, compute_context), labels = contexts, inputs.labels
        settings, multilabel = self._settings(labels, input_context), labels.multilabel
        bar = self._progress(self.verbose if multilabel else 0, labels.n_targets, "targets")
        journal = keeping_journal(self, inputs, compute_context)
        with compute_context.scope(), journal, bar as show_progress:
            grid = FitGrid.over(
                compute_context,
                inputs.X,
                labels,
                **penalty,
                sample_weight=inputs.weights,
                class_weight=self.class_weight if multilabel or labels.soft else None,
                offset=inputs.offset,
                fit_intercept=self.fit_intercept,
            )
            start, bridge = None, None
            warm = multilabel and self.warm_start and self._multilabel and hasattr(self, "coef_")
            if warm and self.coef_.shape == (labels.n_targets, inputs.X.shape[1]):
                start = tuple(
                    map(compute_context.wide.asarray, (self._dense_coef(), self.intercept_))
                )
            self._set_labels(labels, input_context)
            if multilabel:
                # (batches and targets are fitted one after another, each from iteration 1 on)
                bridge = self._callback_bridge(raw_inputs, None, input_context)
            callback = chain_callbacks(show_progress, bridge)
            results = grid.fit(settings, start=start, callback=callback)
            self._set_grid_attributes(results, input_context, multilabel=multilabel)
            self.work_ = grid.objective.cost
            if bridge is not None:
                bridge.end()
        names = None if multilabel else getattr(self, "feature_names_in_", None)
        grid.warn_single_class(labels.names)
        axes = Axis("target", labels.names), Axis("fold"), Axis("C")
        results.warn(type(self).__name__, self.solver, settings, names=names, axes=axes)

    def _settings(self, labels: Labels, context: ArrayContext) -> Settings:
        solver = resolve_solver(self, classes=2 if labels.multilabel else len(labels.classes))
        rest = clip_tolerance(self.tol), self.max_iter, self.learning_rate, self.loss_change
        multilabel, stored = labels.multilabel, context.precision
        return Settings(solver, *rest, interruptible=multilabel, stored=stored)

    def _start(
        self,
        context: ArrayContext,
        inputs: FitInputs,
        *,
        start_at_zero: bool,
    ) -> tuple[tuple[Array | None, Array | None], Array | None]:
        """Choose coefficients and intercepts to start from; None stands for zeros.

        Returns
        -------
        start : tuple
        zero_start : array (m,) or None
            Intercepts of the alternative start with coefficients of zero, for a warm start.
        """
        labels = inputs.labels
        log_odds = class_log_odds(labels, inputs.weights)
        if inputs.offset is not None and log_odds is not None:
            log_odds = log_odds - mean_offsets(inputs.offset, labels.n_outputs)
        zero_start = context.asarray(np.zeros(labels.n_outputs) if log_odds is None else log_odds)
        if self.warm_start and hasattr(self, "coef_") and not self._multilabel:
            coef, intercept = self._dense_coef(), self.intercept_
            if coef.shape[1] == self.n_features_in_:
                old_classes = to_host(self.classes_)
                if np.array_equal(old_classes, labels.classes):
                    return (context.asarray(coef), context.asarray(intercept)), zero_start
                if np.isin(labels.classes, old_classes).any():
                    old = old_classes, to_host(coef), to_host(intercept)
                    coef, intercept = transfer_neurons(labels.classes, *old)
                    return (context.asarray(coef), context.asarray(intercept)), zero_start
        if start_at_zero or log_odds is None:
            return (None, None), None
        return (None, zero_start), None

    def _callback_bridge(
        self, raw_inputs: tuple[Any, Any, Any], max_iter: int | None, input_context: ArrayContext
    ) -> CallbackBridge | None:
        """Create the bridge to scikit-learn's callbacks, if any are set."""
        if all(map(keeps_journal, getattr(self, "_skl_callbacks", ()))):
            return None

        if self._multilabel:  # batches of targets have no coefficients of all
            return CallbackBridge(self, *raw_inputs, max_iter, None)
        columns = 1 if len(self.classes_) == 2 else len(self.classes_)

        def attributes(coef: Array, intercept: Array | None) -> dict[str, Any]:
            coef, intercept = map(
                input_context.copy_to, centre_over_classes(coef, intercept, classes=columns)
            )
            return {"coef_": coef, "intercept_": intercept}

        return CallbackBridge(self, *raw_inputs, max_iter, attributes)

    def _iteration_callback(self) -> Callback:
        """Return the callback after each iteration, or None."""
        unit = "epoch" if self.solver == "gradient-descent" else "iteration"
        return partial(print_iteration, unit=unit) if self.verbose else None

    def _set_fitted_attributes(
        self, fit: AnyFit, verdict: Verdict, input_context: ArrayContext, weight_scale: float
    ) -> None:
        """Set the attributes that describe a single fit."""
        keep = partial(input_context.asarray, keep_dtype=True)
        self.suboptimality_ = input_context.asarray(verdict.suboptimality)
        self.certified_, self.converged_ = keep(verdict.certified), keep(verdict.converged)
        self.n_iter_ = keep(fit.solution.n_iter)
        self.loss_curve_ = input_context.asarray(fit.solution.loss_curve[:, 0] * weight_scale)
        self.plan_ = fit.plan
        self.work_ = fit.work

    def _set_grid_attributes(
        self, results: FitResults, input_context: ArrayContext, *, multilabel: bool
    ) -> None:
        """Set all attributes from a grid with one fit for each target."""
        xp, p = results.context.xp, results.coef.shape[-1]
        self.coef_ = input_context.copy_to(xp.reshape(results.coef, (-1, p)))
        self.intercept_ = input_context.copy_to(xp.reshape(results.intercept, (-1,)))
        keep = partial(input_context.asarray, keep_dtype=True)
        self.suboptimality_ = input_context.asarray(results.suboptimality[:, 0, 0])
        self.certified_ = keep(results.certified[:, 0, 0])
        self.converged_ = keep(results.converged[:, 0, 0])
        self.n_iter_ = keep(results.n_iter[:, 0, 0])
        curve = results.loss_curve[:, :, 0, 0]
        self.loss_curve_ = input_context.asarray(curve if multilabel else curve[:, 0])
        self.plan_ = results.plan
