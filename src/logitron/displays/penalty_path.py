"""`PenaltyPathDisplay`: coefficients of all penalties."""

from typing import Any, Self

import numpy as np

from logitron.backend.types import HostArray
from logitron.displays.axes import COLOURS, GREY, RED, on_axes, penalty_axis, tidy
from logitron.displays.fitted_model import FittedModel

__all__ = ["PenaltyPathDisplay"]


class PenaltyPathDisplay:
    """Coefficients against C: how each grows as the penalty becomes weaker.

    The features with the largest coefficients have a colour and a name, the others are grey. A line
    is at the penalty that was chosen.

    Parameters
    ----------
    Cs : numpy.ndarray (P,)
    coef : numpy.ndarray (P, p)
        Coefficients of one neuron.
    feature_names : sequence of str (p,)
    C : float, optional
        What was chosen.
    title : str, optional

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    lines_ : list of matplotlib.lines.Line2D
        The path of each feature, in the order of the features.
    choice_ : matplotlib.lines.Line2D or None

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegressionCV
    >>> from logitron.displays import PenaltyPathDisplay
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = LogisticRegressionCV(Cs=np.logspace(-2, 1, 7), l1_ratios=[1.0]).fit(scale(X), y)
    >>> display = PenaltyPathDisplay.from_estimator(clf)
    >>> len(display.lines_), display.coef.shape
    (30, (7, 30))
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]
    choice_: Any

    def __init__(
        self,
        Cs: HostArray,
        coef: HostArray,
        *,
        feature_names: Any,
        C: float | None = None,
        title: str | None = None,
    ) -> None:
        self.Cs = Cs
        self.coef = coef
        self.feature_names = feature_names
        self.C = C
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        output: Any = None,
        fold: int | None = None,
        l1_ratio: float | None = None,
        feature_names: Any = None,
        most_named: int = 8,
        ax: Any = None,
        **line_options: Any,
    ) -> Self:
        """Draw the paths of a cross-validation.

        Parameters
        ----------
        estimator : LogisticRegressionCV
            Fitted; or a pipeline that ends in one.
        output : object, optional
            The class or target whose coefficients are drawn; needed if there are several.
        fold : int, optional
            Number of the fold; None is the mean of all folds.
        l1_ratio : float, optional
            One of ``l1_ratios``; None is the chosen one.
        feature_names : sequence of str (p,), optional
            None is the names that the model was fitted with.
        most_named, ax, **line_options
            See `plot`.

        Returns
        -------
        PenaltyPathDisplay

        Raises
        ------
        TypeError, ValueError
            If the estimator is not one of logitron, or has no such output, fold or ratio.
        AttributeError
            If it has no paths: `logitron.LogisticRegression` has none.
        ImportError
            If matplotlib is not installed.
        """
        name = cls.__name__
        fitted = FittedModel.of(estimator, name)
        paths, ratios = fitted.read("coefs_paths_", name), fitted.read("l1_ratios_", name)
        position = fitted.position(output, name)
        C, chosen = (np.atleast_1d(fitted.read(part, name)) for part in ("C_", "l1_ratio_"))
        if fitted.many_targets:
            paths, C, chosen = paths[position], C[[position]], chosen[[position]]
        ratio = float(chosen[0]) if l1_ratio is None else l1_ratio
        if not np.any(ratios == ratio):
            raise ValueError(f"{name}: l1_ratio must be one of {ratios.tolist()}, got {ratio!r}")
        if fold is not None and fold not in range(len(paths)):
            raise ValueError(f"{name}: fold must be from 0 to {len(paths) - 1}, got {fold!r}")
        row = 0 if fitted.many_targets else position
        of_folds = paths[:, int(np.argmax(ratios == ratio)), :, row, : fitted.model.n_features_in_]
        several = len(fitted.outputs) > 1
        display = cls(
            fitted.read("Cs_", name),
            of_folds.mean(axis=0) if fold is None else of_folds[fold],
            feature_names=fitted.feature_names if feature_names is None else feature_names,
            C=float(C[0]) if ratio == float(chosen[0]) else None,
            title=fitted.title(position) if several else None,
        )
        return display.plot(most_named=most_named, ax=ax, **line_options)

    def plot(self, *, most_named: int = 8, ax: Any = None, **line_options: Any) -> Self:
        """Draw the paths.

        Parameters
        ----------
        most_named : int, default 8
            Features with a colour and a name, at most: those with the largest coefficients at the
            chosen C, or at the largest C if none was chosen.
        ax : matplotlib.axes.Axes, optional
            Where to draw; None makes a figure.
        **line_options
            For the lines, as in ``matplotlib.axes.Axes.plot``.

        Returns
        -------
        self
        """
        p = self.coef.shape[1]
        if len(self.feature_names) != p:
            raise ValueError(
                f"feature_names must have {p} names, one a feature, got {len(self.feature_names)}"
            )
        self.ax_, self.figure_ = on_axes(ax)
        order, places = np.argsort(self.Cs), penalty_axis(self.ax_, self.Cs)
        at = order[-1] if self.C is None else int(np.argmin(np.abs(places - self._place(places))))
        sizes = np.abs(self.coef[at])
        named = [j for j in np.argsort(-sizes, kind="stable")[:most_named] if sizes[j] > 0.0]
        grey = {"color": GREY, "linewidth": 0.7, "alpha": 0.5} | line_options
        self.lines_ = self.ax_.plot(places[order], self.coef[order], **grey)
        for number, j in enumerate(named):
            colour = COLOURS[number % len(COLOURS)]
            style = {"color": colour, "linewidth": 1.6, "alpha": 1.0, "zorder": 3} | line_options
            self.lines_[j].set(**style)
            self.lines_[j].set_label(str(self.feature_names[j]))
        self.choice_ = None
        if self.C is not None:
            style = {"color": RED, "linewidth": 1.0, "linestyle": ":"}
            label = f"chosen: C={self.C:.3g}"
            self.choice_ = self.ax_.axvline(places[at], label=label, **style)
        tidy(self.ax_, ylabel="coefficient", title=self.title or "")
        if named or self.choice_ is not None:
            self.ax_.legend(
                frameon=False, fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5)
            )
        return self

    def _place(self, places: HostArray) -> float:
        """Return the position of the chosen C."""
        assert self.C is not None
        return self.C if np.isfinite(self.C) else float(places.max())
