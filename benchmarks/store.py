"""The files of results under the name that they had before `benchmarks.judge.store`."""

from benchmarks.judge.store import SHOWN, load

__all__ = ["SHOWN", "load"]
