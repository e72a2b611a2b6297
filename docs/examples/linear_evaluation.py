"""Linear evaluation of frozen features, as it is published for self-supervised image models.

The protocol: fit multinomial logistic regression for 45 values of C from 1e-6 to 1e5, choose the
one that does best on a validation set, and fit it again on training and validation data together.
DINOv2 and DINOv3 do so one value after the other; here all of them are one solve.

    python linear_evaluation.py train.npy train_labels.npy val.npy val_labels.npy \
        [--test test.npy test_labels.npy] [--backend torch --device cuda]

``logitron sweep`` does the same from the command line, with files of more kinds, folds, and a model
file; this script shows the call.

Features are ``.npy`` files, or ``.safetensors`` files (``pip install safetensors``) of one tensor.

References
----------
M. Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", 2023;
O. Siméoni et al., "DINOv3", 2025: appendices on linear evaluation.
"""

import argparse
from pathlib import Path

import numpy as np

from logitron import LogisticRegressionCV

CS = np.logspace(-6, 5, 45)


def read(path: str) -> np.ndarray:
    """One array of a file."""
    if Path(path).suffix == ".safetensors":
        from safetensors.numpy import load_file

        tensors = load_file(path)
        if len(tensors) != 1:
            raise ValueError(f"{path} must hold one tensor, got {sorted(tensors)}")
        return next(iter(tensors.values()))
    return np.load(path)


def evaluate(train, train_labels, val, val_labels, **settings):
    """Choose C on the validation set, and fit on everything with it."""
    X = np.concatenate([train, val])
    y = np.concatenate([train_labels, val_labels])
    rows = np.arange(len(y))
    split = [(rows[: len(train)], rows[len(train) :])]
    settings = {"tol": 1e-12, "max_iter": 1000, "dtype": "float64"} | settings
    return LogisticRegressionCV(Cs=CS, cv=split, scoring="accuracy", **settings).fit(X, y)


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs=4, metavar="FILE", help="train, labels, val, labels")
    parser.add_argument("--test", nargs=2, metavar="FILE", help="features and labels")
    parser.add_argument("--backend")
    parser.add_argument("--device")
    parser.add_argument("--verbose", type=int, default=1)
    options = parser.parse_args(arguments)
    clf = evaluate(
        *map(read, options.files),
        backend=options.backend,
        device=options.device,
        verbose=options.verbose,
    )
    best = int(np.argmax(clf.scores_[0, 0]))
    print(f"C = {clf.C_:.3g}, accuracy on the validation set {clf.scores_[0, 0, best]:.4f}")
    print(f"proven optimal: {int(clf.certified_.sum())} of {clf.certified_.size} fits")
    if options.test:
        print(f"accuracy on the test set {clf.score(*map(read, options.test)):.4f}")


if __name__ == "__main__":
    main()
