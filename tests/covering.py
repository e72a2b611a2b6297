"""Some of the cases of a test that between them have each value of each parameter.

JAX compiles each new shape and each new function, which takes most of its time in this suite. A
test that is marked ``covering`` runs every case on the other backends, and with JAX on a processor
such a choice of them. On a GPU, every case runs.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.backends import Backend


def left_out(items: Sequence[Any]) -> list[Any]:
    """The cases of marked tests that JAX on a processor does not run."""
    tests = defaultdict(list)
    for item in items:
        backend = _backend_of(item)
        if backend is not None and backend.name in ("jax", "jax-float32"):
            tests[item.nodeid.partition("[")[0], backend.name].append(item)
    return [item for cases in tests.values() for item in _superfluous(cases)]


def chosen(cases: Sequence[frozenset[Any]]) -> Iterator[int]:
    """Positions of cases, given by their values, so that each value is in one of them."""
    missing = frozenset[Any]().union(*cases)
    while missing:
        best = max(range(len(cases)), key=lambda i: len(cases[i] & missing))  # (the first of them)
        missing -= cases[best]
        yield best


def _superfluous(items: list[Any]) -> list[Any]:
    kept = set(chosen([_values_of(item) for item in items]))
    return [item for i, item in enumerate(items) if i not in kept]


def _backend_of(item: Any) -> Backend | None:
    if not isinstance(item, pytest.Function) or item.get_closest_marker("covering") is None:
        return None
    values = item.callspec.params.values()
    return next((value for value in values if isinstance(value, Backend)), None)


def _values_of(item: Any) -> frozenset[Any]:
    """The parameters of a case, each with its value as it is printed."""
    return frozenset((name, repr(value)) for name, value in item.callspec.params.items())
