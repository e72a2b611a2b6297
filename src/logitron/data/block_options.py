"""Sizes of blocks of rows and of columns, and the thresholds at which a pass changes its method."""

from dataclasses import dataclass

from logitron.backend.context import ArrayContext

__all__ = ["DEFAULT", "BlockOptions", "default_block_rows"]


@dataclass(frozen=True)
class BlockOptions:
    """Tuning constants of the rows of arrays in memory.

    An output is a number computed for each row, such as the logit of one class in one group.

    Parameters
    ----------
    min_rows : int
        Rows. Fewer rows in a block cost more in calls than they save in memory traffic.
    preferred_rows : int
        Rows. A block has at least this many, as long as it stays within ``max_excess``.
    max_excess : int
        Largest size of a block of ``preferred_rows`` rows, relative to the device's
        ``features``.
    undivided : float
        Rows that are one block nevertheless, relative to those of a block.
    fewest_converted : int
        Rows. Fewer rows in a block that is converted to a wider precision cost more in calls than
        converted features save that stay in a cache.
    min_retry_rows : int
        Rows. Blocks are not halved below this when the device is out of memory.
    many_outputs : int
        Outputs. From here on, the size of a block is bounded by the device's
        ``many_outputs_rows``, and the outputs count towards ``parallel_min_numbers``.
    parallel_min_numbers : int
        Numbers computed in a pass (rows times outputs) from which on several workers share the
        blocks. A pass of fewer than ``many_outputs`` outputs needs as many rows: it is bound by
        memory traffic, and several cores read faster than one.
    parallel_min_products : int
        Multiplications in a map from which on several workers share the blocks, however few
        numbers are computed.
    min_limited : int
        Numbers in the features from which on BLAS is limited to one thread in a map. Products of
        fewer do not wake its threads.
    float32_min_outputs : int
        Outputs. With fewer, products in float32 save less than converting the features costs.
    float32_min_products : int
        Multiplications in a pass. Shorter passes are not computed in float32.
    float32_max_rows : int
        Rows. Sums of more rows in float32 lose too many digits.
    sample_rows : int
        Rows in a block of selected rows, if the library works on blocks that fit a cache.
    sample_rows_per_feature : int
        Rows for each feature in such a block, at least: adding up a Gram matrix of fewer rows
        takes as long as computing it.
    min_columns : int
        Columns in a block of columns, at least.
    uncopied_column_factor : int
        Blocks of columns are this many times larger if their features need no conversion:
        products of more columns are faster.
    """

    min_rows: int = 512
    preferred_rows: int = 2048
    max_excess: int = 4
    undivided: float = 1.25
    fewest_converted: int = 64
    min_retry_rows: int = 64
    many_outputs: int = 16
    parallel_min_numbers: int = 1 << 18
    parallel_min_products: int = 1 << 25
    min_limited: int = 1 << 12
    float32_min_outputs: int = 16
    float32_min_products: int = 1 << 24
    float32_max_rows: int = 1 << 16
    sample_rows: int = 1024
    sample_rows_per_feature: int = 4
    min_columns: int = 64
    uncopied_column_factor: int = 8


#: the options that are used where none are passed
DEFAULT = BlockOptions()


def default_block_rows(
    context: ArrayContext, n: int, p: int, width: int, options: BlockOptions
) -> int:
    """Choose the number of rows in a block.

    A block and the arrays computed from it have about the sizes that suit the device, see
    `logitron.backend.block_sizes.BlockSizes`.

    Parameters
    ----------
    context : ArrayContext
        Library, device and precision of the computation.
    n, p : int
        Rows and features.
    width : int
        Outputs for each row.
    options : BlockOptions

    Returns
    -------
    int
        Rows in a block; may exceed ``n``.
    """
    sizes = context.blocks
    if sizes.features is None:
        return n
    row = 8 * max(p, 1)
    preferred = min(options.preferred_rows, options.max_excess * sizes.features // row)
    rows = max(options.min_rows, preferred, sizes.features // row)
    if sizes.temporary is not None:
        size = 4 if context.precision == "float32" else 8
        rows = min(rows, sizes.temporary // (size * width))
    if n <= options.undivided * rows:  # a small second block costs as many calls as the first
        rows = max(rows, n)
    fewest, most = sizes.many_outputs_rows or (options.min_rows, rows)
    return max(fewest, min(rows, most) if width >= options.many_outputs else rows)
