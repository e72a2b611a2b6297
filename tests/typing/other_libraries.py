"""What users of other array libraries and tables write: no type checker may object."""

from typing import Any, assert_type

import dask.array as da
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import torch

from logitron import LogisticRegression, LogisticRegressionCV, neuron

y = [0, 1] * 10
Host = np.ndarray[Any, Any]


def tensors() -> None:
    X = torch.zeros(20, 3)
    clf = LogisticRegression(C=torch.ones(2)).fit(X, torch.zeros(20, dtype=torch.int64))
    assert_type(clf.decision_function(X), torch.Tensor)
    assert_type(clf.predict_proba(X), torch.Tensor)
    assert_type(neuron.sigmoid(X), torch.Tensor)
    torch.nn.functional.softmax(clf.coef_, dim=1)
    print(clf.coef_.detach().cpu().numpy(), clf.predict(X).float().mean())
    LogisticRegressionCV(Cs=torch.ones(2)).fit(X, y, sample_weight=torch.ones(20))


def arrays_of_jax_and_dask(lazy: da.Array) -> None:
    X = jnp.zeros((20, 3))
    assert_type(LogisticRegression().fit(X, jnp.zeros(20)).predict_log_proba(X), jax.Array)
    assert_type(neuron.logits(X, jnp.zeros((3, 1))), jax.Array)
    assert_type(LogisticRegression().fit(lazy, y).predict_proba(lazy), da.Array)


def tables() -> None:
    table = pl.DataFrame({"a": [1.0] * 20, "b": [2.0] * 20, "label": y})
    clf = LogisticRegression().fit(table.drop("label"), table["label"], sample_weight=table["a"])
    assert_type(clf.predict_proba(table.drop("label")), Host)
    embeddings = pl.Series("e", np.zeros((20, 3)))
    assert_type(LogisticRegression().fit(embeddings, y).predict(embeddings), Host)
