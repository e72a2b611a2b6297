"""The real data under the name that they had before they became modules of `benchmarks.data`."""

import sys
from types import ModuleType

from benchmarks.data import packages
from benchmarks.data.convolutions import ConvolutionFeatures
from benchmarks.data.packages import find_spec, version
from benchmarks.data.real_problems import real_problems
from benchmarks.data.surveys import QUESTIONS, Statsmodels
from benchmarks.data.texts import TextTopics, docstrings, parsed, words

__all__ = [
    "QUESTIONS",
    "ConvolutionFeatures",
    "Statsmodels",
    "TextTopics",
    "docstrings",
    "find_spec",
    "parsed",
    "real_problems",
    "version",
    "words",
]


class _Module(ModuleType):
    """A module whose attributes are set where they are used, so that a test can replace one."""

    def __setattr__(self, name: str, value: object) -> None:
        setattr(packages, name, value)


sys.modules[__name__].__class__ = _Module
