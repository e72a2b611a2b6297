"""`ConvergenceDisplay`: the loss of each iteration, and the proven bound."""

from typing import Any, Literal, Self

import numpy as np

from logitron.backend.types import HostArray
from logitron.displays.axes import BLUE, RED, explain_hollow, mark, on_axes, tidy
from logitron.displays.fitted_model import FittedModel

__all__ = ["ConvergenceDisplay"]

Quantity = Literal["auto", "loss", "suboptimality"]
#: of a bound of zero, on a logarithmic axis
LEAST = float(np.finfo(np.float64).eps) ** 2


class ConvergenceDisplay:
    """How a fit came to its optimum, and how far from it it can be.

    Two pictures can be drawn. "loss" is the objective of each iteration. "suboptimality" is its
    relative distance from the lowest value that the certificate leaves possible: of a fit that ends
    at the loss f with the proven bound b, no coefficients have a loss below ``f / (1 + b)``. The
    curve of a fit then ends at b; a circle is filled if the fit is certified. A dotted line is at
    the bound that certifies.

    Parameters
    ----------
    loss_curve : numpy.ndarray (iterations,) or (iterations, T)
        Objective of the start, and after each iteration.
    suboptimality, certified : numpy.ndarray (1,) or (T,)
        Proven bound of each fit, and whether it certifies.
    target_gap : float
        The bound that is asked for, ``tol ** 2``.
    unit : str, default "iteration"
        What an iteration is called.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : list of matplotlib.lines.Line2D
        The curve of each fit.
    ends_ : matplotlib.collections.PathCollection
        The circles at the ends.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegression
    >>> from logitron.displays import ConvergenceDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = LogisticRegression().fit(scale(X), y)
    >>> display = ConvergenceDisplay.from_estimator(clf)
    >>> display.ax_.get_ylabel()
    'relative suboptimality, at most'
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    ends_: Any

    def __init__(
        self,
        loss_curve: HostArray,
        suboptimality: HostArray,
        certified: HostArray,
        *,
        target_gap: float,
        unit: str = "iteration",
    ) -> None:
        self.loss_curve = loss_curve
        self.suboptimality = suboptimality
        self.certified = certified
        self.target_gap = target_gap
        self.unit = unit

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Any = None,
        quantity: Quantity = "auto",
        **line_options: Any,
    ) -> Self:
        """Draw the training of a model.

        Parameters
        ----------
        estimator : LogisticRegression
            Fitted; or a pipeline that ends in one.
        ax, quantity, **line_options
            See `plot`.

        Returns
        -------
        ConvergenceDisplay

        Raises
        ------
        TypeError, ValueError
            If the estimator is not one of logitron, or ``quantity`` is unknown.
        AttributeError
            If it has no loss curve: `logitron.LogisticRegressionCV` has none, see `SweepDisplay`.
        ImportError
            If matplotlib is not installed.
        """
        fitted = FittedModel.of(estimator, cls.__name__)
        descent = fitted.model.solver == "gradient-descent"
        display = cls(
            fitted.read("loss_curve_", cls.__name__),
            fitted.read("suboptimality_", cls.__name__),
            fitted.read("certified_", cls.__name__),
            target_gap=float(fitted.model.tol) ** 2,
            unit="epoch" if descent else "iteration",
        )
        return display.plot(ax=ax, quantity=quantity, **line_options)

    def plot(self, *, ax: Any = None, quantity: Quantity = "auto", **line_options: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; None makes a figure.
        quantity : {"auto", "loss", "suboptimality"}, default "auto"
            "auto" is "suboptimality" if all fits have a finite bound, else "loss". Fits without a
            finite bound have no curve in "suboptimality". Of gradient descent only "loss" can be
            drawn: it keeps the losses before each epoch, and the bound is that after the last one.
        **line_options
            For the lines, as in ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        self
        """
        relative = self._is_relative(quantity)
        self.ax_, self.figure_ = on_axes(ax)
        curves = [
            _until_the_end(curve) for curve in self.loss_curve.reshape(len(self.loss_curve), -1).T
        ]
        if relative:
            pairs = zip(curves, self.suboptimality, strict=True)
            curves = [_distance(curve, float(bound)) for curve, bound in pairs]
        style: dict[str, Any] = {"color": BLUE, "linewidth": 1.6, "alpha": 1.0}
        if len(curves) > 1:
            style |= {"linewidth": 0.8, "alpha": 0.5}
        self._draw(curves, style | line_options, relative=relative)
        if relative:
            self._draw_target()
        positive = all((curve > 0.0).all() for curve in curves)
        tidy(
            self.ax_,
            xlabel=self.unit,
            ylabel="relative suboptimality, at most" if relative else "loss, summed over the rows",
            yscale="log" if positive else "linear",
        )
        if max(map(len, curves)) > 300:
            self.ax_.set_xscale("log")
        else:
            self.ax_.xaxis.get_major_locator().set_params(integer=True)
        return self

    @property
    def _of_descent(self) -> bool:
        """Whether losses are those before each epoch of gradient descent."""
        return self.unit == "epoch"

    def _is_relative(self, quantity: Quantity) -> bool:
        """Whether distances from the optimum are drawn, and no losses."""
        if quantity not in ("auto", "loss", "suboptimality"):
            raise ValueError(
                f"quantity must be 'auto', 'loss' or 'suboptimality', got {quantity!r}"
            )
        if self._of_descent and quantity == "suboptimality":
            raise ValueError(
                "quantity must be 'auto' or 'loss' for gradient descent, which does not keep the "
                "loss that its bound is about, got 'suboptimality'"
            )
        provable = bool(np.isfinite(self.suboptimality).all()) and not self._of_descent
        return quantity == "suboptimality" or (quantity == "auto" and provable)

    def _draw(self, curves: list[HostArray], style: dict[str, Any], *, relative: bool) -> None:
        """Draw the curves, and a circle at the end of each."""
        first = int(self._of_descent)
        self.lines_ = [
            self.ax_.plot(np.arange(first, first + len(curve)), curve, **style)[0]
            for curve in curves
        ]
        shown = np.isfinite(self.suboptimality) if relative else np.ones(len(curves), bool)
        ends = [
            (first + len(curve) - 1, curve[-1])
            for curve, drawn in zip(curves, shown, strict=True)
            if drawn
        ]
        x, y = np.reshape(ends, (-1, 2)).T
        certified, size = self.certified[shown], 16 if len(curves) > 1 else 36
        self.ends_ = mark(self.ax_, x, y, certified, style["color"], s=size, zorder=3)
        if not certified.all():
            explain_hollow(self.ax_, certified, style["color"])
            self.ax_.legend(frameon=False, fontsize="small")

    def _draw_target(self) -> None:
        """Draw a line at the bound that certifies."""
        self.ax_.axhline(self.target_gap, color=RED, linewidth=1.0, linestyle=":")
        self.ax_.annotate(
            f"certified below {self.target_gap:.0e}",
            (0.0, self.target_gap),
            xycoords=("axes fraction", "data"),
            xytext=(4, 3),
            textcoords="offset points",
            ha="left",
            va="bottom",
            color=RED,
            fontsize="small",
        )


def _until_the_end(curve: HostArray) -> HostArray:
    """Cut off the last losses if they repeat: fits of a table end at different iterations."""
    changes = np.flatnonzero(curve[1:] != curve[:-1])
    return curve[: (changes[-1] if len(changes) else 0) + 2]


def _distance(curve: HostArray, bound: float) -> HostArray:
    """Bound the relative suboptimality of each loss; NaN if the last one has no finite bound."""
    if not np.isfinite(bound):
        return np.full(len(curve), np.nan)
    distance: HostArray = curve / curve[-1] * (1.0 + bound) - 1.0
    distance[-1] = bound  # without rounding
    return np.maximum(distance, LEAST)
