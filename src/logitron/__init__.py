"""logitron: the logistic neuron, trained on the arrays you already have."""

from importlib.metadata import version

from logitron import neuron
from logitron.estimators import LogisticRegression, LogisticRegressionCV

__all__ = ["LogisticRegression", "LogisticRegressionCV", "neuron"]
__version__ = version("logitron")
