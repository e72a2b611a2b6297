"""`LogisticRegressionCV`: all penalties on all folds, in one solve."""

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn import get_config
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping, process_routing

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import Array, HostArray
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.fits import Fits
from logitron.estimators.fitting import Settings
from logitron.estimators.folds import counts_of, folds_of, scorer_named
from logitron.estimators.grid import Grid
from logitron.estimators.held_out import (
    deciding_scores,
    score_of,
    scores_of_done,
    warn_of_left_out,
    warn_of_undefined,
)
from logitron.estimators.inputs import contexts, features, sample_weights
from logitron.estimators.labels import Labels, classes_for, encode
from logitron.estimators.legacy import legacy_attributes
from logitron.estimators.multilabel import encode_many, has_many_targets
from logitron.estimators.progress import shown
from logitron.estimators.scoring import check_scoring, mean_score
from logitron.estimators.spellings import (
    PENALTIES,
    SOLVERS,
    inverse_penalties,
    method,
    path_penalty,
    tolerance,
)
from logitron.estimators.values import Count
from logitron.solvers import Status

__all__ = ["LogisticRegressionCV"]


class LogisticRegressionCV(NeuronClassifier):
    """Logistic regression with the penalty that predicts held-out rows best.

    Every penalty on every fold (and every target) is a fit of its own, to its certified optimum;
    all are solved together, since they share the rows. Held-out rows are scored where they are.

    ``coef_``, ``intercept_`` and ``classes_`` are as in `LogisticRegression`, and so is what X and
    y can be. A fixed validation set is one split: ``cv=[(train, validation)]``, with the numbers of
    the rows.

    Parameters
    ----------
    Cs : int or array-like, default 10
        Inverse strengths of the penalty; so many from 1e-4 to 1e4.
    l1_ratios : array-like, default "warn"
        Must be zeros, which is what the default stands for, without a warning: penalties of
        absolute values are not implemented.
    fit_intercept : bool, default True
    cv : int, splitter, iterable of (train, test), or None, default None
        None is five folds; they are stratified by class, but for many targets.
    scoring : str, callable or None, default None
        None is "accuracy". "neg_log_loss", "accuracy", "balanced_accuracy", "neg_brier_score",
        "roc_auc" and "average_precision" are computed where X is; every other scorer of
        scikit-learn's on the host.
    solver, tol, max_iter, class_weight, verbose, backend, device, dtype
        As in `LogisticRegression`. "balanced" is computed for each fold; ``verbose=1`` shows a
        progress bar.
    refit : bool, default True
        Whether to train on all rows with the best penalty; else the coefficients that were best in
        each fold are averaged.
    use_legacy_attributes : bool, default False
        Whether ``C_``, ``l1_ratio_``, ``scores_``, ``coefs_paths_`` and ``n_iter_`` are what
        scikit-learn's were before its version 1.8.
    warm_start : bool, default False
        Start from the coefficients of the last fit, if it was of as many folds and penalties, and
        its attributes are not the old ones.
    penalty, dual, intercept_scaling, random_state, n_jobs
        Accepted so that code written for scikit-learn runs, see `LogisticRegression`.

    Attributes
    ----------
    coef_, intercept_, classes_
        See `LogisticRegression`.
    Cs_ : array (P,)
    C_ : float, or array (T,) for many targets
        The best one.
    l1_ratios_, l1_ratio_ : array (1,), float
    scores_ : array (F, 1, P), or (T, F, 1, P)
        Of each fold and penalty; greater is better.
    coefs_paths_ : array (F, 1, P, K, q), or (T, F, 1, P, 1, q)
        Coefficients, and intercepts if there are any.
    n_iter_, suboptimality_, certified_, converged_ : array, shape of ``scores_``
        See `LogisticRegression`.
    plan_, work_
        See `LogisticRegression`.
    n_features_in_, feature_names_in_

    Notes
    -----
    Ctrl-C ends the solve, and keeps the fits that are done: the best of them is chosen, and its
    coefficients are averaged over the folds, as with ``refit=False``, since to train on all rows
    could take long. With ``warm_start=True``, ``fit`` then goes on where it was.

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

    #: the scorer asks for its weights, not this estimator
    __metadata_request__score: ClassVar[dict[str, Any]] = {"sample_weight": UNUSED}

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "Cs": [Count(1), "array-like"],
        "l1_ratios": ["array-like", None, StrOptions({"warn"})],
        "fit_intercept": ["boolean"],
        "cv": ["cv_object"],
        "dual": ["boolean"],
        "penalty": [StrOptions(set(PENALTIES)), None],
        "scoring": [str, callable, None],
        "solver": [StrOptions(set(SOLVERS))],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Count(0), None],
        "class_weight": [dict, StrOptions({"balanced"}), list, None],
        "n_jobs": [None, Integral],
        "verbose": ["verbose"],
        "refit": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "random_state": ["random_state"],
        "use_legacy_attributes": ["boolean", StrOptions({"warn"})],
        "warm_start": ["boolean"],
        "backend": [str, None],
        "device": [str, None],
        "dtype": [StrOptions({"float32", "float64"}), None],
    }

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = "warn",
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: str | None = "deprecated",
        scoring: Any = None,
        solver: str = "auto",
        tol: float = 1e-4,
        max_iter: int | None = None,
        class_weight: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: bool = False,
        warm_start: bool = False,
        backend: str | None = None,
        device: str | None = None,
        dtype: str | None = None,
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
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

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Train on every fold with every penalty, choose, and train on all rows.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,), or zeros and ones (n, T) for many targets
        sample_weight : array-like (n,) or (n, T), optional
            They count in training, and in scoring.
        **params
            ``groups`` for the splitter. Anything else needs scikit-learn's metadata routing.

        Returns
        -------
        self
            If it raises, the estimator is as it was before.

        Raises
        ------
        ValueError, TypeError, ImportError
            As `LogisticRegression.fit`; also if ``cv`` gives no folds.
        KeyboardInterrupt
            At Ctrl-C before any penalty was done on all folds, or while held-out rows are scored.

        Warns
        -----
        ConvergenceWarning
            If fits are not proven to be at their optimum, saying which, why and what to try.
        UserWarning
            If held-out rows are of classes that their fold's training rows lack: they have no say
            in the choice of C. Or if a fold cannot be scored.
        """
        before = dict(vars(self))
        try:
            self._fit(X, y, sample_weight, params)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, params: dict[str, Any]) -> None:
        self._validate_params()
        path_penalty(self)
        given = X
        X = features(self, X, reset=True)
        n = X.shape[0]
        caller, compute = contexts(X, self.backend, self.device, self.dtype)
        weights = sample_weights(sample_weight, n, np.shape(y)[1] if has_many_targets(y) else 1)
        labels = encode_many(y, n, weights) if has_many_targets(y) else encode(y, n)
        Cs = inverse_penalties(self.Cs)
        check_scoring(scorer_named(self.scoring)[0], labels.columns)
        routed = self._routed(sample_weight, params)
        truth = None if labels.many else labels.classes[to_host(labels.codes)]
        folds = folds_of(self.cv, given, truth, n, routed.splitter.split)
        settings = Settings(
            method(self, classes=2 if labels.many else len(labels.classes)),
            tolerance(self.tol),
            self.max_iter,
            interruptible=True,
        )
        over = partial(
            Grid.over,
            compute,
            X,
            labels,
            sample_weight=weights,
            class_weight=self.class_weight,
            fit_intercept=self.fit_intercept,
        )
        with compute.scope():
            number = labels.targets * len(folds) * len(Cs)
            with shown(self.verbose, number, "folds x penalties", keeps=True) as show:
                grid = over(C=Cs.reshape(1, 1, -1), counts=counts_of(folds, n))
                start = self._start(compute.wide, (labels.targets, len(folds), len(Cs)), labels)
                fits = grid.fit(settings, start=start, watch=show, precision=caller.precision)
            self.classes_, self._many = classes_for(caller, labels.classes), labels.many
            self._label_dtype = labels.dtype
            data = given, truth, routed.scorer.score
            scores, undefined = scores_of_done(self, grid, fits, labels, folds, *data)
            deciding, left_out = deciding_scores(scores, self, grid, fits, labels, folds, *data)
            coef, intercept, C, again = self._choose(over, settings, fits, deciding, Cs)
            self.coef_, self.intercept_ = caller.copy_to(coef), caller.copy_to(intercept)
            self._tell(fits, scores, Cs, C, caller, many=labels.many)
        self.plan_, self.work_ = fits.plan, grid.objective.cost
        if self.use_legacy_attributes is True and not labels.many:
            self._old_attributes(labels.classes.tolist())
        grid.warn_of_constants(stacklevel=4)
        warn_of_left_out(left_out, stacklevel=4)
        warn_of_undefined(self.scoring, undefined, scores.size, stacklevel=4)
        names = getattr(self, "feature_names_in_", None)
        for part in (fits, again):
            if part is not None:
                name = type(self).__name__
                part.warn(name, self.solver, settings, names=names, stacklevel=4)

    def _start(
        self, place: ArrayContext, shape: tuple[int, int, int], labels: Labels
    ) -> tuple[Array, Array] | None:
        """Take the last fit's paths to start from, if they fit."""
        paths = getattr(self, "coefs_paths_", None)
        if not self.warm_start or isinstance(paths, dict | None):
            return None
        p = self.n_features_in_
        wanted: tuple[int, ...] = (*shape[:2], 1, shape[2], labels.columns, p + self.fit_intercept)
        wanted = wanted if labels.many else wanted[1:]
        if tuple(paths.shape) != wanted or self._many != labels.many:
            return None
        flat = place.xp.reshape(place.asarray(paths), (-1, p + self.fit_intercept))
        return flat[:, :p], flat[:, p] if self.fit_intercept else flat[:, 0] * 0.0

    def _choose(
        self, over: Any, settings: Settings, fits: Fits, scores: HostArray, Cs: HostArray
    ) -> tuple[Array, Array, HostArray, Fits | None]:
        """Choose the penalty of each target, and its coefficients (m, p) and intercepts (m,)."""
        xp = fits.context.xp
        T, F, P = scores.shape
        K, p = fits.coef.shape[3:]
        means = mean_score(np.swapaxes(scores, 1, 2))  # of the folds that can be scored (T, P)
        unfinished = (fits.status == Status.STOPPED).any(axis=1)
        means = np.where(np.isnan(means) | unfinished, -np.inf, means)
        best = np.argmax(means, axis=1)  # (T,)
        each = np.repeat(best[:, None], F, axis=1)
        refit = self.refit and not unfinished.any()  # Ctrl-C asks for no more work
        if not self.refit:
            ranked = np.where(np.isnan(scores), -np.inf, scores)
            own = np.argmax(ranked, axis=2)  # (T, F)
            each = np.where(np.isinf(ranked).all(axis=2), each, own)
        places = np.ravel_multi_index(
            (np.arange(T)[:, None], np.arange(F)[None, :], each), (T, F, P)
        )
        index = fits.context.asarray(places.reshape(-1), keep_dtype=True)
        coef = xp.take(xp.reshape(fits.coef, (T * F * P, K, p)), index, axis=0)
        intercept = xp.take(xp.reshape(fits.intercept, (T * F * P, K)), index, axis=0)
        coef = xp.reshape(xp.mean(xp.reshape(coef, (T, F, K, p)), axis=1), (T * K, p))
        intercept = xp.reshape(xp.mean(xp.reshape(intercept, (T, F, K)), axis=1), (T * K,))
        if not refit:
            return coef, intercept, Cs[each].mean(axis=1), None
        again = over(C=Cs[best].reshape(-1, 1, 1)).fit(settings, start=(coef, intercept))
        coef = xp.reshape(again.coef, (T * K, p))
        return coef, xp.reshape(again.intercept, (T * K,)), Cs[best], again

    def _tell(
        self,
        fits: Fits,
        scores: HostArray,
        Cs: HostArray,
        C: HostArray,
        caller: ArrayContext,
        *,
        many: bool,
    ) -> None:
        """Set the attributes that tell of all fits."""

        def shaped(values: HostArray) -> HostArray:
            values = values[:, :, None, :]
            return values if many else values[0]

        xp = fits.context.xp
        paths = fits.coef
        if self.fit_intercept:
            paths = xp.concat([paths, fits.intercept[..., None]], axis=-1)
        paths = paths[:, :, None, ...]
        keep = partial(caller.asarray, keep_dtype=True)
        self.coefs_paths_ = caller.copy_to(paths if many else paths[0, ...])
        self.scores_ = caller.asarray(shaped(scores))
        self.suboptimality_ = caller.asarray(shaped(fits.suboptimality))
        self.n_iter_ = keep(shaped(fits.n_iter))
        self.certified_, self.converged_ = (
            keep(shaped(fits.certified)),
            keep(shaped(fits.converged)),
        )
        self.Cs_ = caller.asarray(Cs)
        self.C_ = caller.asarray(C) if many else float(C[0])
        self.l1_ratios_, self.l1_ratio_ = caller.asarray(np.zeros(1)), 0.0

    def _old_attributes(self, classes: list[Any]) -> None:
        for name in ("scores_", "n_iter_", "coefs_paths_"):
            setattr(self, name, to_host(getattr(self, name)))
        with_ratios = not (self.l1_ratios is None or isinstance(self.l1_ratios, str))
        old = legacy_attributes(self, classes, with_ratios=with_ratios)
        for name, value in old.items():
            setattr(self, name, value)
        if not with_ratios:
            self.l1_ratios_ = np.asarray([None])
            self.__dict__["l1_ratio_"] = np.full_like(self.C_, None, dtype=object)

    def score(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> float:
        """Score by ``scoring``; of many targets, the mean of their scores.

        Parameters
        ----------
        X : array, sparse matrix, list or table (n, p)
        y : array-like (n,) or (n, T)
        sample_weight : array-like (n,), optional
        **params
            Needs scikit-learn's metadata routing.

        Returns
        -------
        float

        Raises
        ------
        ValueError, TypeError
            As `decision_function`; also if y or the weights have masked elements, or the scorer
            refuses them.
        """
        if sample_weight is not None:
            params["sample_weight"] = sample_weight
        if get_config()["enable_metadata_routing"]:
            own = process_routing(self, "score", **params).scorer.score
        else:
            _refuse_params(set(params) - {"sample_weight"}, "score")
            own = params
        return score_of(self, X, y, own)

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell which metadata go to the splitter and to the scorer."""
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
        return scorer_named(self.scoring)[1]

    def _routed(self, sample_weight: Any, params: dict[str, Any]) -> Any:
        """Decide what goes to the splitter and to the scorer."""
        if get_config()["enable_metadata_routing"]:
            return process_routing(self, "fit", sample_weight=sample_weight, **params)
        _refuse_params(set(params) - {"groups"}, "fit")
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return Bunch(splitter=Bunch(split=dict(params)), scorer=Bunch(score=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = self.solver != "liblinear"
        return tags


def _refuse_params(names: set[str], method: str) -> None:
    if names:
        raise ValueError(
            f"{sorted(names)} cannot go to {method}: passing extra keyword arguments to "
            f"LogisticRegressionCV.{method} is only supported if enable_metadata_routing=True, "
            "which you can set using `sklearn.set_config`"
        )
