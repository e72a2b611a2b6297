r"""Covariance of the estimates: inverse information, or a sandwich with summed scores [1]_.

================= ==================================================================================
``cov``           covariance, for information ``H`` and scores ``u`` of N rows, k parameters
================= ==================================================================================
"nonrobust"       :math:`H^{-1}`
"HC0"             :math:`H^{-1} (\sum_i s_i u_i u_i^\top) H^{-1}`
"HC1"             HC0 times ``N / (N - k)``
"cluster"         :math:`H^{-1} (\sum_g u_g u_g^\top) H^{-1}` for the summed scores of G clusters,
                  times ``G / (G - 1) * (N - 1) / (N - k)``
================= ==================================================================================

References
----------
.. [1] H. White, "Maximum likelihood estimation of misspecified models", Econometrica 50(1), 1982.
"""

from typing import Any, NamedTuple

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.data import wrap
from logitron.estimators.validation.label_values import reject_missing
from logitron.estimators.validation.values import reject_masked, to_host_if_array
from logitron.statistics.likelihood import Likelihood
from logitron.statistics.score_sums import cluster_scores, outer_products

__all__ = ["KINDS", "Clusters", "check_cov", "covariance", "read_clusters"]

KINDS = ("nonrobust", "HC0", "HC1", "cluster")
#: fewest clusters: the sum of all scores is zero
FEWEST = 2


class Clusters(NamedTuple):
    """Rows that belong together."""

    codes: HostArray
    """Number of each row's cluster (n,)."""
    number: int
    """Of clusters."""


def check_cov(cov: Any, groups: Any) -> None:
    """Raise ValueError unless ``cov`` is known, and ``groups`` are given where they are needed."""
    if not isinstance(cov, str) or cov not in KINDS:
        raise ValueError(f"cov must be one of {', '.join(map(repr, KINDS))}, got {cov!r}")
    if cov == "cluster" and groups is None:
        raise ValueError(
            "cov='cluster' needs groups: an array (n,) with the label of each row's cluster"
        )
    if cov != "cluster" and groups is not None:
        raise ValueError(f"groups are used by cov='cluster' only, got cov={cov!r}")


def read_clusters(groups: Any, n_rows: int) -> Clusters:
    """Give each row the number of its cluster.

    Raises
    ------
    ValueError
        If labels are missing or of mixed types, there is not one for each row, or all are equal.
    """
    reject_masked("groups", groups)
    values = np.asarray(to_host_if_array(groups))
    if values.shape != (n_rows,):
        raise ValueError(
            f"groups must have shape ({n_rows},), one label for each row of X, got {values.shape}"
        )
    try:
        reject_missing(values)
    except ValueError as error:
        raise ValueError(
            "groups must have no missing labels. Leave out the rows without a label"
        ) from error
    try:
        labels, codes = wrap("groups", values).unique_inverse()
    except TypeError as error:
        raise ValueError(f"groups must hold labels of one type: {error}") from error
    if len(labels) < FEWEST:
        raise ValueError(f"groups must hold at least two clusters, got {len(labels)}")
    return Clusters(np.asarray(codes).astype(np.int64).reshape(-1), len(labels))


def covariance(
    likelihood: Likelihood,
    parameters: HostArray,
    inverse: HostArray,
    n: HostArray,
    cov: str,
    clusters: Clusters | None,
) -> HostArray:
    """Compute the covariance (T, D, D) of parameters.

    Parameters
    ----------
    likelihood : Likelihood
    parameters : numpy.ndarray (T, M, q)
    inverse : numpy.ndarray (T, D, D)
        Inverse information.
    n : numpy.ndarray (T,)
        Summed weights.
    cov : {"nonrobust", "HC0", "HC1", "cluster"}
    clusters : Clusters, optional
    """
    if cov == "nonrobust":
        return inverse
    k = likelihood.size
    if clusters is None:
        products, factor = _row_products(likelihood, parameters), np.ones(len(n))
        if cov == "HC1":
            factor = n / (n - k)
    else:
        products, count = _cluster_products(likelihood, parameters, clusters)
        factor = count / (count - 1.0) * (n - 1.0) / (n - k)
    sandwich: HostArray = inverse @ products @ inverse * factor[:, None, None]
    return sandwich


def _row_products(likelihood: Likelihood, parameters: HostArray) -> HostArray:
    """Sum the outer products of the rows' scores (T, D, D)."""
    one, theta = likelihood.objective, likelihood.theta(parameters)
    (found,) = one.sum(
        outer_products, theta, one.layout.raw_intercept(theta), one.data.index, loss=one.loss
    )
    (T, M, q), K = likelihood.shape, one.classes
    products = np.asarray(to_host(found), np.float64).reshape(T, K, q, K, q)
    kept = likelihood.kept
    return products[:, kept][:, :, :, kept].reshape(T, M * q, M * q)


def _cluster_products(
    likelihood: Likelihood, parameters: HostArray, clusters: Clusters
) -> tuple[HostArray, HostArray]:
    """Sum the outer products of the clusters' scores (T, D, D), and count clusters (T,)."""
    one, theta = likelihood.objective, likelihood.theta(parameters)
    codes = one.rows.context.asarray(clusters.codes, keep_dtype=True)
    rows = one.rows.with_row_arrays(*one.rows.row_arrays, codes)
    sums, weights = one.add_up(
        rows.sum,
        cluster_scores,
        theta,
        one.layout.raw_intercept(theta),
        one.data.index,
        loss=one.loss,
        clusters=clusters.number,
    )
    (T, M, q), K = likelihood.shape, one.classes
    scores = np.asarray(to_host(sums), np.float64).reshape(-1, T, K, q)[:, :, likelihood.kept]
    scores = scores.reshape(-1, T, M * q).transpose(1, 0, 2)
    count = np.broadcast_to((np.asarray(to_host(weights)) > 0.0).sum(axis=0), (T,))
    return scores.mT @ scores, count.astype(np.float64)
