"""States come back from JSON and tensors as they were: values, types, and order in memory."""

import inspect
import json

import numpy as np
import pytest

from logitron import preconditioners
from logitron.backend import ArrayContext, to_host
from logitron.checkpoints.packed_types import TYPES
from logitron.checkpoints.packing import Packer, Unpacker
from logitron.solvers import RingHistory
from logitron.solvers.record import Record
from logitron.solvers.stopping import Progress

NUMPY = ArrayContext.named("numpy")


def _again(value, context=NUMPY):
    packer = Packer()
    packed = json.loads(json.dumps(packer.pack(value), allow_nan=False))
    return Unpacker(packer.tensors, context).unpack(packed)


VALUES = (
    None,
    True,
    -(2**70),
    "text",
    0.1,
    float("inf"),
    np.float64(0.1),
    np.bool_(True),
    (1, [2.5, None], {3: "four", "five": (6,)}),
    [0.1, 0.2],
    [np.arange(3), np.arange(3)],
    Progress(1.0, np.ones(2), 0.0, np.asarray([True, False])),
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_keep_their_types(value):
    found = _again(value)
    assert type(found) is type(value)
    np.testing.assert_equal(found, value)


def test_not_a_number_and_signed_zero_are_kept():
    assert np.isnan(_again(float("nan")))
    assert np.signbit(_again(-0.0))
    assert _again(np.asarray([-0.0, np.nan])).tobytes() == np.asarray([-0.0, np.nan]).tobytes()


def test_arrays_keep_their_order_in_memory():
    cube = np.arange(24.0).reshape(2, 3, 4)
    for axes in ((0, 1, 2), (2, 0, 1), (1, 0, 2), (2, 1, 0)):
        array = cube.transpose(axes)
        found = _again(array)
        np.testing.assert_array_equal(found, array)
        assert found.strides == array.strides
        assert found.flags.writeable
    for array in (np.zeros((0, 3)), np.ones(()), np.ones((1, 5, 1)), np.arange(9)[::-2]):
        np.testing.assert_array_equal(_again(array), array, strict=True)


@pytest.mark.parametrize("name", ["torch", "jax", "array-api-strict"])
def test_arrays_of_libraries_come_back_there(name):
    pytest.importorskip(name.replace("-", "_"))
    context = ArrayContext.named(name)
    with context.scope():
        array = context.asarray(np.arange(6.0).reshape(2, 3))
        turned = context.xp.matrix_transpose(array)
        for one in (array, turned, context.xp.astype(array, context.xp.float32)):
            found = _again({"a": one}, context)["a"]
            assert type(found) is type(one)
            assert found.dtype == one.dtype
            np.testing.assert_array_equal(to_host(found), to_host(one))
        assert type(_again(np.ones(2), context)) is np.ndarray
        assert _again(context, context) == context
        assert _again(NUMPY, context) == NUMPY


def test_a_history_is_what_it_was_before_the_next_step():
    rng, ring = np.random.default_rng(0), RingHistory(2, 6, 3)
    value = np.ones(2)
    for _ in range(5):
        past, expected = ring.past(), _again(ring)
        ring.append(*rng.normal(size=(2, 2, 2, 3)), value, value)
        found = _again(past)
        for name in ("S", "Y", "products", "count"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_a_record_is_not_changed_by_what_follows():
    record = Record(2)
    record.add(0, np.ones(2), np.ones(2), -1)
    copy = record.copy()
    record.add(1, np.zeros(2), np.zeros(2), 0)
    assert (copy.n_running, len(copy.values), copy.done.any()) == (2, 1, False)
    assert _again(record).n_running == 0


def test_every_preconditioner_is_known():
    models = [one for _, one in inspect.getmembers(preconditioners, inspect.isclass)]
    models = [one for one in models if hasattr(one, "_fields")]
    assert len(models) >= 8
    assert all(TYPES[one.__name__] is one for one in models)
