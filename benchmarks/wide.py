"""The reference in long double under the name that it had before `benchmarks.judge.wide`."""

from benchmarks.judge.separation import separation
from benchmarks.judge.wide import optimum, value

__all__ = ["optimum", "separation", "value"]
