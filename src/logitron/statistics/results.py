"""`Inference`: estimates of a fit, the tests of its likelihood, and what else its data say."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from logitron.backend.types import HostArray
from logitron.estimators.validation.values import check_level
from logitron.statistics.estimates import Estimates
from logitron.statistics.fitted_likelihood import FittedLikelihood
from logitron.statistics.likelihood_ratio import LikelihoodRatioTest, likelihood_ratio_test
from logitron.statistics.marginal_effects import MarginalEffects, marginal_effects
from logitron.statistics.odds_ratios import OddsRatios
from logitron.statistics.profile_intervals import profile_intervals
from logitron.statistics.summary import WIDTH, number, pairs_of_columns, pvalue

IntervalMethod = Literal["wald", "profile"]

__all__ = ["Inference"]


@dataclass(frozen=True)
class Inference(Estimates):
    """What `logitron.inference` returns: estimates, likelihood, tests and intervals.

    Arrays are float64 of NumPy. ``params`` are (q,) for two classes: a coefficient for each feature
    and, if the model has one, the intercept at the end. For K classes they are (K - 1, q),
    differences from the neuron of the reference class; for T targets (T, q). The numbers of a fit
    are floats, and arrays (T,) for T targets.

    The result refers to X and the labels without copying them: `conf_int` with "profile" and
    `margins` read them again. Pickles leave them out.
    """

    llf: Any
    """Log-likelihood."""
    llnull: Any
    """Log-likelihood of the model without features: of the intercept alone or, for a model without
    an intercept, of equal probabilities for all classes."""
    n: Any
    """Number of observations: the sum of the sample weights."""
    df_model: int
    """Parameters of a fit without its intercepts."""
    reasons: dict[int, str] = field(repr=False)
    """Why numbers of a target are NaN, by the target's position."""
    class_totals: HostArray = field(repr=False)
    """Summed weights of each class in each fit (T, C)."""
    fitted: FittedLikelihood | None = field(repr=False)
    """The likelihood and its data; None after unpickling."""

    @property
    def size(self) -> int:
        """Parameters of a fit, k."""
        return int(self.cov.shape[-1])

    @property
    def df_resid(self) -> Any:
        """Observations less parameters of a fit."""
        return self.n - self.size

    @property
    def aic(self) -> Any:
        """Akaike's information criterion: ``-2 llf + 2 k`` for k parameters."""
        return -2.0 * self.llf + 2.0 * self.size

    @property
    def bic(self) -> Any:
        """Bayesian information criterion: ``-2 llf + k log(n)`` for k parameters."""
        bic = -2.0 * self.llf + np.log(self.n) * self.size
        return bic if np.ndim(bic) else float(bic)

    @property
    def prsquared(self) -> Any:
        """McFadden's pseudo R squared: ``1 - llf / llnull``."""
        return 1.0 - self.llf / self.llnull

    def lr_test(self, smaller: "Inference | None" = None) -> LikelihoodRatioTest:
        """Test the model against a smaller one by their likelihoods.

        Parameters
        ----------
        smaller : Inference, optional
            Of a fit to the same labels and weights with some of the features. None is the model
            without features, of ``llnull``.

        Returns
        -------
        LikelihoodRatioTest
            Statistic, degrees of freedom and p-value.

        Raises
        ------
        ValueError
            If the other model has other observations, or is not smaller.
        """
        if smaller is None:
            return likelihood_ratio_test(self.llf, self.llnull, self.df_model)
        own, other = self.class_totals, smaller.class_totals
        if own.shape != other.shape or not np.allclose(own, other):
            raise ValueError(
                "smaller must be inference of the same labels and weights, got other sums of the "
                "classes' weights"
            )
        df = self.size - smaller.size
        if df <= 0:
            raise ValueError(
                "smaller must have fewer parameters than this model, got "
                f"{smaller.size} and {self.size}"
            )
        return likelihood_ratio_test(self.llf, smaller.llf, df)

    def conf_int(self, level: float = 0.95, method: IntervalMethod = "wald") -> HostArray:
        """Compute intervals of the coefficients.

        Parameters
        ----------
        level : float, default 0.95
            Probability that an interval covers the true value, for large n.
        method : {"wald", "profile"}, default "wald"
            "wald" is the estimate and a multiple of its standard error. "profile" are all values
            that a likelihood-ratio test does not reject: better for few rows, where the likelihood
            is skewed, at the cost of about seven information matrices for each end. They do not
            depend on ``cov``.

        Returns
        -------
        numpy.ndarray (..., 2)
            Lower and upper ends.

        Raises
        ------
        ValueError
            If ``level`` is not between 0 and 1, or ``method`` is unknown.
        """
        if method == "wald":
            return super().conf_int(level)
        if method != "profile":
            raise ValueError(f"method must be 'wald' or 'profile', got {method!r}")
        level, fitted = check_level(level), self._data("conf_int(method='profile')")
        valid = np.flatnonzero(self._valid)
        ends = np.full((*fitted.likelihood.shape, 2), np.nan)
        whole = len(valid) == len(ends)
        likelihood = fitted.likelihood if whole else fitted.likelihood.take(valid)
        ends[valid] = profile_intervals(likelihood, fitted.parameters[valid], level)
        return ends.reshape(*self.params.shape, 2)

    def odds_ratios(self, level: float = 0.95, method: IntervalMethod = "wald") -> OddsRatios:
        """Compute exponentials of the coefficients, and of their intervals.

        Parameters
        ----------
        level, method
            Of the intervals, see `conf_int`.

        Returns
        -------
        OddsRatios
        """
        interval = np.exp(self.conf_int(level, method))
        return OddsRatios(np.exp(self.params), interval, level, self.labels)

    def margins(self) -> MarginalEffects:
        """Compute average marginal effects: derivatives of probabilities by each feature.

        They are derivatives for features of zeros and ones too. Standard errors follow from ``cov``
        by the delta method.

        Returns
        -------
        MarginalEffects
        """
        cov = self.cov if self.cov.ndim == 3 else self.cov[None]
        fitted = self._data("margins()")
        return marginal_effects(fitted, cov, self.cov_type, self.labels, self._valid)

    def target(self, name: Any) -> Self:
        """Return the results of one of many targets, with an axis less.

        Parameters
        ----------
        name : object
            Name of the target: the number of its column, or its name if ``y`` has names.

        Raises
        ------
        ValueError
            If there is no such target, or it has no valid standard errors.
        """
        if self.labels.kind != "target" or name not in self.labels.rows:
            kept = ", ".join(map(repr, self.labels.rows[:10])) or "none"
            raise ValueError(f"name must be one of the targets ({kept}), got {name!r}")
        t = self.labels.rows.index(name)
        if t in self.reasons:
            raise ValueError(f"target {name!r} has no standard errors: {self.reasons[t]}")
        fitted = None if self.fitted is None else self.fitted.take(np.asarray([t]))
        return replace(
            self,
            params=self.params[t],
            cov=self.cov[t],
            labels=replace(self.labels, rows=(), kind=""),
            llf=float(self.llf[t]),
            llnull=float(self.llnull[t]),
            n=float(self.n[t]),
            reasons={},
            class_totals=self.class_totals[[t]],
            fitted=fitted,
        )

    def summary(self, level: float = 0.95) -> str:
        """Return a summary to print: the likelihood, and a line for each coefficient.

        Parameters
        ----------
        level : float, default 0.95
            Of the Wald intervals.

        Returns
        -------
        str
            Lines of at most 80 characters; the first ten of many targets.
        """
        title = f"{'Logistic regression by maximum likelihood':^{WIDTH}}".rstrip()
        level = check_level(level)
        return "\n".join([title, "=" * WIDTH, *self._header(), *self._lines("", level)])

    def __str__(self) -> str:
        return self.summary()

    def _data(self, method: str) -> FittedLikelihood:
        if self.fitted is None:
            raise ValueError(
                f"{method} needs the data, which pickles leave out. Call logitron.inference again"
            )
        return self.fitted

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "fitted": None}

    @property
    def _valid(self) -> HostArray:
        valid = np.ones(len(self.class_totals), bool)
        valid[list(self.reasons)] = False
        return valid

    def _header(self) -> list[str]:
        """Return lines about the whole fit; ranges for many targets."""
        test = self.lr_test()
        entries = [
            ("Observations", _span(self.n, _count)),
            ("Parameters", str(self.size)),
            ("Log-likelihood", _span(self.llf)),
            ("Without features", _span(self.llnull)),
            ("Pseudo R squared", _span(self.prsquared)),
            ("AIC", _span(self.aic)),
            ("BIC", _span(self.bic)),
            (f"LR test, chi2({test.df})", _span(test.statistic)),
            ("p of LR test", _span(test.pvalue, pvalue)),
            ("Covariance", self.cov_type),
        ]
        if self.labels.kind != "target":
            return pairs_of_columns(entries)
        without = f", {len(self.reasons)} without standard errors (.reasons)"
        targets = f"Targets: {len(self.labels.rows)}{without if self.reasons else ''}"
        return [targets, *pairs_of_columns(entries)]


def _count(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.6g}"


def _span(values: Any, form: Any = number) -> str:
    """Format a number, or the smallest and the largest of several."""
    finite = np.atleast_1d(values)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return "nan"
    low, high = form(float(finite.min())), form(float(finite.max()))
    return low if low == high else f"{low} to {high}"
