"""`DaskProductRows`: the rows of a Dask array of sparse chunks, with row arrays on the host."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from logitron.backend.host import to_host
from logitron.backend.types import Array
from logitron.data.dask_products import DaskProducts, logits_of_chunk
from logitron.data.product_rows import ProductRows

__all__ = ["DaskProductRows"]


class DaskProductRows(ProductRows):
    """Products with chunks that stay where they are; see `ProductRows`."""

    def map_logits(
        self,
        function: Callable[..., Array],
        coef: Array,
        intercept: Array,
        *,
        by_row: bool = False,
        **static: Any,
    ) -> Array:
        """Stack the rows that a function of logits returns, lazily; see `Rows.map_logits`.

        NaN and infinity are rejected where the result is computed. Of chunks that are kept, the
        rows are computed at once, and are on the host.
        """
        products = self._products
        assert isinstance(products, DaskProducts)
        if products.kept:
            Z = products.forward(to_host(coef).T) + to_host(intercept)
            run = self.context.compile(function, **static)
            return to_host(run(self.context.asarray(Z)))
        parameters = to_host(coef), to_host(intercept)
        run = partial(logits_of_chunk, self.context, function, static, *parameters)
        empty = self.context.zeros((0, parameters[0].shape[0]))
        with self.context.scope():
            meta = to_host(self.context.compile(function, **static)(empty))
        return products.map_logits(run, np.asarray(meta))
