"""`ProbeScoresDisplay`: sorted scores of many targets."""

from copy import copy
from typing import Any, Self

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import HostArray
from logitron.displays.axes import BLUE, GREY, explain_hollow, mark, on_axes, tidy
from logitron.displays.fitted_model import FittedModel
from logitron.displays.ranking_metrics import RANKINGS
from logitron.estimators.target_scores import score_targets

__all__ = ["ProbeScoresDisplay"]

#: targets whose names are legible beside each other
MOST_NAMED = 40
#: base rates of targets with labels of one class, in logits that are finite
LEAST_RATE = 1e-9


class ProbeScoresDisplay:
    """Scores of many targets, the best at the top, beside what chance gives.

    A grey line is at the score of each target without features: for "roc_auc" one half, for
    "average_precision" the base rate, for "accuracy" the share of the commoner label. A circle is
    hollow where the target's fit is not certified.

    Parameters
    ----------
    scores : numpy.ndarray (T,)
        Greater is better; NaN for targets without a score, which are left out.
    names : sequence (T,), optional
        None is their numbers.
    chance : numpy.ndarray (T,), optional
    certified : numpy.ndarray of bool (T,), optional
        None draws all circles filled.
    score_name : str, default "score"

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    points_ : matplotlib.collections.PathCollection
    chance_ : matplotlib.lines.Line2D or None
    targets_ : numpy.ndarray of int
        Numbers of the targets, from top to bottom.

    Examples
    --------
    >>> import numpy as np
    >>> from logitron import LogisticRegression
    >>> from logitron.displays import ProbeScoresDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 8))
    >>> Y = X @ rng.normal(size=(8, 12)) + rng.logistic(size=(400, 12)) * np.arange(1, 13) > 0
    >>> probes = LogisticRegression().fit(X[:200], Y[:200])
    >>> display = ProbeScoresDisplay.from_estimator(probes, X[200:], Y[200:])
    >>> display.targets_.shape, display.ax_.get_xlabel()
    ((12,), 'roc_auc')
    """

    ax_: Any
    figure_: Any
    points_: Any
    chance_: Any
    targets_: HostArray

    def __init__(
        self,
        scores: HostArray,
        *,
        names: Any = None,
        chance: HostArray | None = None,
        certified: HostArray | None = None,
        score_name: str = "score",
    ) -> None:
        self.scores = scores
        self.names = names
        self.chance = chance
        self.certified = certified
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        Y: Any,
        *,
        scoring: str = "roc_auc",
        sample_weight: Any = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Score a model of many targets on given rows, usually held-out ones, and draw the scores.

        Parameters
        ----------
        estimator : LogisticRegression or LogisticRegressionCV
            Fitted to a table of targets.
        X : array, sparse matrix, list or table (n, p)
        Y : array-like or table (n, T)
            Labels, as in `logitron.score_targets`; they may be missing.
        scoring : str, default "roc_auc"
            A score of `logitron.score_targets`.
        sample_weight : array-like (n,) or (n, T), optional
        ax, **options
            See `plot`.

        Returns
        -------
        ProbeScoresDisplay

        Raises
        ------
        TypeError, ValueError
            As `logitron.score_targets`.
        ImportError
            If matplotlib is not installed.
        """
        scores = score_targets(estimator, X, Y, scoring=scoring, sample_weight=sample_weight)
        chance = _without_features(estimator, X, Y, scoring, sample_weight)
        fitted = FittedModel.of(estimator, cls.__name__)
        certified = None  # of cross-validations, whose refits have no certificates
        if getattr(estimator, "certified_", np.empty(())).shape == scores.shape:
            certified = fitted.read("certified_", cls.__name__)
        display = cls(
            scores,
            names=fitted.outputs,
            chance=chance,
            certified=certified,
            score_name=scoring,
        )
        return display.plot(ax=ax, **options)

    @classmethod
    def from_predictions(
        cls,
        Y: Any,
        scores: Any,
        *,
        scoring: str = "roc_auc",
        names: Any = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw how well given scores of the rows, of any model, order the labels of each target.

        Parameters
        ----------
        Y : array-like (n, T)
            Zeros and ones, or booleans; NaN are missing labels.
        scores : array-like (n, T)
            Probabilities or logits of the rows, of each target.
        scoring : {"roc_auc", "average_precision"}, default "roc_auc"
        names : sequence (T,), optional
        ax, **options
            See `plot`.

        Returns
        -------
        ProbeScoresDisplay

        Raises
        ------
        ValueError
            If ``scoring`` is unknown, or the shapes disagree.
        ImportError
            If matplotlib is not installed.
        """
        if scoring not in RANKINGS:
            raise ValueError(f"scoring must be one of {', '.join(RANKINGS)}, got {scoring!r}")
        found, chance = RANKINGS[scoring](Y, scores)
        display = cls(found, names=names, chance=chance, score_name=scoring)
        return display.plot(ax=ax, **options)

    def plot(self, *, ax: Any = None, **options: Any) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None makes a figure.
        **options
            For the circles, as in ``matplotlib.axes.Axes.scatter``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If no target has a score.
        """
        order = np.argsort(-self.scores, kind="stable")
        self.targets_ = order[~np.isnan(self.scores[order])]
        if not len(self.targets_):
            raise ValueError("scores must have a number for some target, got NaN for all")
        self.ax_, self.figure_ = on_axes(ax)
        count = len(self.targets_)
        places, few = np.arange(1, count + 1), count <= MOST_NAMED
        self.chance_ = None
        if self.chance is not None:
            chance = self.chance[self.targets_]
            style = {"linestyle": "none", "markersize": 8 if few else 4}
            self.chance_ = self.ax_.plot(
                chance, places, marker="|", color=GREY, label="without features", **style
            )[0]
        filled = np.ones(len(self.scores), bool) if self.certified is None else self.certified
        style = {"s": 30 if few else 10, "zorder": 3} | options
        self.points_ = mark(
            self.ax_, self.scores[self.targets_], places, filled[self.targets_], BLUE, **style
        )
        explain_hollow(self.ax_, filled[self.targets_], BLUE)
        self.ax_.set_ylim(count + 0.5 + 0.01 * count, 0.5 - 0.01 * count)
        label = f"{count} targets, the best first"
        left_out = len(self.scores) - count
        tidy(
            self.ax_,
            xlabel=self.score_name,
            ylabel=f"{label}; {left_out} without a score" if left_out else label,
        )
        if few:
            names = range(len(self.scores)) if self.names is None else self.names
            size = "medium" if count <= 15 else "small"
            self.ax_.set_yticks(places, [str(names[t]) for t in self.targets_], fontsize=size)
        if self.chance_ is not None or not filled[self.targets_].all():
            self.ax_.legend(frameon=False, fontsize="small")
        return self


def _without_features(model: Any, X: Any, Y: Any, scoring: str, sample_weight: Any) -> HostArray:
    """Return the score of each target by its base rate alone, in the rows given."""
    constant, coef = copy(model), model._dense_coef()
    context = ArrayContext.of(coef)

    def score(intercept: HostArray, scoring: str) -> HostArray:
        constant.intercept_ = context.asarray(intercept)
        return score_targets(constant, X, Y, scoring=scoring, sample_weight=sample_weight)

    with context.scope():
        constant.coef_ = coef * 0.0
    # the average precision of equal scores is the share of the labels that are 1
    rates = score(np.zeros(coef.shape[0]), "average_precision")
    rates = np.clip(rates, LEAST_RATE, 1.0 - LEAST_RATE)
    return score(np.where(np.isnan(rates), 0.0, np.log(rates) - np.log1p(-rates)), scoring)
