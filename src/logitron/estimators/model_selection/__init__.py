"""Cross-validation: folds, scores of held-out rows, and the choice of the penalty.

================ ===============================================================================
module           contents
================ ===============================================================================
`folds`          splits of the rows, and scikit-learn's scorers
`scoring`        scores computed where the rows are
`held_out`       scores of many fits on the rows that their folds hold out
`penalty_choice` the penalty with the best scores
================ ===============================================================================
"""
