"""The kinds of hostile problems under the name that they had before `benchmarks.data.hostile`."""

from benchmarks.data.hostile import KINDS

__all__ = ["KINDS"]
