"""`save` and `load`: fitted models in files, without pickle."""

from importlib.metadata import version
from os import PathLike, fspath
from typing import Any

import numpy as np

from logitron.backend import ArrayContext
from logitron.backend.types import Array, HostArray
from logitron.estimators import LogisticRegression, LogisticRegressionCV
from logitron.estimators.argument_types import BackendName
from logitron.estimators.classifier import NeuronClassifier
from logitron.estimators.user_warnings import warn
from logitron.estimators.validation.values import to_host_if_array
from logitron.persistence.column_encoding import ColumnEncoding
from logitron.persistence.container import read_container, write_container
from logitron.persistence.errors import ModelFileError
from logitron.persistence.fitted_neurons import FittedNeurons
from logitron.persistence.header import Header
from logitron.persistence.labels import is_text
from logitron.persistence.parameters import parameters_from_json, parameters_to_json
from logitron.persistence.tensor_shapes import check_tensors, tensor_specs

__all__ = ["load", "read_model", "save", "write_model"]

ESTIMATORS: dict[str, Any] = {
    kind.__name__: kind for kind in (LogisticRegression, LogisticRegressionCV)
}


def save(model: LogisticRegression | LogisticRegressionCV, path: str | PathLike[str]) -> None:
    """Save a fitted model to a file that can be shared: loading it executes nothing.

    The file is a safetensors file whose metadata hold a JSON header; the page "Saving and handing
    over" describes both. Arrays of any library are saved alike. ``plan_`` and ``work_``, which
    describe the computation of the fit, are not saved.

    Parameters
    ----------
    model : LogisticRegression or LogisticRegressionCV
        Fitted.
    path : path-like
        Usually with the ending ``.safetensors``. An existing file is replaced in one step.

    Raises
    ------
    TypeError
        If the model is another object, or labels are neither numbers nor strings.
    ValueError
        If coefficients are not finite, or the model has scikit-learn's legacy attributes.
    sklearn.exceptions.NotFittedError
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written. After an error, an existing file is unchanged.

    Warns
    -----
    UserWarning
        If parameters such as ``cv`` are objects that JSON cannot express. The loaded model has
        their defaults; predictions do not depend on them.

    See Also
    --------
    load : The inverse.

    Examples
    --------
    >>> import tempfile, logitron
    >>> from pathlib import Path
    >>> model = logitron.LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.safetensors"
    ...     logitron.save(model, path)
    ...     again = logitron.load(path)
    >>> again.predict([[0.0], [1.0]])
    array(['no', 'yes'], dtype='<U3')
    """
    write_model(model, path, getattr(model, "_columns", None))


def write_model(
    model: LogisticRegression | LogisticRegressionCV,
    path: str | PathLike[str],
    columns: ColumnEncoding | None = None,
) -> None:
    """Save a fitted model as `save` does, and how columns of a table became its features."""
    if isinstance(model, NeuronClassifier) and type(model) not in ESTIMATORS.values():
        raise TypeError(
            f"save: model must be a LogisticRegression or LogisticRegressionCV itself, got its "
            f"subclass {type(model).__name__}. Save it with pickle, joblib or skops"
        )
    neurons = FittedNeurons.of(model, "save")
    parameters, left_out = parameters_to_json(model.get_params(deep=False))
    classes_are_text = is_text("classes_", neurons.classes)
    header = Header(
        version("logitron"),
        type(model).__name__,
        neurons.kind,
        neurons.precision,
        neurons.label_dtype,
        parameters,
        left_out,
        {
            "classes": neurons.classes if classes_are_text else None,
            "feature_names": _names(neurons.feature_names),
            "target_names": _names(neurons.target_names),
            "target_values": _text("target_values_", neurons.target_values),
        },
        columns,
    )
    tensors = _tensors(model, neurons, header)
    check_tensors(tensors, tensor_specs(header.estimator, multilabel=neurons.multilabel))
    write_container(path, tensors, header.to_json(tensors))
    if left_out:
        warn(
            f"save: parameters {', '.join(left_out)} hold objects that a model file cannot express;"
            " the loaded model has their defaults. Predictions do not depend on them"
        )


def load(
    path: str | PathLike[str], backend: BackendName | None = None, device: str | None = None
) -> LogisticRegression | LogisticRegressionCV:
    """Load a model that `save` wrote.

    Nothing in the file is executed. It is checked before a model is built from it: lengths, shapes,
    dtypes, names, versions and a checksum of all of it.

    Parameters
    ----------
    path : path-like
    backend : str, optional
        Library of the model's arrays, such as "torch". None is NumPy, whatever library the model
        was trained with: that one need not be installed.
    device : str, optional
        Device of ``backend``, such as "cuda"; None is its default.

    Returns
    -------
    LogisticRegression or LogisticRegressionCV
        As it was saved, without ``plan_`` and ``work_``.

    Raises
    ------
    ModelFileError
        A ValueError: if the file is no model, damaged, or written by a newer version.
    ValueError, ImportError
        If the backend or device does not exist here, or safetensors is not installed.
    OSError
        If the file does not exist or cannot be read.

    Warns
    -----
    UserWarning
        If the model was fitted by the command line to columns that it standardised or encoded. X
        is then what they became, and ``logitron predict`` takes the columns themselves.

    See Also
    --------
    save : The inverse, with an example.

    Examples
    --------
    >>> import tempfile, logitron
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.safetensors"
    ...     logitron.save(logitron.LogisticRegression(C=10.0).fit([[0.0], [1.0]], [0, 1]), path)
    ...     logitron.load(path, backend="numpy")
    LogisticRegression(C=10.0)
    """
    model, columns = read_model(path, backend, device)
    if columns is not None:
        vars(model)["_columns"] = columns  # (for saving it again)
        warn(
            f"load: the features of {fspath(path)} are columns that logitron's command line "
            f"standardised or encoded: {', '.join(columns.features[:5])}, ... Pass these features, "
            "or predict with: logitron predict"
        )
    return model


def read_model(
    path: str | PathLike[str], backend: BackendName | None = None, device: str | None = None
) -> tuple[LogisticRegression | LogisticRegressionCV, ColumnEncoding | None]:
    """Load a model as `load` does, and how columns of a table became its features."""
    if device is not None and backend is None:
        raise ValueError(f"device={device!r} needs backend=, the library of that device")
    context = ArrayContext.named(backend or "numpy", device)
    try:
        return _load(path, context)
    except ModelFileError as error:
        raise ModelFileError(
            f"{fspath(path)} is no model file that logitron {version('logitron')} can load: "
            f"{error}. Expected a file written by logitron.save; save the model again"
        ) from error.__cause__


def _tensors(model: Any, neurons: FittedNeurons, header: Header) -> dict[str, HostArray]:
    """Return the arrays of a model by their names in a file."""
    found = {"coef": neurons.coef, "intercept": neurons.intercept}
    if header.text["classes"] is None:
        found["classes"] = neurons.classes
    for name in tensor_specs(header.estimator, multilabel=neurons.multilabel):
        value = getattr(model, f"{name}_", None)
        if name in found or value is None or name == "classes":
            continue
        if isinstance(value, dict):
            raise ValueError(
                f"save: {name}_ is a dict by class, as with use_legacy_attributes=True. Fit with "
                "use_legacy_attributes=False, or save with pickle or joblib"
            )
        found[name] = np.asarray(to_host_if_array(value))
    return {name: _plain(value) for name, value in found.items()}


def _names(names: HostArray | None) -> HostArray | None:
    return None if names is None else names.astype(str).astype(object)


def _text(name: str, labels: HostArray | None) -> HostArray | None:
    """Return labels that must be text."""
    if labels is not None and not is_text(name, labels):
        raise TypeError(f"save: {name} must hold strings, got {labels.tolist()}")
    return labels


def _plain(values: HostArray) -> HostArray:
    """Return contiguous numbers in this machine's byte order."""
    dtype = values.dtype.newbyteorder("=")
    return np.array(values, dtype=dtype, order="C")


def _load(
    path: str | PathLike[str], context: ArrayContext
) -> tuple[LogisticRegression | LogisticRegressionCV, ColumnEncoding | None]:
    tensors, text = read_container(path)
    header = Header.from_json(text, tensors)
    multilabel = header.kind == "multilabel"
    check_tensors(tensors, tensor_specs(header.estimator, multilabel=multilabel))
    neurons = _neurons(tensors, header)
    if header.columns is not None and header.columns.n_features != neurons.coef.shape[1]:
        raise ModelFileError(
            f"its columns become {header.columns.n_features} features, and coefficients are of "
            f"{neurons.coef.shape[1]}"
        )
    kind = ESTIMATORS[header.estimator]
    parameters = parameters_from_json(header.parameters, kind._parameter_names())
    model: LogisticRegression | LogisticRegressionCV = kind(**parameters)
    try:
        model._validate_params()
    except (ValueError, TypeError) as error:
        raise ModelFileError(f"parameters are invalid ({error})") from error
    if context.library.has_float64(context.device):
        context = context.with_precision(header.dtype)
    neurons.set_on(model, context)
    with context.scope():
        for name, values in tensors.items():
            if name not in ("coef", "intercept", "classes"):
                setattr(model, f"{name}_", _attribute(context, values))
    return model, header.columns


def _neurons(tensors: dict[str, HostArray], header: Header) -> FittedNeurons:
    """Return the neurons of a file, after the checks of what tensors and header say together."""
    classes = header.text["classes"]
    if ("classes" in tensors) == (classes is not None):
        raise ModelFileError("classes must be either a tensor or a list of strings")
    if str(tensors["coef"].dtype) != header.dtype or tensors["intercept"].dtype != header.dtype:
        raise ModelFileError(f"coef and intercept must be {header.dtype}, as the header says")
    try:
        neurons = FittedNeurons(
            tensors["coef"],
            tensors["intercept"],
            tensors["classes"] if classes is None else classes,
            header.kind == "multilabel",
            header.label_dtype,
            *(header.text[name] for name in ("feature_names", "target_names", "target_values")),
        )
    except ValueError as error:
        raise ModelFileError(str(error)) from error
    if neurons.kind != header.kind:
        raise ModelFileError(f"it has {len(neurons.coef)} neurons, which are not {header.kind}")
    return neurons


def _attribute(context: ArrayContext, values: HostArray) -> Array:
    """Return a number as a float, and an array in the library, in memory of its own."""
    if values.ndim == 0:
        return float(values)
    return (
        context.copy_to(values)
        if values.dtype.kind == "f"
        else context.asarray(np.array(values), keep_dtype=True)
    )
