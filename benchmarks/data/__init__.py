"""Data sets and problems of the benchmark.

======================  ===========================================================================
file                    contents
======================  ===========================================================================
``arrays``              the form of every data set, and helpers that make labels
``bundled``             data sets that come with scikit-learn
``synthetic``           data sets that are drawn from a seed
``correlated``          features of correlated neighbours, and labels of sparse neurons
``separable``           embeddings whose classes lie apart, and labels of such
``device_embeddings``   data sets that are drawn from a seed on a device
``surveys``             tables that come with statsmodels
``convolutions``        features of pictures
``texts``               features of the docstrings of installed packages
``sparse_texts``        words of docstrings, and names in the code of functions: sparse features
``sparse_synthetic``    sparse features that are drawn from a seed
``glyphs``              features of letters, drawn in the fonts of matplotlib
``few_shot``            a few rows of each class of another data set
``packages``            installed packages: versions, folders, and the reason why one is missing
``r_tables``            questions about the data sets of R
``hostile``             small problems that are hard for floating-point arithmetic
``saved``               a data set in a folder, for other processes
``problem``             a problem: a data set, a penalty and a time limit
``real_problems``       the problems that are made of real data
``separable_problems``  the problems of the hard regime: few rows, separable classes, large C
``sparse_problems``     the problems of sparse features: words, names, categories
``l1_problems``         the problems of an L1 penalty
``problems``            the catalogue of all problems
``device_problems``     the catalogue of the problems that are made on a device
======================  ===========================================================================

A data set is a frozen dataclass. Its ``repr`` holds every parameter that its numbers depend on, so
the ``repr`` can be the key of a cache.
"""

from benchmarks.data.arrays import Arrays, finished, standardised
from benchmarks.data.bundled import Bundled
from benchmarks.data.separable import Separable, separable_labels
from benchmarks.data.synthetic import Embeddings, Gaussian, Hard, many_labels

__all__ = [
    "Arrays",
    "Bundled",
    "Embeddings",
    "Gaussian",
    "Hard",
    "Separable",
    "finished",
    "many_labels",
    "separable_labels",
    "standardised",
]
