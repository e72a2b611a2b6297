"""Settings of the whole process that are changed for a while, by whoever comes, and changed back.

Several threads can want the same change at a time: the first to come makes it, and the last to
leave takes it back.
"""

from threading import Lock

__all__ = ["ProcessSetting"]


class ProcessSetting:
    """Hold a setting changed while anybody is inside ``with`` it."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
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
        """Change the setting, and remember how it was."""
        raise NotImplementedError

    def _restore(self) -> None:
        """Change it back."""
        raise NotImplementedError
