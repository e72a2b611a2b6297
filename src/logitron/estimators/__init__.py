"""The user's door: what comes in, what is asked, and what is answered.

=========================== ====================================================================
module                      what it holds
=========================== ====================================================================
``logistic_regression``     `LogisticRegression`
``logistic_regression_cv``  `LogisticRegressionCV`
``resampling``              `bootstrap` and `permutation_test`
``classifier``              what trained neurons answer: predictions, probabilities, moving
``fitting``                 from one objective to coefficients, and how it ended
``grid``                    many fits over the same rows: targets x subsets x penalties
``inputs``, ``labels``      features, weights and labels of any kind, checked
``values``, ``label_values`` numbers and labels as they come: what is refused, what is kept
``multilabel``              tables of targets
``class_weights``           weights of classes, for rows and for groups
``folds``, ``held_out``     splits of the rows, and scores of those that are held out
``scoring``                 scores that are computed where the rows are
``spellings``, ``legacy``   scikit-learn's names, deprecated ones too, and what they mean here
``pickled``                 what a version does with estimators that another one wrote
``callbacks``, ``progress`` who is told of iterations
=========================== ====================================================================
"""

from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.logistic_regression_cv import LogisticRegressionCV
from logitron.estimators.resampling import bootstrap, permutation_test

__all__ = ["LogisticRegression", "LogisticRegressionCV", "bootstrap", "permutation_test"]
