"""Rows that hardly exceed a block are not divided into a full block and a small one."""

import numpy as np
import pytest

from logitron.backend import ArrayContext
from logitron.data.array_rows import ArrayRows
from logitron.data.block_options import BlockOptions


@pytest.mark.parametrize(("part", "expected"), [(0.9, 1), (1.05, 1), (1.2, 1), (1.3, 2), (2.1, 3)])
def test_blocks_of_rows(part, expected):
    options, context, p = BlockOptions(), ArrayContext.named("numpy"), 64
    size = context.blocks.features // (8 * p)
    assert size > options.preferred_rows
    n = int(part * size)
    sizes = []

    rows = ArrayRows(context, np.ones((n, p)), options=options)
    (total,) = rows.sum(_counted, sizes=Sizes(sizes))
    assert len(sizes) == expected
    assert sum(sizes) == n == total


class Sizes:
    """A list that is hashed by its identity."""

    def __init__(self, found):
        self.found = found


def _counted(X, *, sizes):
    sizes.found.append(X.shape[0])
    return (np.asarray(float(X.shape[0])),)
