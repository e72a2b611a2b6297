"""`BlockSizes`: how large the blocks of rows are that a device computes on at a time."""

from dataclasses import dataclass, replace

__all__ = ["BlockSizes"]

#: bytes of a temporary array, at most; and parts of the free memory, of which it takes one
MOST_TEMPORARY, PARTS_OF_MEMORY = 1 << 30, 64


@dataclass(frozen=True)
class BlockSizes:
    """Sizes of the blocks of rows that suit a device; the defaults suit a GPU.

    Parameters
    ----------
    features : int or None
        Bytes of a block of features in float64; None for a single block of all rows.
    temporary : int or None
        Bytes of an array computed from a block, at most; None for no limit.
    many_outputs_rows : tuple of int, optional
        Smallest and largest number of rows in a block if many numbers are computed for each row;
        None for no such limits.
    """

    features: int | None = 1 << 30
    temporary: int | None = 1 << 26
    many_outputs_rows: tuple[int, int] | None = None

    def in_memory(self, free: int) -> "BlockSizes":
        """Enlarge the temporary arrays for a device with so many bytes of free memory.

        Products of more rows at a time use more of a GPU. About sixty temporary arrays can exist at
        a time.
        """
        assert self.temporary is not None
        most = min(MOST_TEMPORARY, free // PARTS_OF_MEMORY)
        return replace(self, temporary=max(self.temporary, most))
