"""Features are read in the order in which they lie in memory, with equal results."""

import tracemalloc

import numpy as np
import pytest

from logitron.backend import ArrayContext, to_host
from logitron.data import make_rows
from logitron.data.memory_order import PARTS, MemoryOrder
from tests.layouts import ASCENDING, NAMES, layouts, torch_layouts
from tests.tolerances import assert_near

RNG = np.random.default_rng(0)
#: whole numbers, so that sums in any order are equal
X = RNG.integers(-9, 9, size=(50, 7)).astype(np.float64)
WEIGHTS = RNG.integers(0, 9, size=50).astype(np.float64)
COEF, INTERCEPT = RNG.integers(-9, 9, size=(3, 7)).astype(np.float64), np.asarray([1.0, 2.0, 3.0])
NUMPY = ArrayContext.named("numpy")

#: by column, flipped, copied
EXPECTED = {
    "C": (False, False, False),
    "Fortran": (True, False, False),
    "reversed rows": (False, True, False),
    "reversed columns": (False, True, True),
    "reversed": (False, False, True),
    "reversed rows of Fortran": (True, True, False),
    "reversed columns of Fortran": (True, False, True),
    "every second row": (False, False, False),
    "every second column": (False, False, True),
    "every second row of Fortran": (True, False, True),
    "every second column of Fortran": (True, False, False),
    "field of records": (False, False, True),
}


def _weighted(X, weights):
    return (X.T @ weights[:, None], X.T @ X)


def _weighted_rows(X, weights):
    return X * weights[:, None]


def _identity(Z):
    return Z


def _column_gram(X):
    return X @ X.T


@pytest.mark.parametrize("name", NAMES)
class TestMemoryOrder:
    """What the strides say."""

    def test_is_found_from_the_strides(self, name):
        assert MemoryOrder.of(NUMPY, layouts(X)[name]) == MemoryOrder(*EXPECTED[name])

    def test_a_single_row_or_column_lies_in_any_order(self, name):
        for part in (X[:1], X[:, :1]):
            if name in ("C", "Fortran"):
                assert not MemoryOrder.of(NUMPY, layouts(part)[name]).copied

    @pytest.mark.parametrize("block_rows", [None, 7])
    def test_products_never_get_a_block_that_they_cannot_read(self, name, block_rows):
        seen = []

        def watch(X, weights):
            seen.append((X.shape, tuple(stride // 8 for stride in X.strides)))
            return (X.sum(axis=0),)

        rows = make_rows(NUMPY, layouts(X)[name], WEIGHTS, block_rows=block_rows)
        rows.sum(watch)
        assert sum(shape[0] for shape, _ in seen) == len(X)
        for (n, p), (by_row, by_column) in seen:
            assert (by_column == 1 and by_row >= p) or (by_row == 1 and by_column >= n)


@pytest.mark.parametrize("block_rows", [None, 7])
@pytest.mark.parametrize("name", NAMES)
class TestRows:
    """Rows of every layout give what rows in C order give."""

    def rows(self, name, block_rows, context=NUMPY):
        return make_rows(context, layouts(X)[name], WEIGHTS, block_rows=block_rows)

    @pytest.mark.parametrize("precision", ["float64", "float32"])
    def test_sums(self, name, block_rows, precision):
        rows = self.rows(name, block_rows, NUMPY.with_precision(precision))
        weighted, gram = rows.sum(_weighted)
        np.testing.assert_array_equal(weighted[:, 0], X.T @ WEIGHTS)
        np.testing.assert_array_equal(gram, X.T @ X)
        assert rows.sum_of_squares() == (X * X).sum()

    def test_sums_of_standardised_features(self, name, block_rows):
        rows = self.rows(name, block_rows).standardised(np.arange(7.0), np.full(7, 2.0))
        expected = 2.0 * (X - np.arange(7.0))
        np.testing.assert_array_equal(rows.sum(_weighted)[0][:, 0], expected.T @ WEIGHTS)

    def test_maps_keep_the_order_of_rows(self, name, block_rows):
        rows = self.rows(name, block_rows)
        found = rows.map(_weighted_rows)
        np.testing.assert_array_equal(found, X * WEIGHTS[:, None])
        logits = rows.map_logits(_identity, COEF, INTERCEPT)
        np.testing.assert_array_equal(logits, X @ COEF.T + INTERCEPT)
        assert min(logits.strides) > 0

    def test_further_row_arrays_stay_beside_their_rows(self, name, block_rows):
        rows = self.rows(name, block_rows).with_row_arrays(WEIGHTS + 1.0)
        np.testing.assert_array_equal(rows.sum(_weighted)[0][:, 0], X.T @ (WEIGHTS + 1.0))

    def test_selected_rows(self, name, block_rows):
        index = np.asarray([4, 4, 0, 49, 17])
        chosen = self.rows(name, block_rows).select(index)
        expected = X[index] * WEIGHTS[index, None]
        np.testing.assert_array_equal(chosen.map(_weighted_rows), expected)

    def test_sums_over_columns(self, name, block_rows):
        rows = self.rows(name, block_rows)
        np.testing.assert_array_equal(rows.sum_over_columns(_column_gram), X @ X.T)


@pytest.mark.parametrize("name", ASCENDING)
@pytest.mark.parametrize("block_rows", [None, 7])
def test_tensors_of_every_layout_give_equal_sums(name, block_rows):
    torch = pytest.importorskip("torch")
    tensor = torch_layouts(X)[name]
    context = ArrayContext.of(tensor)
    weights = torch.from_numpy(WEIGHTS.copy())
    rows = make_rows(context, tensor, weights, block_rows=block_rows)
    assert MemoryOrder.of(context, tensor) == MemoryOrder(*EXPECTED[name])
    np.testing.assert_array_equal(to_host(rows.sum(_weighted)[1]), X.T @ X)
    assert rows.sum_of_squares() == (X * X).sum()
    logits = rows.map_logits(_identity, torch.from_numpy(COEF), torch.from_numpy(INTERCEPT))
    np.testing.assert_array_equal(to_host(logits), X @ COEF.T + INTERCEPT)


def test_arrays_move_to_torch_whatever_their_layout():
    pytest.importorskip("torch")
    context = ArrayContext.named("torch")
    for name, array in layouts(X).items():
        moved = context.asarray(array)
        np.testing.assert_array_equal(to_host(moved), X, err_msg=name)
        # memory is shared, but where torch has no such layout
        assert np.shares_memory(to_host(moved), array) == (name in ASCENDING)


def test_maps_of_every_library_keep_the_order_of_rows(eager):
    context = eager.context()
    with context.scope():
        rows = make_rows(context, eager.array(X), eager.array(WEIGHTS), block_rows=7)
        found = rows.map(_scaled)
    assert_near(to_host(found), X * WEIGHTS[:, None], eager.precision)


def _scaled(X, weights):
    return X * weights[:, None]


# --- memory -------------------------------------------------------------------------------------


def _peak(call):
    call()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


LARGE = RNG.standard_normal((200_000, 20))


@pytest.mark.parametrize("name", NAMES)
class TestMemory:
    """No layout makes a copy of the features, other than of one block at a time."""

    def test_selecting_rows_copies_no_others(self, name):
        rows = make_rows(NUMPY, layouts(LARGE)[name])
        index = np.arange(0, len(LARGE), 100)
        assert _peak(lambda: rows.select(index)) <= 0.03 * LARGE.nbytes

    def test_sums_copy_a_block_at_most(self, name):
        rows = make_rows(NUMPY, layouts(LARGE)[name])
        held = _peak(lambda: rows.sum(_products))
        held = max(held, _peak(lambda: make_rows(NUMPY, rows._arrays[0]).sum_of_squares()))
        assert held <= LARGE.nbytes / (PARTS - 1) + 5e6  # a block, in C order too

    def test_maps_hold_their_answer_once(self, name):
        rows = make_rows(NUMPY, layouts(LARGE)[name])
        held = _peak(lambda: rows.map(_doubled))
        assert held <= 1.5 * LARGE.nbytes


def _products(X):
    return (X.T @ X,)


def _doubled(X):
    return X * 2.0
