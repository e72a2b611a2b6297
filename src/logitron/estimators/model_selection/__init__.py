"""Cross-validation: folds, scores of held-out rows, and the choice of the penalty.

================ ===============================================================================
module           contents
================ ===============================================================================
`folds`          splits of the rows, and scikit-learn's scorers
`scoring`        scores computed where the rows are
`summed_scores`  those that are functions of sums over rows
`ranking_scores` those that sort the rows
`held_out`       scores of many fits on the rows that their folds hold out
`scorer_scores`  scores by a scorer of scikit-learn, one fit at a time
`model_scores`   the score of a fitted cross-validation
`penalty_grid`   the penalties: each C with each part of the L1 penalty
`penalty_choice` the penalty with the best scores
================ ===============================================================================
"""
