"""What is wrong with a file or an argument is told in one line, before anything is written."""

import contextlib
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array, save_npz

from tests.cli.files import CODES, TABLE, X, shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Good files, and bad ones of every kind, which no test may change."""
    pytest.importorskip("cyclopts", reason="the command line is an extra, logitron[cli]")
    pytest.importorskip("safetensors", reason="model files need safetensors")
    from logitron.cli import main

    made = tmp_path_factory.mktemp("bad")
    with contextlib.chdir(made):
        _write_files()
        assert main(["fit", "shop.csv", "--target", "bought", "-o", "shop.safetensors"]) == 0
        assert main(["fit", "X.npy", "y.npy", "-o", "X.safetensors"]) == 0
    return made


@pytest.fixture
def files(folder, logitron, monkeypatch):
    """Commands, called in the folder of the files."""
    monkeypatch.chdir(folder)
    return logitron


def _write_files():
    np.save("X.npy", X)
    np.save("y.npy", CODES)
    np.save("Y.npy", TABLE)
    np.save("short.npy", CODES[:-1])
    np.save("cube.npy", np.zeros((3, 2, 2)))
    np.save("none.npy", X[:0])
    np.save("one.npy", np.float64(1.0))
    np.save("objects.npy", np.asarray([{}, 1], dtype=object), allow_pickle=True)
    np.savez("two.npz", a=X, b=X, y=CODES)
    save_npz("sparse.npz", csr_array(X))
    frame = shop()
    frame.to_csv("shop.csv", index=False)
    frame.drop(columns="age").to_csv("no_age.csv", index=False)
    frame.assign(age="old").to_csv("words.csv", index=False)
    frame.assign(id=[f"customer {i}" for i in range(len(frame))]).to_csv("ids.csv", index=False)
    frame.assign(void=np.nan).to_csv("void.csv", index=False)
    frame.assign(bought=frame["bought"].where(frame.index > 2)).to_csv("unlabelled.csv")
    Path("empty.csv").touch()
    Path("names.csv").write_text("a,b\n")
    Path("ragged.csv").write_text("a,b\n1,2\n1,2,3\n")
    for ending in ("npy", "npz", "safetensors", "pt", "parquet", "feather"):
        Path(f"junk.{ending}").write_bytes(b"this is no such file")
    Path("code.pt").write_bytes(pickle.dumps({"a": Path}))
    Path("folder.npy").mkdir()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("fit missing.npy y.npy", "missing.npy does not exist"),
        ("fit folder.npy y.npy", "is no file"),
        ("fit X.mat y.npy", "must end in one of .npy"),
        ("fit X.npy", "labels must be a second file"),
        ("fit X.npy short.npy", "labels must have a row for each of 240 rows, got 239"),
        ("fit X.npy Y.npy", "pass --multilabel"),
        ("fit X.npy y.npy --multilabel", "several columns of labels"),
        ("fit cube.npy y.npy", "(rows, features)"),
        ("fit none.npy y.npy --standardise", "at least one row"),
        ("fit X.npy one.npy", "one or two axes"),
        ("fit X.npy y.npy --test 0.999", "leaves none to learn from"),
        ("fit X.npy objects.npy", "y.astype(str)"),
        ("fit X.npy y.npy --key X", "leave --key out"),
        ("fit two.npz --target y", "--key must name one of the arrays a, b of two.npz"),
        ("fit two.npz --target y --key c", "got 'c'"),
        ("fit junk.npy y.npy", "junk.npy"),
        ("fit junk.npz y.npy", "junk.npz"),
        ("fit sparse.npz y.npy", "sparse.npz holds a sparse matrix"),
        ("fit junk.parquet --target y", "junk.parquet cannot be read as parquet"),
        ("fit junk.feather --target y", "junk.feather cannot be read as feather"),
        ("fit junk.safetensors y.npy", "junk.safetensors cannot be read"),
        ("fit junk.pt y.npy", "nothing that executes code"),
        ("fit code.pt y.npy", "nothing that executes code"),
        ("fit empty.csv --target y", "first line must name the columns"),
        ("fit names.csv --target b", "at least one row"),
        ("fit ragged.csv --target b", "ragged.csv cannot be read as csv"),
        ("fit shop.csv --target sold", "which are age, city, visits, bought; got 'sold'"),
        ("fit shop.csv --target bought --features tall", "--features must name columns"),
        ("fit shop.csv --target bought --ignore age,city,visits", "columns of features"),
        ("fit shop.csv --target bought --embedding age", "column of lists of numbers"),
        ("fit shop.csv --target bought --key X", "--embedding"),
        ("fit shop.csv --target bought --weights heavy", "column of DATA, or a file"),
        ("fit shop.csv --target bought --weights city", "must be numbers"),
        ("fit ids.csv --target bought", "--ignore id"),
        ("fit void.csv --target bought", "--ignore void"),
        ("fit unlabelled.csv --target bought", "lacks 3 of 300 labels"),
        ("fit X.npy y.npy --C big", "--C"),
        ("fit X.npy y.npy --C -1", "C"),
        ("fit X.npy y.npy --backend nump", "backend must be one of"),
        ("fit X.npy y.npy --device cuda --backend numpy", "device='cuda' is not a device"),
        ("fit X.npy y.npy --test 1.5", "between 0 and 1"),
        ("fit X.npy y.npy -o m.onnx", "--output must name a file that ends in .safetensors"),
        ("fit X.npy y.npy -o nowhere/m.safetensors", "a folder that exists"),
        ("fit X.npy y.npy --report r.txt", "--report must name a file that ends in .json"),
        ("fit X.npy y.npy --weights y.npy --test X.npy y.npy", "a part of the rows"),
        ("sweep X.npy y.npy --Cs 1:2", "--Cs must be"),
        ("sweep X.npy y.npy --Cs 0,1", "--Cs must be"),
        ("sweep X.npy y.npy --Cs 1e-6:x:45", "--Cs must be"),
        ("sweep X.npy y.npy --cv 1", "--cv must be at least 2"),
        ("sweep X.npy y.npy --cv 3 --val 0.2", "pass one of them"),
        ("sweep X.npy y.npy --scoring rocauc", "--scoring must be a name"),
        ("sweep X.npy y.npy --val X.npy y.npy X.npy", "one file of both"),
        ("sweep X.npy y.npy --val X.npy short.npy", "240 rows, got 239"),
        ("predict missing.safetensors X.npy", "missing.safetensors does not exist"),
        ("predict junk.safetensors X.npy", "no model file"),
        ("predict X.safetensors two.npz", "--key must name"),
        ("predict X.safetensors cube.npy", "must have the shape (rows, 4)"),
        ("predict X.safetensors shop.csv", "4 numbers a row"),
        ("predict X.safetensors X.npy --proba --logits", "pass one"),
        ("predict X.safetensors X.npy -o out.docx", ".csv or .tsv or .parquet or .npy"),
        ("predict shop.safetensors X.npy", "table with named columns"),
        ("predict shop.safetensors no_age.csv", "lacks 'age'"),
        ("predict shop.safetensors words.csv", "column 'age' must hold numbers"),
        ("evaluate shop.safetensors no_age.csv", "lacks 'age'"),
        ("evaluate X.safetensors X.npy", "labels must be a second file"),
        ("evaluate shop.safetensors shop.csv --target visits", "classes of the model, no, yes"),
        ("evaluate X.safetensors X.npy y.npy --per-target", "pass --per-class"),
        ("infer shop.csv --target bought", "rows have missing cells, in 'age', 'city'"),
        ("infer shop.csv --target bought --robust --cluster city", "pass one"),
        ("show X.safetensors --top -1", "--top must be zero or more"),
        ("export X.safetensors out.h5", "ends in .onnx or .pt"),
        ("explain X.safetensors", "explain"),
        ("fit X.npy y.npy --colour red", "--colour"),
        ("fit", "DATA"),
    ],
)
def test_it_is_told_in_one_line(arguments, says, files):
    if ".pt" in arguments:
        pytest.importorskip("torch")
    if "parquet" in arguments or "feather" in arguments:
        pytest.importorskip("pyarrow")
    before = sorted(Path().iterdir())
    assert says in files.refuse(arguments)
    assert sorted(Path().iterdir()) == before


def test_files_that_were_there_stay_as_they_were(logitron):
    np.save("X.npy", X)
    np.save("short.npy", CODES[:-1])
    Path("old.safetensors").write_bytes(b"old")
    Path("old.json").write_text("old")
    logitron.refuse("fit", "X.npy", "short.npy", "-o", "old.safetensors", "--report", "old.json")
    assert Path("old.safetensors").read_bytes() == b"old"
    assert Path("old.json").read_text() == "old"


def test_columns_of_lists_beside_others_are_to_be_named(logitron):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"v": list(X), "u": list(X), "y": CODES}), "both.parquet")
    assert "pass --embedding v" in logitron.refuse("fit", "both.parquet", "--target", "y")
    ragged = [row[: 1 + i % 2] for i, row in enumerate(X)]
    parquet.write_table(pa.table({"v": ragged, "y": CODES}), "ragged.parquet")
    assert "lengths" in logitron.refuse("fit", "ragged.parquet", "--target", "y")
