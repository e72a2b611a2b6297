"""logitron: the logistic neuron, trained on the arrays you already have."""

from importlib.metadata import version

from logitron import neuron
from logitron.estimators import (
    LogisticRegression,
    LogisticRegressionCV,
    bootstrap,
    permutation_test,
)

__all__ = ["LogisticRegression", "LogisticRegressionCV", "bootstrap", "neuron", "permutation_test"]
__version__ = version("logitron")
