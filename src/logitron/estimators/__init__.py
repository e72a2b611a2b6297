"""The user's door: validation, labels and the estimators."""

from logitron.estimators.logistic_regression import LogisticRegression

__all__ = ["LogisticRegression"]
