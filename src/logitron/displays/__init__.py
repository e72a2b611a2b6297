"""Pictures of fits, in the style of scikit-learn's displays.

A display keeps what it draws, in NumPy: ``from_estimator`` reads it from a fitted model, of any
array library, and ``plot`` draws it again, on other axes or with other options. matplotlib is
imported when something is drawn (``pip install "logitron[plot]"``).

==================== =============================================================================
module               contents
==================== =============================================================================
``convergence``      `ConvergenceDisplay`: the loss of each iteration, and the proven bound
``sweep``            `SweepDisplay`: scores of all penalties on all folds
``penalty_path``     `PenaltyPathDisplay`: coefficients of all penalties
``coefficients``     `CoefficientDisplay`: coefficients as named bars, or as an image
``intervals``        intervals of coefficients, from inference, resamples or arrays
``probe_scores``     `ProbeScoresDisplay`: sorted scores of many targets
``ranking_metrics``  how well given scores order the labels of each target
``fitted_model``     the model of a pipeline, and names of its features and neurons
``axes``             axes of matplotlib, colours, and the axis of penalties
==================== =============================================================================
"""

from logitron.displays.coefficients import CoefficientDisplay
from logitron.displays.convergence import ConvergenceDisplay
from logitron.displays.penalty_path import PenaltyPathDisplay
from logitron.displays.probe_scores import ProbeScoresDisplay
from logitron.displays.sweep import SweepDisplay

__all__ = [
    "CoefficientDisplay",
    "ConvergenceDisplay",
    "PenaltyPathDisplay",
    "ProbeScoresDisplay",
    "SweepDisplay",
]
