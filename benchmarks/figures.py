"""The pictures under the name that they had before `benchmarks.report.figures`."""

from benchmarks.report.figures import PICTURES, SHOWN, digest

__all__ = ["PICTURES", "SHOWN", "digest"]
