"""Sparse features of installed packages: words of docstrings, names in the code of functions."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks.data.arrays import SparseArrays, finished_sparse
from benchmarks.data.packages import home, lacking, version
from benchmarks.data.texts import TextTopics, parsed

#: The texts of all packages, and of every subpackage with at least 16 of them.
TEXTS = TextTopics(0, fewest=16)
#: The fewest names of a function.
FEWEST_NAMES = 4


@dataclass(frozen=True)
class DocstringWords:
    """Tf-idf weights of the words in docstrings, whose class is the subpackage they are from.

    The texts are those of `TextTopics`. With two classes, the second one is the package
    ``positive``.
    """

    positive: str | None = None
    texts: TextTopics = TEXTS

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        return self.texts.missing()

    def load(self) -> SparseArrays:
        X, y, names = self.texts.weights(min_df=2)
        if self.positive is not None:
            y = np.array([name.startswith(f"{self.positive}.") for name in names])[y]
        return finished_sparse(X, y)


@dataclass(frozen=True, repr=False)
class FunctionNames:
    """Which names occur in a function: a bag of identifiers, one-hot.

    A row is a function or method of a package with at least four names, and the class is the
    package. Names are those of variables, attributes and arguments. With two classes, the second
    one is the package ``positive``.
    """

    positive: str | None = None
    packages: tuple[str, ...] = ("numpy", "pandas", "scipy", "sklearn")

    def __repr__(self) -> str:
        versions = {name: version(name) for name in sorted(self.packages)}
        return f"FunctionNames(positive={self.positive!r}, versions={versions!r})"

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        absent = lacking(*sorted(self.packages))
        return f"{', '.join(absent)} not installed" if absent else None

    def load(self) -> SparseArrays:
        if reason := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {reason}")
        bags, packages = [], []
        for package in sorted(self.packages):
            found = [names for path in sources(package) for names in bags_of(parsed(path))]
            bags += found
            packages += [package] * len(found)
        X = CountVectorizer(analyzer=sorted, binary=True, min_df=2).fit_transform(bags)
        names, y = np.unique(packages, return_inverse=True)
        if self.positive is not None:
            y = (names == self.positive)[y]
        return finished_sparse(X, y)


def sources(package: str) -> list[Path]:
    """All source files of a package, sorted."""
    root = home(package)
    return sorted(root.glob("**/*.py"), key=lambda path: path.relative_to(root).parts)


def bags_of(tree: ast.Module) -> Iterator[set[str]]:
    """The names in each function that has enough of them."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            names = set(filter(None, map(name_of, ast.walk(function))))
            if len(names) >= FEWEST_NAMES:
                yield names


def name_of(node: ast.AST) -> str | None:
    """The name that a node of the syntax tree is, if it is one."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return name
    return None
