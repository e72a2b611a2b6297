"""The estimators that users call, and everything between their arguments and a solver.

=========================== ========================================================================
module                      contents
=========================== ========================================================================
``logistic_regression``     `LogisticRegression`
``logistic_regression_cv``  `LogisticRegressionCV`
``resampling``              `bootstrap` and `permutation_test`
``resampled_problem``       the fits of these two, in batches that fit into memory
``label_shuffles``          shuffled labels of tables with missing labels
``target_scores``           `score_targets`: scores of each target of a table
``prediction_files``        predictions into a file, block by block
``target_rows``             the rows of a table that a fitted model is scored on
``classifier``              `predict`, `predict_proba`, `score`, `to`: all that follows ``fit``
``accuracy``                the accuracy, on the device or on the host
``argument_types``          types of arguments and results, for type checkers
``traced_predictions``      predictions inside transformations of JAX and torch
``logit_functions``         predictions as functions of the logits of a block of rows
``validation``              checks of X, y and weights
``fitting``                 one objective minimised: solver, refinement, certificate
``same_device``             whether X is where a fitted model is
``blas_threads``            whether a fit holds BLAS to one thread
``iteration_limits``        how many iterations each part of it may take
``least_penalty``           the penalty from which on an L1 penalty leaves only zeros
``fit_attempts``            a fit that fails leaves its estimator as it was
``fit_grid``                many objectives over the same rows: targets x subsets x penalties
``fit_results``             parameters and statuses of such a grid
``present_classes``         softmax problems with classes that no row has
``device_scores``           scores for proportions, soft labels, offsets, and labels on a device
``weight_scale``            sample weights scaled to about 1
``warm_start``              coefficients of an earlier fit for other classes
``refined_groups``          groups without a certificate, refined one by one
``sparse_fit``              fits with an L1 penalty
``class_means``             softmax groups with a mean of zero over classes
``verdict``                 certified or not: relative bounds of the suboptimality
``lower_bounds``            lower bounds of the optima, for coefficients that are rounded
``reports``                 warnings about fits that did not converge
``user_warnings``           warnings that point at the user's line
``journals``                the journal of a fit, for its repetition after an interruption
``iteration_callbacks``     several callbacks after each iteration as one
``progress``                progress bars, and printed iterations
``model_selection``         folds, held-out scores, the choice of the penalty
``sklearn``                 solver names, deprecated parameters, callbacks, pickles
=========================== ========================================================================
"""

from logitron.estimators.least_penalty import l1_min_c
from logitron.estimators.logistic_regression import LogisticRegression
from logitron.estimators.logistic_regression_cv import LogisticRegressionCV
from logitron.estimators.prediction_files import write_predictions
from logitron.estimators.resampling import bootstrap, permutation_test
from logitron.estimators.target_scores import score_targets

__all__ = [
    "LogisticRegression",
    "LogisticRegressionCV",
    "bootstrap",
    "l1_min_c",
    "permutation_test",
    "score_targets",
    "write_predictions",
]
