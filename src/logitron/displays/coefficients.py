"""`CoefficientDisplay`: coefficients as named bars, or as an image."""

from typing import Any, Self

import numpy as np

from logitron.backend.types import HostArray
from logitron.displays.axes import BLUE, RED, on_axes, tidy
from logitron.displays.fitted_model import FittedModel
from logitron.displays.intervals import read_intervals

__all__ = ["CoefficientDisplay"]


class CoefficientDisplay:
    """Coefficients of one neuron: as bars, the largest first, or as an image.

    Bars are blue for positive coefficients and red for negative ones, and so are the pixels of an
    image. Features of different units have coefficients of different units: standardise the
    features, or compare with care.

    Parameters
    ----------
    coef : numpy.ndarray (p,)
    feature_names : sequence of str (p,), optional
        None is ``x0``, ``x1``, and so on.
    intervals : numpy.ndarray (2, p), optional
        Lower and upper ends.
    title : str, optional

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure
    bars_ : matplotlib.container.BarContainer
        Only of bars.
    errorbar_ : matplotlib.container.ErrorbarContainer or None
        Only of bars.
    features_ : numpy.ndarray of int
        Numbers of the features that are drawn, from top to bottom. Only of bars.
    image_ : matplotlib.image.AxesImage
        Only of an image.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.preprocessing import scale
    >>> from logitron import LogisticRegression, bootstrap
    >>> from logitron.displays import CoefficientDisplay
    >>> data = load_breast_cancer()
    >>> X, y = scale(data.data), data.target
    >>> clf = LogisticRegression(C=0.1).fit(X, y)
    >>> resampled = bootstrap(LogisticRegression(C=0.1), X, y, n_resamples=20)
    >>> display = CoefficientDisplay.from_estimator(
    ...     clf, feature_names=data.feature_names, intervals=resampled, most=10)
    >>> [text.get_text() for text in display.ax_.get_yticklabels()][0]
    'worst texture'
    """

    ax_: Any
    figure_: Any
    bars_: Any
    errorbar_: Any
    features_: HostArray
    image_: Any

    def __init__(
        self,
        coef: HostArray,
        *,
        feature_names: Any = None,
        intervals: HostArray | None = None,
        title: str | None = None,
    ) -> None:
        self.coef = coef
        self.feature_names = feature_names
        self.intervals = intervals
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        output: Any = None,
        feature_names: Any = None,
        intervals: Any = None,
        level: float = 0.95,
        most: int = 20,
        image_shape: tuple[int, int] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw the coefficients of a model.

        Parameters
        ----------
        estimator : LogisticRegression or LogisticRegressionCV
            Fitted; or a pipeline that ends in one.
        output : object, optional
            The class or target whose coefficients are drawn; needed if there are several.
        feature_names : sequence of str (p,), optional
            None is the names that the model was fitted with.
        intervals : Inference, Bootstrap or tuple, optional
            What `logitron.inference` or `logitron.bootstrap` returned for this model and its data;
            or lower and upper ends, arrays (p,) or in the shape of ``coef_``. For several classes,
            `logitron.inference` is about differences from a class, so that it cannot be taken.
        level : float, default 0.95
            Probability that an interval covers.
        most, image_shape, ax, **options
            See `plot`.

        Returns
        -------
        CoefficientDisplay

        Raises
        ------
        TypeError, ValueError
            If the estimator is not one of logitron, or an argument is not of its coefficients.
        ImportError
            If matplotlib is not installed.
        """
        name = cls.__name__
        fitted = FittedModel.of(estimator, name)
        position = fitted.position(output, name)
        ends = None
        if intervals is not None:
            ends = read_intervals(intervals, fitted, position, level, name)
        several = len(fitted.outputs) > 1
        display = cls(
            fitted.coef[position],
            feature_names=fitted.feature_names if feature_names is None else feature_names,
            intervals=ends,
            title=fitted.title(position) if several else None,
        )
        return display.plot(most=most, image_shape=image_shape, ax=ax, **options)

    def plot(
        self,
        *,
        most: int = 20,
        image_shape: tuple[int, int] | None = None,
        ax: Any = None,
        **options: Any,
    ) -> Self:
        """Draw the coefficients.

        Parameters
        ----------
        most : int, default 20
            Bars at most: those of the largest coefficients.
        image_shape : tuple of int, optional
            Rows and columns of an image, whose pixels are the features in row-major order.
        ax : matplotlib.axes.Axes, optional
            Where to draw; None makes a figure.
        **options
            As in ``matplotlib.axes.Axes.barh``, or ``imshow`` for an image.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the coefficients do not fill the image, or do not have as many names or intervals.
        """
        p = len(self.coef)
        if image_shape is not None:
            if self.intervals is not None:
                raise ValueError("intervals cannot be drawn in an image: leave out image_shape")
            if len(image_shape) != 2 or int(np.prod(image_shape)) != p:
                raise ValueError(
                    f"image_shape must be two numbers whose product is {p}, the number of "
                    f"features, got {image_shape!r}"
                )
            return self._draw_image(image_shape, ax, options)
        names = [f"x{j}" for j in range(p)] if self.feature_names is None else self.feature_names
        if len(names) != p:
            raise ValueError(f"feature_names must have {p} names, one a feature, got {len(names)}")
        return self._draw_bars(names, most, ax, options)

    def _draw_bars(self, names: Any, most: int, ax: Any, options: dict[str, Any]) -> Self:
        self.ax_, self.figure_ = on_axes(ax)
        p = len(self.coef)
        self.features_ = np.argsort(-np.abs(self.coef), kind="stable")[: max(most, 1)]
        coef, places = self.coef[self.features_], np.arange(len(self.features_))
        colours = [BLUE if value >= 0.0 else RED for value in coef]
        style = {"color": colours, "height": 0.7, "alpha": 0.85} | options
        self.bars_ = self.ax_.barh(places, coef, **style)
        self.errorbar_ = None
        if self.intervals is not None:
            lower, upper = self.intervals[:, self.features_]
            # (percentiles of resamples need not contain the estimate)
            self.errorbar_ = self.ax_.errorbar(
                (lower + upper) / 2.0,
                places,
                xerr=(upper - lower) / 2.0,
                fmt="none",
                ecolor="black",
                elinewidth=1.0,
                capsize=2.5,
            )
        self.ax_.axvline(0.0, color="black", linewidth=0.8)
        self.ax_.set_yticks(places, [str(names[j]) for j in self.features_])
        self.ax_.invert_yaxis()
        left_out = p - len(self.features_)
        label = f"coefficient ({left_out} smaller ones left out)" if left_out else "coefficient"
        tidy(self.ax_, xlabel=label, title=self.title or "")
        self.ax_.grid(False, axis="y")
        self.ax_.tick_params(axis="y", length=0)
        if len(self.features_) > 12:
            self.ax_.tick_params(axis="y", labelsize="small")
        return self

    def _draw_image(self, shape: tuple[int, int], ax: Any, options: dict[str, Any]) -> Self:
        self.ax_, self.figure_ = on_axes(ax)
        span = float(np.max(np.abs(self.coef))) or 1.0
        style = {"cmap": "RdBu", "vmin": -span, "vmax": span} | options
        self.image_ = self.ax_.imshow(self.coef.reshape(shape), **style)
        self.ax_.set(xticks=[], yticks=[], title=self.title or "")
        self.figure_.colorbar(self.image_, ax=self.ax_, label="coefficient", shrink=0.9)
        return self
