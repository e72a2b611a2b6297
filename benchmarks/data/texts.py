"""Features of the docstrings of installed packages."""

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from benchmarks.data.arrays import Arrays, finished
from benchmarks.data.packages import DISTRIBUTIONS, home, lacking, version

#: The fewest words of a text that are not stop words.
SHORTEST = 10
ABBREVIATIONS = ("np", "sp", "pd")
#: Folders and files without documentation of their own, or absent from some versions of Python.
SKIPPED = {"tests", "externals", "conftest.py", "setup.py", "distutils"}


@dataclass(frozen=True, repr=False)
class TextTopics:
    """Latent semantic analysis of docstrings, whose class is the subpackage they are from.

    A row is the docstring of a public function, class or method. The source files are read without
    importing them. The class is the subpackage, such as ``scipy.stats``; subpackages with less than
    ``fewest`` texts are left out. The columns are the leading singular components of the tf-idf
    weights of the texts (Deerwester and others, Indexing by latent semantic analysis, 1990). Names
    of packages and subpackages, and parts of them, are not counted as words.

    The numbers depend on the versions of the packages, so ``repr`` contains them.
    """

    components: int
    packages: tuple[str, ...] = ("numpy", "pandas", "scipy", "sklearn")
    fewest: int = 100

    def __repr__(self) -> str:
        return (
            f"TextTopics(components={self.components!r}, packages={self.packages!r}, "
            f"fewest={self.fewest!r}, versions={self.versions()!r})"
        )

    def versions(self) -> dict[str, str | None]:
        """The versions of all packages that are read, and of scikit-learn, which weighs words."""
        return {name: version(name) for name in sorted({*self.packages, "sklearn"})}

    def missing(self) -> str | None:
        """The reason why the data cannot be loaded here; None where they can."""
        absent = lacking(*sorted(self.packages))
        return f"{', '.join(absent)} not installed" if absent else None

    def load(self) -> Arrays:
        weights, y, _ = self.weights(min_df=5)
        X = TruncatedSVD(self.components, random_state=0).fit_transform(weights)
        return finished(X, y)

    def weights(self, min_df: int) -> tuple[Any, np.ndarray, np.ndarray]:
        """Tf-idf weights of words in at least ``min_df`` texts, classes, and their names."""
        if reason := self.missing():
            raise ModuleNotFoundError(f"{self!r}: {reason}")
        texts, origins = self.documents()
        names, y = np.unique(origins, return_inverse=True)
        ignored = ENGLISH_STOP_WORDS | self.name_words(names)
        weigh = TfidfVectorizer(
            analyzer=lambda text: words(text, ignored), min_df=min_df, sublinear_tf=True
        )
        return weigh.fit_transform(texts), y, names

    def documents(self) -> tuple[list[str], list[str]]:
        """All texts, and the subpackage of each, in the order of the file names."""
        found: dict[str, str] = {}  # the first place of every text
        for package in sorted(self.packages):
            for origin, path in sources(package):
                for text in docstrings(parsed(path)):
                    if len(words(text, ENGLISH_STOP_WORDS)) >= SHORTEST:
                        found.setdefault(text, origin)
        sizes = Counter(found.values())
        kept = [(t, origin) for t, origin in found.items() if sizes[origin] >= self.fewest]
        return [text for text, _ in kept], [origin for _, origin in kept]

    def name_words(self, origins: Iterable[str]) -> frozenset[str]:
        """The words in the names of the packages, as imported, installed and abbreviated."""
        names = [*origins, *self.packages, *ABBREVIATIONS]
        names += [DISTRIBUTIONS.get(name, name) for name in self.packages]
        return frozenset(words(" ".join(names), frozenset()))


def sources(package: str) -> Iterator[tuple[str, Path]]:
    """All source files in public subpackages, sorted, each with the subpackage's name."""
    root = home(package)
    for path in sorted(root.glob("*/**/*.py"), key=lambda path: path.relative_to(root).parts):
        parts = path.relative_to(root).parts
        if not parts[0].startswith("_") and SKIPPED.isdisjoint(parts):
            yield f"{package}.{parts[0]}", path


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a source file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # escapes in other people's strings
        return ast.parse(path.read_bytes())


def docstrings(node: ast.Module | ast.ClassDef) -> Iterator[str]:
    """The docstrings of public functions, classes and public methods, in order."""
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        if text := ast.get_docstring(child):
            yield text
        if isinstance(child, ast.ClassDef):
            yield from docstrings(child)


def words(text: str, ignored: frozenset[str]) -> list[str]:
    """Runs of two letters or more, in lower case; underscores, dots and digits separate them."""
    return [word for word in re.findall(r"[a-z]{2,}", text.lower()) if word not in ignored]
