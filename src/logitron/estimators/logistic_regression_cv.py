"""`LogisticRegressionCV`: all penalties on all folds, solved together."""

from collections.abc import Sequence
from functools import partial
from math import prod
from typing import Any, ClassVar, Literal, Self, SupportsFloat

import numpy as np
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators import argument_types as types
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.fit_attempts import attempt
from logitron.estimators.fit_grid import FitGrid
from logitron.estimators.fit_results import FitResults
from logitron.estimators.fitting import Settings
from logitron.estimators.journals import FitInputs, keeping_journal
from logitron.estimators.model_selection.folds import make_folds, resolve_scorer, training_counts
from logitron.estimators.model_selection.held_out import (
    HeldOut,
    warn_undefined_scores,
    warn_unseen_classes,
)
from logitron.estimators.model_selection.model_scores import score_model
from logitron.estimators.model_selection.penalty_choice import fit_chosen
from logitron.estimators.model_selection.penalty_grid import PenaltyGrid
from logitron.estimators.model_selection.scoring import check_scoring
from logitron.estimators.reports import Axis
from logitron.estimators.sklearn.constraints import CROSS_VALIDATION
from logitron.estimators.sklearn.legacy import legacy_attributes
from logitron.estimators.sklearn.parameters import (
    clip_tolerance,
    inverse_penalty_grid,
    resolve_l1_ratios,
    resolve_solver,
)
from logitron.estimators.sklearn.routing import route_fit, route_score
from logitron.estimators.validation.features import (
    read_features,
    resolve_contexts,
    validate_features,
)
from logitron.estimators.validation.labels import Labels
from logitron.estimators.validation.one_hot import warn_one_hot
from logitron.estimators.validation.penalty_factors import read_penalty_factors
from logitron.estimators.validation.training_targets import read_targets

__all__ = ["LogisticRegressionCV"]


class LogisticRegressionCV(NeuronClassifier):
    """Logistic regression with the penalty chosen by cross-validation.

    Each penalty on each fold (and for each target) is a fit of its own, up to its certified
    optimum. All fits are solved together, since they share the rows. Held-out rows are scored in
    the library and on the device of X.

    X, y, ``coef_``, ``intercept_`` and ``classes_`` are as in `LogisticRegression`. For a fixed
    validation set, pass one split with the numbers of its rows, ``cv=[(train, validation)]``.

    Parameters
    ----------
    Cs : int or array-like, default 10
        Inverse strengths of the penalty. An integer is that many values from 1e-4 to 1e4.
    l1_ratios : array-like (R,), default "warn"
        Parts of the L1 penalty, from 0 to 1, see `LogisticRegression`; each is tried with each C.
        The default means 0 alone, without a warning.
    fit_intercept : bool, default True
    cv : int, splitter, iterable of (train, test), or None, default None
        None is five folds, stratified by class unless there are many targets.
    scoring : str, callable or None, default None
        None is "accuracy". Computed on the device of X, for all fits at once: "accuracy",
        "balanced_accuracy", "neg_log_loss", "neg_brier_score", "matthews_corrcoef"; "f1",
        "precision", "recall" and "jaccard" of the second class, and their averages over the classes
        such as "f1_macro"; and, for two classes, "roc_auc" and "average_precision". All other
        scorers of scikit-learn are called for each fit, on the host.
    penalty_factors, solver, tol, max_iter, class_weight, verbose, backend, device, dtype,
    missing_label
        As in `LogisticRegression`. "balanced" is computed for each fold; ``verbose=1`` shows a
        progress bar.
    refit : bool, default True
        Whether to train on all rows with the best penalty. Otherwise, the best coefficients of each
        fold are averaged.
    use_legacy_attributes : bool, default False
        Whether ``C_``, ``l1_ratio_``, ``scores_``, ``coefs_paths_`` and ``n_iter_`` have the
        structure of scikit-learn before version 1.8.
    warm_start : bool, default False
        Start from the coefficients of the last fit, if it had as many folds and penalties, and no
        legacy attributes.
    penalty, dual, intercept_scaling, random_state, n_jobs
        Accepted for compatibility with scikit-learn, see `LogisticRegression`.

    Attributes
    ----------
    coef_, intercept_, classes_
        See `LogisticRegression`.
    Cs_ : array (P,)
    C_ : float, or array (T,) for many targets
        Best inverse strength.
    l1_ratios_ : array (R,)
    l1_ratio_ : float, or array (T,) for many targets
        Best part of the L1 penalty.
    scores_ : array (F, R, P), or (T, F, R, P)
        Score of each fold and penalty; greater is better.
    coefs_paths_ : array (F, R, P, K, q), or (T, F, R, P, 1, q)
        Coefficients, followed by intercepts if ``fit_intercept``.
    n_iter_, suboptimality_, certified_, converged_ : array, shape of ``scores_``
        See `LogisticRegression`.
    plan_, work_
        See `LogisticRegression`.
    n_features_in_, feature_names_in_, target_names_, target_values_
        See `LogisticRegression`.

    Notes
    -----
    Ctrl-C stops the solver, and keeps the completed fits. The best penalty among them is chosen,
    and its coefficients are averaged over the folds, as with ``refit=False``, since training on all
    rows could take long. With ``warm_start=True``, the next ``fit`` continues from there.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegressionCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = LogisticRegressionCV(Cs=[0.01, 1.0, 100.0], scoring="neg_log_loss").fit(scale(X), y)
    >>> clf.C_
    1.0
    >>> clf.scores_.shape, bool(clf.certified_.all())
    ((5, 1, 3), True)
    """

    Cs: Any
    class_weight: Any
    Cs_: Array
    C_: Array
    l1_ratios_: Array
    l1_ratio_: Array
    scores_: Array
    coefs_paths_: Array

    #: sample weights of `score` are a parameter of the scorer, not of this estimator
    __metadata_request__score: ClassVar[dict[str, Any]] = {"sample_weight": UNUSED}

    _parameter_constraints: ClassVar[dict[str, Any]] = CROSS_VALIDATION

    def __init__(
        self,
        *,
        Cs: int | Sequence[SupportsFloat] | types.SupportsArray = 10,
        l1_ratios: Sequence[float] | types.SupportsArray | Literal["warn"] | None = "warn",
        penalty_factors: types.PenaltyFactors = None,
        fit_intercept: bool = True,
        cv: types.Folds | None = None,
        dual: bool = False,
        penalty: types.PenaltyName | None = "deprecated",
        scoring: types.Scorer | None = None,
        solver: types.SolverName = "auto",
        tol: float = 1e-4,
        max_iter: int | None = None,
        class_weight: types.ClassWeight | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: types.RandomState | None = None,
        use_legacy_attributes: bool | Literal["warn"] = False,
        warm_start: bool = False,
        backend: types.BackendName | None = None,
        device: str | None = None,
        dtype: types.PrecisionName | None = None,
        missing_label: types.MissingLabel = None,
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.penalty_factors = penalty_factors
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.warm_start = warm_start
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
        **params: Any,
    ) -> Self:
        """Train on each fold with each penalty, choose a penalty, and train on all rows.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,), (n, T) or (n, K)
            Labels, proportions or soft labels, see `LogisticRegression.fit`. The last two need a
            ``scoring`` that is computed on the device of X. Missing labels of tables are left out
            of training and scoring.
        sample_weight : array-like (n,) or (n, T), optional
            Used in training and in scoring.
        offset : array-like (n,), (n, T) or (n, K), optional
            Added to the logits in training and in scoring, see `LogisticRegression.fit`; needs a
            ``scoring`` that is computed on the device of X.
        **params
            ``groups`` for the splitter. Other parameters need scikit-learn's metadata routing.

        Returns
        -------
        self
            After an error, the estimator is unchanged.

        Raises
        ------
        ValueError, TypeError, ImportError
            As `LogisticRegression.fit`; also if ``cv`` gives no folds.
        KeyboardInterrupt
            At Ctrl-C before any penalty was completed on all folds, or during scoring.

        Warns
        -----
        ConvergenceWarning
            If fits did not converge. The message names them, possible causes and remedies.
        UserWarning
            If held-out rows have classes that the training rows of their fold lack; these rows are
            left out of the choice of C. Also if a score is undefined.
        """
        with attempt(self):
            self._fit(X, y, sample_weight, offset, params)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, offset: Any, params: dict[str, Any]) -> None:
        self._validate_params()
        l1_ratios = np.asarray(resolve_l1_ratios(self))
        raw_X = read_features(X)
        X = validate_features(self, raw_X, reset=True)
        raw_X, n = X.array if X.lazy else raw_X, X.shape[0]
        input_context, compute_context = resolve_contexts(X, self.backend, self.device, self.dtype)
        labels, weights, offset = read_targets(y, n, sample_weight, offset, self.missing_label)
        if labels.multilabel:
            warn_one_hot(labels, weights)
        penalties = PenaltyGrid(inverse_penalty_grid(self.Cs), l1_ratios)
        on_device = labels.soft or offset is not None
        check_scoring(resolve_scorer(self.scoring)[0], labels.n_outputs, on_device=on_device)
        routed = route_fit(self, sample_weight, params)
        labels_on_host = labels.on_host()
        folds = make_folds(self.cv, raw_X, labels_on_host, n, routed.splitter.split)
        settings = self._settings(labels, input_context)
        make_grid = partial(
            FitGrid.over,
            compute_context,
            X,
            labels,
            penalty_factors=read_penalty_factors(self),
            sample_weight=weights,
            class_weight=self.class_weight,
            offset=offset,
            fit_intercept=self.fit_intercept,
        )
        inputs = FitInputs(X, labels, weights, offset, training_counts(folds, n))
        with compute_context.scope(), keeping_journal(self, inputs, compute_context):
            C, l1_ratio = penalties.pairs[:, None, None, :]
            grid = make_grid(C=C, l1_ratio=l1_ratio, counts=inputs.counts)
            shape = labels.n_targets, len(folds), *penalties.shape
            start = self._start(compute_context.wide, shape, labels)
            with self._progress(self.verbose, prod(shape), "folds x penalties") as show_progress:
                results = grid.fit(settings, start=start, callback=show_progress)
            self._set_labels(labels, input_context)
            data = raw_X, labels_on_host, routed.scorer.score
            held_out = HeldOut(self, grid, results, labels, folds, *data)
            scores, n_undefined = held_out.completed_scores()
            selection, n_unseen = held_out.selection_scores(scores)
            coef, intercept, chosen, refitted = fit_chosen(
                make_grid, settings, results, selection, penalties.pairs, refit=self.refit
            )
            self.coef_ = input_context.copy_to(coef)
            self.intercept_ = input_context.copy_to(intercept)
            self._set_fitted_attributes(results, scores, penalties, chosen, input_context)
        self.plan_, self.work_ = results.plan, grid.objective.cost
        self._refit_converged = refitted is None or bool(refitted.converged.all())
        grid.warn_single_class(labels.names)
        warn_unseen_classes(n_unseen)
        warn_undefined_scores(self.scoring, n_undefined, scores.size)
        self._warn_unconverged(results, refitted, settings, labels, penalties)
        if self.use_legacy_attributes is True and not labels.multilabel:
            self._set_legacy_attributes(labels.classes.tolist())

    def _settings(self, labels: Labels, context: ArrayContext) -> Settings:
        return Settings(
            resolve_solver(self, classes=2 if labels.multilabel else len(labels.classes)),
            clip_tolerance(self.tol),
            self.max_iter,
            interruptible=True,
            stored=context.precision,
        )

    def _warn_unconverged(
        self,
        results: FitResults,
        refitted: FitResults | None,
        settings: Settings,
        labels: Labels,
        penalties: PenaltyGrid,
    ) -> None:
        """Warn about fits that did not converge, and about the refit if it did not."""
        fitted = type(self).__name__, self.solver, settings
        names = getattr(self, "feature_names_in_", None)
        axes = Axis("target", labels.names), Axis("fold"), penalties.axis
        results.warn(*fitted, names=names, axes=axes)
        if refitted is not None:
            stage = "the refit" if labels.multilabel else f"the refit with C={self.C_:.6g}"
            refitted.warn(*fitted, names=names, axes=axes, stage=stage)

    def _start(
        self, context: ArrayContext, shape: tuple[int, int, int, int], labels: Labels
    ) -> tuple[Array, Array] | None:
        """Return the paths of the last fit as a start, if their shapes match; else None."""
        paths = getattr(self, "coefs_paths_", None)
        if not self.warm_start or isinstance(paths, dict | None):
            return None
        p = self.n_features_in_
        expected: tuple[int, ...] = (*shape, labels.n_outputs, p + self.fit_intercept)
        expected = expected if labels.multilabel else expected[1:]
        if tuple(paths.shape) != expected or self._multilabel != labels.multilabel:
            return None
        flat = context.xp.reshape(context.asarray(paths), (-1, p + self.fit_intercept))
        return flat[:, :p], flat[:, p] if self.fit_intercept else flat[:, 0] * 0.0

    def _set_fitted_attributes(
        self,
        results: FitResults,
        scores: HostArray,
        penalties: PenaltyGrid,
        chosen: HostArray,
        input_context: ArrayContext,
    ) -> None:
        """Set the attributes that describe all fits."""
        multilabel = self._multilabel

        def shaped(values: HostArray) -> HostArray:
            values = values.reshape(*values.shape[:2], *penalties.shape)
            return values if multilabel else values[0]

        xp = results.context.xp
        paths = results.coef
        if self.fit_intercept:
            paths = xp.concat([paths, results.intercept[..., None]], axis=-1)
        paths = xp.reshape(paths, (*paths.shape[:2], *penalties.shape, *paths.shape[3:]))
        keep = partial(input_context.asarray, keep_dtype=True)
        self.coefs_paths_ = input_context.copy_to(paths if multilabel else paths[0, ...])
        self.scores_ = input_context.asarray(shaped(scores))
        self.suboptimality_ = input_context.asarray(shaped(results.suboptimality))
        self.n_iter_ = keep(shaped(results.n_iter))
        self.certified_ = keep(shaped(results.certified))
        self.converged_ = keep(shaped(results.converged))
        self.Cs_ = input_context.asarray(penalties.Cs)
        C, l1_ratio = chosen
        self.C_ = input_context.asarray(C) if multilabel else float(C[0])
        self.l1_ratios_ = input_context.asarray(penalties.l1_ratios)
        self.l1_ratio_ = input_context.asarray(l1_ratio) if multilabel else float(l1_ratio[0])

    def _set_legacy_attributes(self, classes: list[Any]) -> None:
        for name in ("scores_", "n_iter_", "coefs_paths_"):
            setattr(self, name, to_host(getattr(self, name)))
        with_ratios = not (self.l1_ratios is None or isinstance(self.l1_ratios, str))
        old = legacy_attributes(self, classes, with_ratios=with_ratios)
        for name, value in old.items():
            setattr(self, name, value)
        if not with_ratios:
            self.l1_ratios_ = np.asarray([None])
            self.__dict__["l1_ratio_"] = np.full_like(self.C_, None, dtype=object)

    def score(
        self,
        X: types.Features,
        y: types.LabelArray,
        sample_weight: types.Weights = None,
        *,
        offset: types.Offset = None,
        **params: Any,
    ) -> float:
        """Score by ``scoring``; for many targets, return the mean of their scores.

        Missing labels are left out. `logitron.score_targets` has the score of each target.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,), (n, T) or (n, K)
        sample_weight : array-like (n,), or (n, T) for many targets, optional
        offset : array-like (n,), (n, T) or (n, K), optional
            See `decision_function`.
        **params
            Parameters of the scorer; they need scikit-learn's metadata routing.

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            As `decision_function`; also if y or the weights have masked elements, or the scorer
            rejects them.

        Warns
        -----
        UserWarning
            If the score is undefined for some of many targets; they are left out of the mean.
        """
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        return score_model(self, X, y, route_score(self, params), offset)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the splitter and to the scorer."""
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
            .add(
                scorer=self._get_scorer(),
                method_mapping=MethodMapping()
                .add(caller="score", callee="score")
                .add(caller="fit", callee="score"),
            )
        )

    def _get_scorer(self) -> Any:
        return resolve_scorer(self.scoring)[1]
