"""`inference`: standard errors, tests and intervals of a fitted model."""

from typing import Any, Literal

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators import LogisticRegression
from logitron.estimators.argument_types import (
    Features,
    LabelArray,
    Offset,
    Weights,
)
from logitron.estimators.user_warnings import warn
from logitron.statistics.batches import covariances
from logitron.statistics.covariance import check_cov, read_clusters
from logitron.statistics.fitted_likelihood import (
    FittedLikelihood,
    check_model,
    fitted_likelihood,
)
from logitron.statistics.null_model import intercepts_alone
from logitron.statistics.results import Inference
from logitron.statistics.tables import Labels

__all__ = ["inference"]

#: parameters of a fit at most: its information matrix is decomposed on the host
MAX_PARAMETERS = 10_000
#: targets that a warning names at most
MOST_NAMED = 5


def inference(
    model: LogisticRegression,
    X: Features,
    y: LabelArray,
    sample_weight: Weights = None,
    *,
    cov: Literal["nonrobust", "HC0", "HC1", "cluster"] = "nonrobust",
    groups: LabelArray | None = None,
    reference: Any = None,
    offset: Offset = None,
) -> Inference:
    """Compute standard errors, tests and intervals of a fit without a penalty.

    The coefficients of `LogisticRegression` with ``C=numpy.inf`` maximise the likelihood of the
    labels. For many rows they are normal, with the inverse of the information matrix as their
    covariance [1]_. That matrix is summed where X is, in one pass.

    Parameters
    ----------
    model : LogisticRegression
        Fitted with ``C=numpy.inf`` and without class weights.
    X : array, sparse matrix, list or table (n, p)
        The features of ``fit``, as are y and the weights.
    y : array-like (n,), (n, T) or (n, K)
        For many targets, missing labels are left out, as in ``fit``.
    sample_weight : array-like (n,), or (n, T) for many targets, optional
        A row of weight 2 counts as two rows, as in ``fit``. For sampling weights, which do not
        count rows, pass ``cov="cluster"`` and ``groups=numpy.arange(n)``. For proportions, the
        numbers of trials; robust covariances then take a row as so many of the same proportion.
    cov : {"nonrobust", "HC0", "HC1", "cluster"}, default "nonrobust"
        "nonrobust" is the inverse of the information matrix. "HC0" is the sandwich estimate, valid
        if the model is not true [2]_; "HC1" multiplies it by ``n / (n - k)`` for k parameters.
        "cluster" allows rows of the same group to depend on each other.
    groups : array-like (n,), optional
        Labels of the clusters, for ``cov="cluster"``.
    reference : object, optional
        For three classes or more, the class that others are compared with; the first one by
        default.
    offset : array-like (n,), (n, T) or (n, K), optional
        The offsets of ``fit``. ``llnull`` is the likelihood with them, and without features.

    Returns
    -------
    Inference
        Its ``str`` is a summary. For many targets, each has the numbers that it would have alone;
        those of targets without valid standard errors are NaN, and ``reasons`` says why.

    Raises
    ------
    ValueError
        If an argument is invalid. If the model has a penalty or class weights; did not converge;
        separates the classes, so that no maximum exists; has features that are collinear or
        constant; or is not at the maximum of the likelihood of the given data. For many targets,
        only if that holds for all of them.
    TypeError
        If the model is not a `LogisticRegression`; for the data, see `LogisticRegression.fit`.

    Warns
    -----
    UserWarning
        If some of many targets have no valid standard errors.

    References
    ----------
    .. [1] W. H. Greene, "Econometric Analysis", 8th edition, 2018, chapter 17.
    .. [2] H. White, "Maximum likelihood estimation of misspecified models", Econometrica 50(1),
       1982.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from logitron import LogisticRegression, inference
    >>> data = load_breast_cancer()
    >>> X, y = data.data[:, [0, 1, 4]], data.target
    >>> found = inference(LogisticRegression(C=np.inf).fit(X, y), X, y)
    >>> found.z.round(1)
    array([-9.1, -6.7, -7.6,  9.4])
    >>> found.conf_int().shape, bool(found.lr_test().pvalue < 1e-6)
    ((4, 2), True)
    """
    check_cov(cov, groups)
    check_model(model)
    fitted = fitted_likelihood(model, X, y, sample_weight, reference, offset)
    likelihood = fitted.likelihood
    clusters = (
        None if cov != "cluster" else read_clusters(groups, likelihood.objective.rows.shape[0])
    )
    if likelihood.size > MAX_PARAMETERS:
        raise ValueError(
            f"inference needs a matrix of all parameters of a fit, at most {MAX_PARAMETERS} of "
            f"them, got {likelihood.size}. Choose fewer features, or resample with "
            "logitron.bootstrap"
        )
    terms = _terms(model, likelihood.objective.layout.n_features)
    found = covariances(fitted, cov, clusters, terms)
    _refuse_or_warn(found.reasons, fitted)
    many, valid = model._multilabel, found.valid
    without = _without_features if offset is None else intercepts_alone
    llnull = np.where(valid, without(fitted, intercept=model.fit_intercept), np.nan)
    raw = np.where(valid[:, None, None], likelihood.raw(fitted.parameters), np.nan)
    own: Any = slice(None) if many else 0  # one fit has no axis of its own
    params = raw[own] if fitted.rows and not many else raw[own][..., 0, :]
    by_fit = found.llf, llnull, fitted.class_totals.sum(axis=1)
    llf, null, n = by_fit if many else (float(each[0]) for each in by_fit)
    kind = "target" if many else "class" if fitted.rows else ""
    return Inference(
        params=params,
        cov=found.cov[own],
        cov_type=cov,
        labels=Labels(terms, fitted.rows, kind, fitted.reference if fitted.rows else None),
        llf=llf,
        llnull=null,
        n=n,
        df_model=likelihood.size - likelihood.shape[1] * model.fit_intercept,
        reasons=found.reasons,
        class_totals=fitted.class_totals,
        fitted=fitted,
    )


def _terms(model: LogisticRegression, p: int) -> tuple[str, ...]:
    """Name the parameters of a neuron: its features, and its intercept."""
    names = getattr(model, "feature_names_in_", None)
    features = [f"x{j}" for j in range(p)] if names is None else list(map(str, names))
    return (*features, *(["intercept"] if model.fit_intercept else []))


def _without_features(fitted: FittedLikelihood, *, intercept: bool) -> HostArray:
    """Compute the log-likelihood of class frequencies, or of equal probabilities (T,)."""
    totals = fitted.class_totals
    n, classes = totals.sum(axis=1), totals.shape[1]
    if not intercept:
        equal: HostArray = -n * np.log(classes)
        return equal
    present = totals > 0.0
    shares = np.where(present, totals / n[:, None], 1.0)
    llnull: HostArray = np.sum(np.where(present, totals * np.log(shares), 0.0), axis=1)
    return llnull


def _refuse_or_warn(reasons: dict[int, str], fitted: FittedLikelihood) -> None:
    """Raise an error if no fit is valid, and warn if some are not."""
    if not reasons:
        return
    T, first = fitted.likelihood.fits, min(reasons)
    if T == 1:
        raise ValueError(f"the coefficients have no standard errors: {reasons[0]}")
    names = ", ".join(repr(fitted.rows[fit]) for fit in sorted(reasons)[:MOST_NAMED])
    names += ", ..." if len(reasons) > MOST_NAMED else ""
    text = (
        f"no standard errors for {len(reasons)} of {T} targets ({names}). Target "
        f"{fitted.rows[first]!r}: {reasons[first]}"
    )
    if len(reasons) == T:
        raise ValueError(text)
    warn(f"{text}. Their numbers are NaN; .reasons says why", UserWarning)
