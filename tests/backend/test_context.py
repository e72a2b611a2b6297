"""Array contexts, moves between libraries, counted reads."""

import pickle

import numpy as np
import pytest

from logitron.backend import (
    LIBRARIES,
    ArrayContext,
    count_host_reads,
    library_named,
    library_of,
    to_host,
)
from logitron.data import make_rows
from tests.backends import BACKENDS, host

EAGER = [b for b in BACKENDS if not b.lazy]


# --- contexts -----------------------------------------------------------------------------------


def test_an_arrays_context_has_its_library_and_precision(eager):
    context = ArrayContext.of(eager.array(np.ones(3)))
    assert context.library.name == eager.library
    assert context.precision == eager.precision
    made = context.zeros((2, 2))
    assert type(made) is type(eager.array(np.ones(3)))
    assert made.dtype == eager.array(np.ones(3)).dtype
    assert ArrayContext.of(made) == context


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
def test_integers_are_computed_in_the_widest_float(eager, kind):
    wide = {"jax-float32": "float32", "strict-no-float64": "float32"}.get(eager.name, "float64")
    assert ArrayContext.of(eager.array(np.ones(3, kind))).precision == wide


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
@pytest.mark.parametrize("library", ["torch", "jax", "numpy"])
def test_half_precision_is_computed_in_single(library, name):
    if library == "numpy":
        if name == "bfloat16":
            pytest.skip("NumPy has no bfloat16")
        X = np.ones((4, 2), np.float16)
    else:
        pytest.importorskip(library)
        xp = library_named(library).namespace()
        X = xp.ones((4, 2), dtype=getattr(xp, name))
    context = ArrayContext.of(X)
    assert context.precision == "float32"
    with context.scope():
        (total,) = make_rows(context, X).sum(_add_up)
        assert total.dtype == context.wide.dtype  # blocks in float32, their sum in float64
    assert float(total) == 8.0
    assert context.asarray_for_storage(X).dtype == X.dtype  # not widened


def _add_up(X):
    from array_api_compat import array_namespace

    return (array_namespace(X).sum(X),)


def test_storage_casts_only_dtypes_wider_than_the_precision():
    context = ArrayContext.named("numpy", precision="float32")
    assert context.asarray_for_storage(np.ones(3)).dtype == np.float32
    assert context.asarray_for_storage(np.ones(3, np.int64)).dtype == np.float32
    assert context.asarray_for_storage(np.ones(3, np.int8)).dtype == np.int8
    assert context.asarray_for_storage(np.ones(3, bool)).dtype == bool


def test_contexts_reject_unknown_names_and_dtypes():
    with pytest.raises(ValueError, match=r"backend must be one of 'numpy'.*'dask'.*'tensorflow'"):
        ArrayContext.named("tensorflow")
    with pytest.raises(ValueError, match=r"device='cuda' is not a device of backend='numpy'"):
        ArrayContext.named("numpy", "cuda")
    with pytest.raises(ValueError, match="backend='dask' needs features that are a Dask array"):
        ArrayContext.named("dask")
    with pytest.raises(ValueError, match=r"dtype must be one of.*'float16'"):
        ArrayContext.named("numpy").with_precision("float16")
    with pytest.raises(TypeError, match=r"expected real numbers.*complex128"):
        ArrayContext.of(np.ones(3, complex))
    with pytest.raises(TypeError, match=r"array API standard, got builtins\.str"):
        ArrayContext.of("three")


def test_float64_is_rejected_on_a_device_without_it():
    pytest.importorskip("array_api_strict")
    narrow = ArrayContext.named("array-api-strict", "no_float64")
    assert narrow.precision == "float32"
    with pytest.raises(ValueError, match="dtype='float64' is not available on device"):
        narrow.with_precision("float64")


def test_the_error_of_a_missing_library_names_its_extra(monkeypatch):
    monkeypatch.setattr(type(LIBRARIES["cupy"]), "version", lambda self: None)
    with pytest.raises(ImportError, match=r"pip install 'logitron\[cupy-cuda13x\]'"):
        library_named("cupy")


def test_the_error_of_an_unusable_library_has_a_reason(monkeypatch):
    monkeypatch.setattr(type(LIBRARIES["cupy"]), "version", lambda self: "14.2.0")
    monkeypatch.setattr(type(LIBRARIES["cupy"]), "problem", lambda self: "no CUDA device")
    with pytest.raises(ImportError, match="installed but cannot be used here: no CUDA device"):
        library_named("cupy")


def test_libraries_are_pickled_by_name(eager):
    library = library_of(eager.array(np.ones(1)))
    assert pickle.loads(pickle.dumps(library)) is library


def test_an_unlisted_namespace_is_supported():
    strict = pytest.importorskip("array_api_strict")
    from logitron.backend.libraries import _ConformingLibrary

    library = _ConformingLibrary(strict)
    context = ArrayContext(library, strict.Device("CPU_DEVICE"), "float64")
    with context.scope():
        (total,) = make_rows(context, context.zeros((3, 2)) + 1.0).sum(_add_up)
    assert float(total) == 6.0
    assert library.devices() == ["cpu"]
    with pytest.raises(ValueError, match="device='gpu' is not a device"):
        library.device("gpu")


# --- moving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", EAGER, ids=repr)
@pytest.mark.parametrize("target", EAGER, ids=repr)
def test_arrays_move_between_all_pairs(source, target):
    source.require()
    target.require()
    if (source.library, target.library) == ("cupy", "cupy") and source is not target:
        pytest.skip("the simulation of CuPy replaces the module of the real one")
    values = np.random.default_rng(0).normal(size=(5, 3))
    with source.setting():
        array = source.array(values)
        with target.setting():
            context = target.context()
            moved = context.asarray(array)
            assert type(moved) is type(target.array(values))
            assert ArrayContext.of(moved) == context
            narrowest = min(source.precision, target.precision)  # (the names sort by width)
            np.testing.assert_array_equal(host(moved), values.astype(narrowest))


def test_arrays_on_the_device_are_not_copied(eager):
    array = eager.array(np.ones((4, 3)))
    moved = eager.context().asarray(array)
    if eager.library == "torch":  # (reading an array of a GPU copies it)
        assert moved.data_ptr() == array.data_ptr()
    else:
        assert moved is array or np.shares_memory(host(moved), host(array))


def _unusual():
    wide = np.arange(24.0).reshape(4, 6)
    read_only = wide.copy()
    read_only.flags.writeable = False
    return {
        "negative strides": wide[::-1, ::-2],
        "Fortran order": np.asfortranarray(wide),
        "big endian": wide.astype(">f8"),
        "read-only": read_only,
        "no rows": wide[:0],
        "integers": wide.astype(np.int32),
        "booleans": wide > 3,
    }


@pytest.mark.parametrize("layout", list(_unusual()))
def test_unusual_numpy_arrays_reach_every_backend(eager, layout):
    values = _unusual()[layout]
    moved = eager.context().asarray(values)
    np.testing.assert_array_equal(host(moved), values.astype(eager.precision))


def test_gradients_recorded_by_torch_are_dropped():
    torch = pytest.importorskip("torch")
    X = torch.ones((3, 2), requires_grad=True)
    moved = ArrayContext.of(X).asarray(X)
    assert not moved.requires_grad
    np.testing.assert_array_equal(to_host(X), np.ones((3, 2)))


def test_sharded_jax_arrays_get_parameters_on_every_device():
    jax = pytest.importorskip("jax")
    mesh = jax.sharding.Mesh(np.asarray(jax.devices()[:1]), ("rows",))
    spread = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("rows", None))
    X = jax.device_put(jax.numpy.ones((4, 3)), spread)
    device = ArrayContext.of(X).device
    assert device.spec == jax.sharding.PartitionSpec()
    context = ArrayContext.of(X)
    with context.scope():
        (total,) = make_rows(context, X).sum(_add_up)
    assert float(total) == 12.0


def test_sums_have_the_dtype_that_is_given(eager):
    if eager.library == "numpy":
        pytest.skip("its sums have the dtype of their numbers, and take no other")
    context = eager.context()
    with context.scope():
        xp = context.xp
        X = xp.astype(eager.array(np.ones((4, 3))), xp.float32)
        assert xp.sum(X, axis=0).dtype == xp.float32
        wide = getattr(xp, context.wide.precision)
        found = xp.sum(X, axis=0, dtype=wide)
    assert found.dtype == wide
    np.testing.assert_array_equal(host(found), 4.0)


# --- host reads ---------------------------------------------------------------------------------


def test_reads_are_counted_in_their_block_only():
    with count_host_reads() as outer:
        to_host(np.zeros(3))
        with count_host_reads() as inner:
            to_host(np.zeros((2, 2)))
    to_host(np.zeros(9))
    assert (outer.reads, outer.values) == (2, 7)
    assert (inner.reads, inner.values) == (1, 4)
