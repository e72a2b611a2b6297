"""Checks of everything that `fit` and `predict` receive, before any computation.

=================== ============================================================================
module              contents
=================== ============================================================================
`unread`            paths, loaders and iterators are refused, with the call that reads them
`training_targets`  targets, weights and offsets, checked together
`embedding_columns` features in one column of a table, an array in each row
`features`          X of any kind, and the library and device to compute with
`sample_weights`    weights of rows, and of rows and targets
`labels`            class labels to integer codes and back
`label_values`      labels read to the host without losing a distinction, none of them missing
`device_labels`     labels encoded on their device, of which only the distinct ones are read
`multilabel`        tables of zeros and ones, one target a column
`label_tables`      tables of text and objects, and names of columns
`one_hot`           a hint for tables of which each row has a single one
`soft_labels`       tables of proportions, or of soft labels
`offsets`           known parts of logits
`class_weights`     ``class_weight`` as factors of sample weights
`penalty_factors`   what multiplies the penalty of each feature
`values`            checks and conversions that the others share
=================== ============================================================================
"""
