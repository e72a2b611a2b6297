"""Readers: every kind of source has the same rows, whatever is asked for, and refuses bad ones."""

import weakref
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logitron import RowSource, open_rows
from logitron.data.readers import RowReader, RowsError, opened
from logitron.data.readers.base import block_edges, reblocked
from logitron.data.readers.drawing import FEWEST_RUNS, drawn_rows
from logitron.data.readers.parts import ArrayReader, PartsReader
from logitron.data.readers.read_ahead import BLOCKS, read_ahead
from logitron.data.readers.selected import SelectedReader
from tests.data.reading import KINDS, FullSource, N, P, Source, X, arrow, reading_threads


@pytest.fixture(scope="module", params=KINDS)
def reader(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    source = KINDS[request.param](folder)
    return open_rows(source, "X" if request.param in ("hdf5", "safetensors") else None)


def test_shape_and_dtype_are_those_of_the_array(reader):
    assert reader.shape == X.shape
    assert reader.dtype == X.dtype
    assert str(N) in repr(reader)


@settings(max_examples=15, deadline=None)
@given(rows=st.integers(1, N + 50), data=st.data())
def test_blocks_and_drawn_rows_are_those_of_the_array(reader, rows, data):
    edges = reader.edges(rows)
    assert edges[0] == 0
    assert edges[-1] == N
    assert (np.diff(edges) > 0).all()
    assert np.diff(edges).max() <= max(rows, reader.chunk_rows)
    buffers = [reader.buffer(int(np.diff(edges).max())) for _ in range(2)]
    blocks = [block.copy() for block in reader.scan(edges, buffers)]
    assert [len(block) for block in blocks] == np.diff(edges).tolist()
    np.testing.assert_array_equal(np.concatenate(blocks), X)

    start = data.draw(st.integers(0, N - 1))
    stop = data.draw(st.integers(start + 1, N))
    np.testing.assert_array_equal(reader.read_rows(start, stop), X[start:stop])

    chosen = np.asarray(sorted(data.draw(st.sets(st.integers(0, N - 1), min_size=1, max_size=40))))
    np.testing.assert_array_equal(reader.take_rows(chosen), X[chosen])
    repeated = np.repeat(chosen, data.draw(st.integers(1, 2)))
    selected = SelectedReader(reader, repeated)
    blocks = list(selected.scan(selected.edges(rows)))
    np.testing.assert_array_equal(np.concatenate(blocks), X[repeated])


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=9).filter(any), rows=st.integers(1, 12)
)
def test_parts_of_any_sizes_are_one_source(sizes, rows):
    places = np.cumsum([0, *sizes])
    values = np.arange(2.0 * places[-1]).reshape(-1, 2)
    parts = [ArrayReader(values[a:b], "part") for a, b in pairwise(places)]
    reader = PartsReader(parts, "parts")
    edges = reader.edges(rows)
    assert np.diff(edges).max() <= rows
    blocks = list(read_ahead(reader, edges, np.asarray, reuse=True))
    np.testing.assert_array_equal(np.concatenate(blocks), values)
    drawn = np.arange(0, len(values), 2)
    np.testing.assert_array_equal(reader.take_rows(drawn), values[drawn])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 7))
def test_blocks_are_whole_chunks(n, rows, chunk_rows):
    edges = block_edges(n, rows, chunk_rows)
    assert (edges[:-1] % chunk_rows == 0).all()
    assert edges[-1] == n
    assert np.diff(edges).max() <= max(rows, chunk_rows)


def test_rows_that_are_missing_at_the_end_are_an_error():
    with pytest.raises(RowsError, match="2 rows before the end"):
        list(reblocked([X[:3]], np.asarray([0, 5])))


def test_each_chunk_is_read_once_in_a_pass():
    source = Source(chunk_rows=16)
    reader = open_rows(source)
    list(reader.scan(reader.edges(40)))
    assert source.read == [(0, 32), (32, 64), (64, 96), (96, 128), (128, 160), (160, 192), (192, N)]
    huge = open_rows(Source(chunk_rows=N))
    assert np.diff(huge.edges(10)).max() == 10  # no more than memory can hold
    source.read.clear()
    selected = SelectedReader(reader, np.asarray([3, 5, 17, 200]))
    reader.block_bytes = 16 * reader.row_bytes
    list(selected.scan(selected.edges(1)))
    assert source.read == [(0, 16), (16, 32), (192, 208)]


# --- reading ahead ------------------------------------------------------------------------------


def _read_ahead(source, rows=10, **options):
    reader = open_rows(source)
    return read_ahead(reader, reader.edges(rows), np.asarray, **{"reuse": False, **options})


def test_the_next_block_is_read_before_it_is_needed():
    source = FullSource()
    blocks = _read_ahead(source)
    next(blocks)
    while len(source.read) < BLOCKS:  # (would never end without a thread)
        pass
    assert source.read[:BLOCKS] == [(0, 10), (10, 20), (20, 30)]
    assert len(reading_threads()) == 1
    blocks.close()
    assert not reading_threads()
    assert len(source.read) <= BLOCKS + 1  # no more is in memory


def test_no_more_than_a_few_blocks_are_in_memory():
    alive, most = [], 0

    class Counted(Source):
        def read_rows(self, start, stop):
            block = super().read_rows(start, stop).copy()
            alive.append(weakref.ref(block))
            return block

    for block in _read_ahead(Counted(np.zeros((1000, 2)))):
        assert len(block) == 10
        most = max(most, sum(one() is not None for one in alive))
    assert len(alive) == 100
    assert most <= BLOCKS + 1  # (the last one is forgotten after the next one was asked for)


def test_threads_end_with_the_last_block(tmp_path):
    np.save(tmp_path / "x.npy", X)
    read = [block.copy() for block in _read_ahead(tmp_path / "x.npy", reuse=True)]
    np.testing.assert_array_equal(np.concatenate(read), X)
    assert not reading_threads()


class Broken(Source):
    name = "a broken disk"

    def __init__(self, error, **members):
        super().__init__(**members)
        self.error = error

    def read_rows(self, start, stop):
        if stop > 50:
            raise self.error
        return super().read_rows(start, stop)


@pytest.mark.parametrize(
    ("error", "kind"), [(OSError("no disk"), OSError), (KeyError("x"), RuntimeError)]
)
def test_errors_name_the_rows_and_the_file(error, kind):
    blocks = _read_ahead(Broken(error))
    with pytest.raises(kind, match=r"rows 50 to 60 of X could not be read from a broken disk") as e:
        list(blocks)
    assert e.value.__cause__ is error
    assert not reading_threads()


# --- samples ------------------------------------------------------------------------------------


@pytest.mark.parametrize("members", [{"chunk_rows": 16}, {"chunk_rows": 1}, {"chunk_rows": N}])
@pytest.mark.parametrize("kind", [Source, FullSource])
def test_samples_are_distinct_rows_from_everywhere(members, kind):
    reader = open_rows(kind(np.zeros((1000, 1)), **members))
    for count in (1, 10, 100, 500):
        rows = drawn_rows(reader, count, 3)
        assert (np.diff(rows) > 0).all()
        assert 0 <= rows[0] <= rows[-1] < 1000
        assert 0.5 * count <= len(rows) <= count + FEWEST_RUNS
        if count >= 100:  # a sorted file is well covered: a tenth of the rows in each tenth
            parts = np.bincount(rows // 100, minlength=10) / len(rows)
            assert np.abs(parts - 0.1).max() < 0.05


# --- what is opened, and what is refused --------------------------------------------------------


def test_what_is_in_memory_stays_there(tmp_path):
    np.save(tmp_path / "x.npy", X)
    for kept in (X, X.tolist(), np.load(tmp_path / "x.npy", mmap_mode="r"), arrow(), None):
        assert opened(kept) is kept
    assert isinstance(Source(), RowSource)


@pytest.mark.parametrize("kind", ["pandas", "polars", "table", "table of arrays"])
def test_large_tables_are_read_where_they_are(kind, tmp_path, monkeypatch):
    table = KINDS[kind](tmp_path)
    monkeypatch.setattr(RowReader, "block_bytes", 64)
    found = opened(table)
    assert isinstance(found, RowReader)
    np.testing.assert_array_equal(found.read_rows(0, N), X)
    assert found.empty_table is None or found.empty_table.shape == (0, P)


def test_tables_that_would_not_be_copied_stay_as_they_are(monkeypatch):
    pandas = pytest.importorskip("pandas", reason="has data frames")
    monkeypatch.setattr(RowReader, "block_bytes", 1)
    for table in (pandas.DataFrame(X), pandas.DataFrame({"a": ["b"] * N, "c": X[:, 0]})):
        assert opened(table) is table


def test_arrays_are_found_in_groups(tmp_path):
    zarr = pytest.importorskip("zarr", reason="reads Zarr")
    group = zarr.open_group(tmp_path / "groups", mode="w")
    group.create_array("X", data=X)
    group.create_array("y", data=X[:, 0])
    for source in (group, group["X"], str(tmp_path / "groups")):
        np.testing.assert_array_equal(open_rows(source).read_rows(0, N), X)
    with pytest.raises(KeyError, match=r"no array 'Z'; it has \['X', 'y'\]"):
        open_rows(tmp_path / "groups", "Z")


def test_changes_of_a_private_map_are_not_lost(tmp_path):
    np.save(tmp_path / "x.npy", X)
    private = np.load(tmp_path / "x.npy", mmap_mode="c")
    private[3] = 0.0
    np.testing.assert_array_equal(open_rows(private).read_rows(0, N), private)
    backwards = np.load(tmp_path / "x.npy", mmap_mode="r")[::-1]
    np.testing.assert_array_equal(open_rows(backwards).read_rows(0, N), X[::-1])


def _text_column(folder):
    return arrow().append_column("label", [["a"] * N])


def _nothing(folder):
    return []


def _incomplete(folder):
    np.save(folder / "x.npy", X)
    whole = (folder / "x.npy").read_bytes()
    (folder / "x.npy").write_bytes(whole[:-1])
    return folder / "x.npy"


def _vector(folder):
    np.save(folder / "x.npy", X[:, 0])
    return folder / "x.npy"


def _bfloat16(folder):
    header = b'{"X":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}'
    data = len(header).to_bytes(8, "little") + header + bytes(8)
    (folder / "x.safetensors").write_bytes(data)
    return folder / "x.safetensors"


def _malformed(folder):
    header = b'{"X":{"dtype":"F32","shape":[2,2],"data_offsets":[0,8]}}'
    data = len(header).to_bytes(8, "little") + header + bytes(16)
    (folder / "x.safetensors").write_bytes(data)
    return folder / "x.safetensors"


def _text(folder):
    np.save(folder / "x.npy", np.asarray([["a", "b"]]))
    return folder / "x.npy"


REFUSED = {
    "generator": (lambda folder: (x for x in X), TypeError, "only once.*RowSource"),
    "number": (lambda folder: 3, TypeError, "got builtins.int"),
    "no file": (lambda folder: folder / "x.npy", FileNotFoundError, r"x\.npy"),
    "unknown": (lambda folder: __file__, TypeError, r"known kind \(\.npy, "),
    "directory": (lambda folder: folder, TypeError, "known kind"),
    "two arrays": (KINDS["hdf5"], ValueError, "got 2: 'X', 'Z'"),
    "incomplete": (_incomplete, RowsError, "incomplete"),
    "vector": (_vector, ValueError, "2-dimensional"),
    "text": (_text, ValueError, "numbers only"),
    "bfloat16": (_bfloat16, TypeError, "BF16"),
    "malformed": (_malformed, RowsError, "has 16 bytes, but the header has the places 0 to 8"),
    "column of text": (_text_column, ValueError, "type string in column 'label'"),
    "no blocks": (_nothing, ValueError, "at least one block"),
    "other widths": (lambda folder: [X, X[:, :2]], ValueError, "5 in block 0 and 2 in block 1"),
    "other columns": (
        lambda folder: [arrow(), arrow().rename_columns(list("abcde"))],
        ValueError,
        "same columns",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_sources_are_refused(case, tmp_path):
    make, kind, says = REFUSED[case]
    source = make(tmp_path)
    if case == "two arrays":
        import h5py

        with h5py.File(source, "a") as file:
            file["Z"] = X
    with pytest.raises(kind, match=says):
        open_rows(source)
    with pytest.raises(ValueError, match="block_bytes"):
        open_rows(X, block_bytes=0)


@pytest.mark.parametrize("found", [X[:3, :2], X[0], X[:3].astype(complex)])
def test_what_a_source_returns_is_checked(found):
    source = Source()
    source.read_rows = lambda start, stop: found
    with pytest.raises(RowsError, match=r"Source\.read_rows\(0, 3\) must return"):
        open_rows(source).read_rows(0, 3)


def test_columns_and_names_are_chosen():
    table = arrow()
    np.testing.assert_array_equal(
        open_rows(table, columns=["c3", "c0"]).read_rows(0, N), X[:, [3, 0]]
    )
    with pytest.raises(ValueError, match=r"no \['d'\]"):
        open_rows(table, columns=["d"])
    assert open_rows(table).shape[1] == P


@pytest.mark.parametrize("kind", KINDS)
def test_choices_that_a_source_has_not_are_refused(kind, tmp_path):
    source = KINDS[kind](tmp_path)
    tables = "parquet", "feather", "dataset", "table", "record batches", "pandas", "polars"
    if kind.startswith(tables):
        with pytest.raises(ValueError, match=r"columns must be of .* no \['none'\]"):
            open_rows(source, columns=["none"])
    else:
        with pytest.raises(ValueError, match=r"columns must be None for .*X\[:, \[\.\.\.\]\]"):
            open_rows(source, columns=["c0"])
    if kind not in ("hdf5", "safetensors"):  # (a file of several arrays)
        with pytest.raises(ValueError, match="name must be None for"):
            open_rows(source, name="X")
