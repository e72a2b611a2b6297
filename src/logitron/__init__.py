"""logitron: the logistic neuron, trained on the arrays you already have."""

from importlib.metadata import version

from logitron import neuron
from logitron.estimators import LogisticRegression

__all__ = ["LogisticRegression", "neuron"]
__version__ = version("logitron")
