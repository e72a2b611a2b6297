"""`to_torch` and `from_torch`: the neurons as a linear layer of PyTorch, and back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from logitron.backend import ArrayContext, to_host
from logitron.backend.types import HostArray
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.persistence.fitted_neurons import FittedNeurons

if TYPE_CHECKING:
    from torch.nn import Linear

__all__ = ["from_torch", "to_torch"]


def to_torch(model: LogisticRegression | LogisticRegressionCV) -> "Linear":
    """Convert a fitted model to a linear layer of PyTorch.

    The layer computes logits. Probabilities are ``torch.sigmoid`` of them for two classes (of the
    second one) and for many targets, and ``torch.softmax(logits, dim=1)`` for more classes.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted, on any library.

    Returns
    -------
    torch.nn.Linear
        With m outputs: 1 for two classes, K for more, T for many targets. Its weight and bias have
        the dtype of ``coef_`` and memory of their own; they are on the model's device if its arrays
        are torch tensors, and else on the CPU. Without ``fit_intercept``, it has no bias.

    Raises
    ------
    TypeError
        If the model is no estimator of logitron.
    ImportError
        If PyTorch is not installed.
    sklearn.exceptions.NotFittedError

    Examples
    --------
    >>> import logitron
    >>> model = logitron.LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1])
    >>> logitron.to_torch(model)
    Linear(in_features=2, out_features=1, bias=True)
    """
    neurons = FittedNeurons.of(model, "to_torch")
    on_cpu = ArrayContext.named("torch", "cpu", neurons.precision)
    of_model = ArrayContext.of(model._dense_coef())
    context = of_model if of_model.library is on_cpu.library else on_cpu
    from torch import no_grad
    from torch.nn import Linear

    m, p = neurons.coef.shape
    layer = Linear(p, m, bias=model.fit_intercept, device=context.device, dtype=context.dtype)
    with no_grad():
        layer.weight.copy_(context.asarray(neurons.coef))
        if model.fit_intercept:
            layer.bias.copy_(context.asarray(neurons.intercept))
    return layer


def from_torch(
    linear: "Linear | Mapping[str, Any]", classes: Any = None, *, multilabel: bool = False
) -> LogisticRegression:
    """Convert a linear layer of PyTorch that computes logits to a fitted model.

    Parameters
    ----------
    linear : torch.nn.Linear, or its ``state_dict``
        With one output for two classes (the logit of the second one), K outputs for a softmax
        layer, or T outputs for many targets. Two outputs of a softmax layer become one neuron,
        which has the difference of their logits.
    classes : array-like (K,), optional
        Labels of the outputs in their order; None is 0 to K - 1. The model's ``classes_`` are
        sorted, and its neurons with them.
    multilabel : bool, default False
        Whether each output is a target of its own, with the labels 0 and 1.

    Returns
    -------
    LogisticRegression
        With torch tensors on the layer's device, in memory of their own; of float32 if the layer
        has half precision. Nothing is proven of its coefficients, so it has no
        ``suboptimality_``, ``certified_`` and ``converged_``.

    Raises
    ------
    TypeError
        If ``linear`` is neither a linear layer nor its state dict.
    ValueError
        If the number of classes differs from that of the outputs, or weights are not finite.

    Examples
    --------
    >>> import logitron, torch
    >>> layer = torch.nn.Linear(4, 3)
    >>> model = logitron.from_torch(layer, classes=["cat", "cow", "dog"])
    >>> model.predict_proba(torch.zeros(2, 4)).shape
    torch.Size([2, 3])
    """
    weight, bias = _weight_and_bias(linear)
    context = ArrayContext.of(weight)
    coef = to_host(context.copy_to(weight))
    intercept = coef[:, 0] * 0.0 if bias is None else to_host(context.copy_to(bias))
    if multilabel and classes is not None:
        raise ValueError("from_torch: classes must be None for multilabel=True: labels are 0 and 1")
    if multilabel:
        neurons = FittedNeurons(coef, intercept, np.arange(len(coef)), True, "int64")
    else:
        neurons = _exclusive(coef, intercept, classes)
    made = LogisticRegression(fit_intercept=bias is not None)
    neurons.set_on(made, context)
    return made


def _weight_and_bias(linear: Any) -> tuple[Any, Any]:
    state = linear if isinstance(linear, Mapping) else getattr(linear, "state_dict", dict)()
    if "weight" not in state or not set(state) <= {"weight", "bias"} or state["weight"].ndim != 2:
        raise TypeError(
            "from_torch: linear must be a torch.nn.Linear or its state_dict, with a weight (m, p) "
            f"and perhaps a bias (m,), got {type(linear).__name__} with {sorted(state)[:5]}"
        )
    return state["weight"], state.get("bias")


def _exclusive(coef: HostArray, intercept: HostArray, classes: Any) -> FittedNeurons:
    """Return the neurons of exclusive classes, in the order of sorted labels."""
    n_classes = max(2, len(coef))
    labels = np.arange(n_classes) if classes is None else np.asarray(classes)
    if labels.shape != (n_classes,):
        raise ValueError(
            f"from_torch: classes must hold {n_classes} labels for {len(coef)} outputs, got the "
            f"shape {labels.shape}. For independent targets, pass multilabel=True"
        )
    order = np.argsort(labels)
    if len(coef) == 1:
        sign = 1.0 if order[0] == 0 else -1.0
        coef, intercept = sign * coef, sign * intercept
    else:
        coef, intercept = coef[order], intercept[order]
    if len(coef) == 2:
        coef, intercept = coef[1:] - coef[:1], intercept[1:] - intercept[:1]
    return FittedNeurons(coef, intercept, labels[order])
