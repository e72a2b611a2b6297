"""Every kind of file has the numbers that were written to it."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from tests.cli.files import CODES, WORDS, N, P, X
from tests.tolerances import assert_near


def _torch(path, **tensors):
    torch = pytest.importorskip("torch")
    made = {name: torch.asarray(one) for name, one in tensors.items()}
    torch.save(made if len(made) > 1 else next(iter(made.values())), path)


def _bfloat16(path, X):
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors.torch").save_file(
        {"X": torch.asarray(X).to(torch.bfloat16)}, path
    )


def _arrow(path, frame, write):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather, parquet

    writer = parquet.write_table if write == "parquet" else feather.write_feather
    writer(pa.Table.from_pandas(frame), path)


def _lists(path, X, write, kind):
    pa = pytest.importorskip("pyarrow")
    values = pa.array(X.reshape(-1))
    make = {
        "fixed": lambda: pa.FixedSizeListArray.from_arrays(values, P),
        "any": lambda: pa.array(list(X), pa.list_(pa.float32())),
        "large": lambda: pa.array(list(X), pa.large_list(pa.float32())),
        "tensor": lambda: pa.FixedShapeTensorArray.from_numpy_ndarray(X),
    }
    lists = make[kind]()
    from pyarrow import feather, parquet

    writer = parquet.write_table if write == "parquet" else feather.write_feather
    table = pa.table({"id": [f"row {i}" for i in range(N)], "vectors": lists, "y": CODES})
    writer(table, path)


FRAME = pd.DataFrame(X, columns=list("abcd")).assign(y=CODES)


def _columns(frame=FRAME):
    return frame.drop(columns="y")


#: how features are written, and the arguments that read them
FORMS = {
    "X.npy": (lambda p: np.save(p, X), ()),
    "half.npy": (lambda p: np.save(p, X.astype(np.float16)), ()),
    "fortran.npy": (lambda p: np.save(p, np.asfortranarray(X)), ()),
    "one.npz": (lambda p: np.savez(p, X=X), ()),
    "two.npz": (lambda p: np.savez_compressed(p, X=X, y=CODES), ("--key", "X")),
    "X.safetensors": (
        lambda p: pytest.importorskip("safetensors.numpy").save_file({"X": X, "y": CODES}, p),
        ("--key", "X"),
    ),
    "bfloat16.safetensors": (lambda p: _bfloat16(p, X), ()),
    "X.pt": (lambda p: _torch(p, X=X), ()),
    "two.pt": (lambda p: _torch(p, X=X, y=CODES), ("--key", "X")),
    "X.csv": (lambda p: _columns().to_csv(p, index=False), ()),
    "X.csv.gz": (lambda p: _columns().to_csv(p, index=False), ()),
    "X.tsv": (lambda p: FRAME.to_csv(p, index=False, sep="\t"), ("--features", "a,b,c,d")),
    "X.parquet": (lambda p: _arrow(p, _columns(), "parquet"), ()),
    "X.feather": (lambda p: _arrow(p, _columns(), "feather"), ()),
    "lists.parquet": (lambda p: _lists(p, X, "parquet", "fixed"), ("--embedding", "vectors")),
    "lists.feather": (lambda p: _lists(p, X, "feather", "any"), ("--embedding", "vectors")),
    "large.parquet": (lambda p: _lists(p, X, "parquet", "large"), ("--embedding", "vectors")),
    "tensors.parquet": (lambda p: _lists(p, X, "parquet", "tensor"), ("--embedding", "vectors")),
    "tensors.feather": (lambda p: _lists(p, X, "feather", "tensor"), ("--embedding", "vectors")),
}


@pytest.fixture
def model(logitron):
    """A saved model of random coefficients, and the logits that it must have."""
    import logitron as package

    fitted = package.LogisticRegression(C=0.5).fit(X.astype(np.float64), CODES)
    package.save(fitted, "model.safetensors")
    return X.astype(np.float64) @ fitted.coef_.T + fitted.intercept_


@pytest.mark.parametrize("name", FORMS)
def test_features_of_every_format_are_the_same(name, logitron, model):
    write, arguments = FORMS[name]
    write(name)
    out, _ = logitron("predict", "model.safetensors", name, "--logits", *arguments)
    found = pd.read_csv(io.StringIO(out))
    assert list(found.columns) == ["0", "1", "2"]
    assert_near(found.to_numpy(), model, "float32", P)


def test_the_standard_input_is_csv(logitron, model, monkeypatch):
    text = _columns().to_csv(index=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    out, _ = logitron("predict", "model.safetensors", "-", "--logits")
    assert_near(pd.read_csv(io.StringIO(out)).to_numpy(), model, "float64", P)


def _labels(name):
    if name.endswith(".npy"):
        np.save(name, WORDS)
    elif name.endswith(".npz"):
        np.savez(name, y=WORDS)
    elif name.endswith(".pt"):
        _torch(name, y=CODES)
    elif name.endswith(".safetensors"):
        pytest.importorskip("safetensors.numpy").save_file({"y": CODES}, name)
    elif name.endswith(".parquet"):
        _arrow(name, pd.DataFrame({"y": WORDS}), "parquet")
    else:
        pd.DataFrame({"y": WORDS, "more": CODES}).to_csv(name, index=False)


@pytest.mark.parametrize(
    "name", ["y.npy", "y.npz", "y.pt", "y.safetensors", "y.parquet", "y.csv --target y"]
)
def test_labels_of_every_format_train_the_same_model(name, logitron):
    file = name.split()[0]
    _labels(file)
    np.save("X.npy", X)
    found = logitron.json("fit", "X.npy", name, "-o", "m.safetensors")
    classes = sorted(set(CODES.tolist() if file in ("y.pt", "y.safetensors") else WORDS.tolist()))
    assert found["classes"] == classes
    (predicted,) = np.load(_predict(logitron, "m.safetensors"), allow_pickle=False)[None]
    codes = np.searchsorted(classes, predicted)
    import logitron as package

    expected = package.LogisticRegression().fit(X.astype(np.float64), CODES).predict(X)
    np.testing.assert_array_equal(codes, expected)


def _predict(logitron, model):
    logitron("predict", model, "X.npy", "-o", "labels.npy")
    return "labels.npy"


@pytest.mark.parametrize("name", ["both.npz", "both.pt", "both.safetensors", "both.parquet"])
def test_features_and_labels_of_one_file(name, logitron):
    if name.endswith("npz"):
        np.savez(name, X=X, y=CODES)
    elif name.endswith("pt"):
        _torch(name, X=X, y=CODES)
    elif name.endswith("safetensors"):
        pytest.importorskip("safetensors.numpy").save_file({"X": X, "y": CODES}, name)
    else:
        _lists(name, X, "parquet", "fixed")
    more = ("--ignore", "id") if name.endswith("parquet") else ()
    found = logitron.json("fit", name, "--target", "y", *more)
    assert (found["rows"], found["features"], found["classes"]) == (N, P, [0, 1, 2])


def test_large_arrays_are_mapped_and_not_read(logitron):
    from logitron.cli.reading import read_array

    path = "large.npy"
    made = np.lib.format.open_memmap(path, "w+", np.float16, (2048, 1 << 14))
    made[-1, -1] = 1.5
    del made
    found = read_array(path)
    assert isinstance(found, np.memmap)
    assert found[-1, -1] == 1.5
