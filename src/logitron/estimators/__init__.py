"""The user's door: validation, labels and the estimators."""

from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.logistic_regression_cv import LogisticRegressionCV
from logitron.estimators.resampling import bootstrap, permutation_test

__all__ = ["LogisticRegression", "LogisticRegressionCV", "bootstrap", "permutation_test"]
