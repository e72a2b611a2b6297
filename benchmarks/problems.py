"""The problems under the name that they had before `benchmarks.data.problems`."""

from benchmarks.data.problems import PROBLEMS, at, chosen

__all__ = ["PROBLEMS", "at", "chosen"]
