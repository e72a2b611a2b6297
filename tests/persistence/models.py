"""Training data for models of every kind that is saved and handed over."""

import numpy as np

RNG = np.random.default_rng(0)
N, P = 90, 4
X = RNG.normal(size=(N, P))
LOGITS = X @ RNG.normal(size=(P, 4)) + RNG.logistic(size=(N, 4))

#: labels by kind; all are noisy, so that coefficients are moderate
LABELS = {
    "two numbers": 3 * (LOGITS[:, 0] > 0).astype(np.int16) - 1,
    "two words": np.asarray(["no", "yes"])[(LOGITS[:, 0] > 0) * 1],
    "booleans": LOGITS[:, 0] > 0,
    "softmax": LOGITS.argmax(axis=1) * 10,
    "words": np.asarray(["Ähre", "b", "c 'c'", 'd"d'], dtype=object)[LOGITS.argmax(axis=1)],
    "table": (LOGITS > 0).astype(np.uint8),
    "table of words": np.asarray(["no", "yes"])[(LOGITS > 0) * 1],
}
KINDS = tuple(LABELS)
