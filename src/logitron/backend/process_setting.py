"""`ProcessSetting`: a context manager that changes a setting of the whole process temporarily.

It is re-entrant and counts its holders. Several threads can hold it at a time: the first to enter
changes the setting, and the last to leave restores it.
"""

from threading import Lock

__all__ = ["ProcessSetting"]


class ProcessSetting:
    """Change a setting of the process while at least one ``with`` block is active.

    Subclasses implement `_apply` and `_restore`.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        """Start without holders."""
        self._lock = Lock()
        self._n_holders = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._n_holders == 0:
                self._apply()
            self._n_holders += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._n_holders -= 1
            if self._n_holders == 0:
                self._restore()

    def _apply(self) -> None:
        """Save the present value of the setting, and change it."""
        raise NotImplementedError

    def _restore(self) -> None:
        """Restore the saved value."""
        raise NotImplementedError
