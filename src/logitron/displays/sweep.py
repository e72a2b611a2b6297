"""`SweepDisplay`: scores of all penalties on all folds."""

from typing import Any, Self

import numpy as np

from logitron.backend.types import HostArray
from logitron.displays.axes import COLOURS, RED, explain_hollow, mark, on_axes, penalty_axis, tidy
from logitron.displays.fitted_model import FittedModel

__all__ = ["SweepDisplay"]


class SweepDisplay:
    """Scores against C: each fold faint, their mean, and the penalty that was chosen.

    A circle is hollow where a fit is not certified. Several ``l1_ratios`` have a colour each. Of
    many targets, the faint lines are the targets, each the mean of its folds, and a cross is at the
    choice of each.

    Parameters
    ----------
    Cs : numpy.ndarray (P,)
    scores : numpy.ndarray (F, R, P), or (T, F, R, P) for many targets
        Greater is better.
    certified : numpy.ndarray of bool, shape of ``scores``
    C, l1_ratio : numpy.ndarray (1,) or (T,)
        What was chosen.
    l1_ratios : numpy.ndarray (R,)
    score_name : str, default "score"

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : list of matplotlib.lines.Line2D
        The mean of each l1_ratio.
    faint_lines_ : list of matplotlib.lines.Line2D
        The folds of each l1_ratio, or the targets.
    points_ : list of matplotlib.collections.PathCollection
        The circles of each l1_ratio, on its mean.
    choice_ : matplotlib.collections.PathCollection
        What was chosen.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegressionCV
    >>> from logitron.displays import SweepDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = LogisticRegressionCV(Cs=np.logspace(-3, 2, 6), scoring="neg_log_loss")
    >>> clf = clf.fit(scale(X), y)
    >>> display = SweepDisplay.from_estimator(clf)
    >>> len(display.faint_lines_), display.ax_.get_ylabel()
    (5, 'neg_log_loss')
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    faint_lines_: list[Any]
    points_: list[Any]
    choice_: Any

    def __init__(
        self,
        Cs: HostArray,
        scores: HostArray,
        certified: HostArray,
        *,
        C: HostArray,
        l1_ratios: HostArray,
        l1_ratio: HostArray,
        score_name: str = "score",
    ) -> None:
        self.Cs = Cs
        self.scores = scores
        self.certified = certified
        self.C = C
        self.l1_ratios = l1_ratios
        self.l1_ratio = l1_ratio
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, output: Any = None, ax: Any = None, **line_options: Any
    ) -> Self:
        """Draw the scores of a cross-validation.

        Parameters
        ----------
        estimator : LogisticRegressionCV
            Fitted; or a pipeline that ends in one.
        output : object, optional
            One of many targets, whose folds are drawn; None draws all targets.
        ax, **line_options
            See `plot`.

        Returns
        -------
        SweepDisplay

        Raises
        ------
        TypeError, ValueError
            If the estimator is not one of logitron, or has no such target.
        AttributeError
            If it has no scores: `logitron.LogisticRegression` has none.
        ImportError
            If matplotlib is not installed.
        """
        name = cls.__name__
        fitted = FittedModel.of(estimator, name)
        scores, certified = fitted.read("scores_", name), fitted.read("certified_", name)
        C, l1_ratio = (np.atleast_1d(fitted.read(part, name)) for part in ("C_", "l1_ratio_"))
        if output is not None and fitted.many_targets:
            t = fitted.position(output, name)
            scores, certified, C, l1_ratio = scores[t], certified[t], C[[t]], l1_ratio[[t]]
        scoring = fitted.model.scoring
        display = cls(
            fitted.read("Cs_", name),
            scores,
            certified,
            C=C,
            l1_ratios=fitted.read("l1_ratios_", name),
            l1_ratio=l1_ratio,
            score_name=scoring or "accuracy"
            if isinstance(scoring, str | None)
            else getattr(scoring, "__name__", "score"),
        )
        return display.plot(ax=ax, **line_options)

    def plot(self, *, ax: Any = None, **line_options: Any) -> Self:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None makes a figure.
        **line_options
            For the lines of the means, as in ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        self
        """
        self.ax_, self.figure_ = on_axes(ax)
        order = np.argsort(self.Cs)
        places = penalty_axis(self.ax_, self.Cs)
        many = self.scores.ndim == 4
        # faint lines (L, R, P): folds, or targets
        faint = _mean(self.scores, axis=1) if many else self.scores
        mean = _mean(faint, axis=0)
        proven = np.asarray(self.certified.reshape(-1, *self.certified.shape[-2:]).all(axis=0))
        lone = len(self.l1_ratios) == 1
        self.lines_, self.faint_lines_, self.points_ = [], [], []
        for r, ratio in enumerate(self.l1_ratios):
            colour = COLOURS[r % len(COLOURS)]
            if len(faint) > 1:
                style = {"color": colour, "linewidth": 0.8, "alpha": 0.35}
                self.faint_lines_ += self.ax_.plot(places[order], faint[:, r, order].T, **style)
            label = None if lone else f"l1_ratio={ratio:g}"
            style = {"color": colour, "linewidth": 2.0, "label": label} | line_options
            self.lines_ += self.ax_.plot(places[order], mean[r, order], **style)
            points = mark(
                self.ax_, places[order], mean[r, order], proven[r, order], colour, s=24, zorder=3
            )
            self.points_.append(points)
        explain_hollow(self.ax_, proven, COLOURS[0])
        self._draw_choice(places, faint if many else mean[None])
        tidy(self.ax_, ylabel=self.score_name)
        self.ax_.legend(frameon=False, fontsize="small")
        return self

    def _draw_choice(self, places: HostArray, curves: HostArray) -> None:
        """Mark what was chosen on each curve (L, R, P)."""
        columns = [int(np.argmin(np.abs(_order(self.Cs) - _order(C)))) for C in self.C]
        rows = [int(np.argmin(np.abs(self.l1_ratios - ratio))) for ratio in self.l1_ratio]
        heights = curves[np.arange(len(curves)), rows, columns]
        lone = len(curves) == 1
        label = f"chosen: C={self.C[0]:.3g}" if lone else "chosen for each target"
        self.choice_ = self.ax_.scatter(
            places[columns],
            heights,
            marker="o" if lone else "x",
            s=140 if lone else 24,
            facecolors="none" if lone else RED,
            edgecolors=RED if lone else None,
            linewidths=1.8 if lone else 1.0,
            zorder=4,
            label=label,
        )


def _mean(scores: HostArray, axis: int) -> HostArray:
    """Mean of the defined scores; NaN where there are none."""
    defined = ~np.isnan(scores)
    count = defined.sum(axis=axis)
    with np.errstate(invalid="ignore"):
        mean: HostArray = np.where(defined, scores, 0.0).sum(axis=axis) / count
    return mean


def _order(C: Any) -> Any:
    """Finite numbers in the order of C, that of infinity too."""
    return np.where(np.isfinite(C), np.log10(C), 1e3)
