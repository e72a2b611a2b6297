"""The problems of the hard regime: few rows of many classes, separable data, a large C.

They are chosen by name or group as all others are, but ``all`` does not contain them: they are
measured by a question of their own, ``benchmarks.questions.separable``.
"""

from collections.abc import Sequence

from benchmarks.data.bundled import Bundled
from benchmarks.data.few_shot import FewShot
from benchmarks.data.glyphs import Glyphs
from benchmarks.data.problem import Problem, at_each
from benchmarks.data.separable import Separable
from benchmarks.data.texts import TextTopics

#: The groups, in the order of the tables.
GROUPS = {
    "few-shot": "Few rows of many classes",
    "apart": "Separable embeddings",
    "pixels": "Digits, standardised, 10 classes",
    "glyphs": "Glyphs of 62 characters, by random convolutions",
    "words": "Docstrings of about 50 subpackages, by latent semantic analysis",
}
SHOTS = (1, 4, 16)
WORDS = TextTopics(300, fewest=16)


def few_shot(classes: int, features: int, Cs: Sequence[float], limit: float) -> list[Problem]:
    """Embeddings with 1, 4 and 16 rows of each class."""
    return [
        problem
        for shots in SHOTS
        for problem in at_each(
            f"few{classes}x{shots}",
            f"{shots * classes} x {features}, K={classes}",
            "few-shot",
            Separable(shots * classes, features, classes, margin=0.5, seed=21, balanced=True),
            Cs,
            limit,
        )
    ]


def apart(
    name: str, shape: tuple[int, int, int], margin: float, Cs: Sequence[float], limit: float
) -> list[Problem]:
    """Separable embeddings (n, p) of K classes."""
    rows, features, classes = shape
    title = f"{rows} x {features}" + (f", K={classes}" if classes > 2 else ", 2 classes")
    return at_each(name, title, "apart", Separable(*shape, margin=margin, seed=22), Cs, limit)


def real(name: str, title: str, data: Glyphs | TextTopics, Cs: Sequence[float]) -> list[Problem]:
    """Real features with 1, 4 and 16 rows of each class."""
    return [
        problem
        for shots in SHOTS
        for problem in at_each(
            f"{name}x{shots}", f"{title}, {shots} a class", name, FewShot(data, shots), Cs, 12.0
        )
    ]


SEPARABLE: dict[str, Problem] = {
    problem.name: problem
    for problem in [
        *few_shot(10, 512, (1.0,), 3.0),
        *few_shot(100, 512, (1.0, 1e3), 8.0),
        *few_shot(1000, 256, (1.0,), 20.0),
        *apart("binary-wide", (200, 4096, 2), 0.5, (1.0, 1e6), 3.0),
        *apart("binary", (5000, 384, 2), 0.3, (1e4,), 3.0),
        *apart("classes10", (5000, 384, 10), 0.5, (1.0, 1e3, 1e6), 8.0),
        *apart("barely", (3000, 384, 10), 0.1, (1e3,), 8.0),
        *apart("classes100", (2000, 768, 100), 0.5, (1.0, 1e3, 1e6), 20.0),
        *at_each(
            "pixels",
            "digits 1797 x 64",
            "pixels",
            Bundled("digits", "standardised"),
            (1e2, 1e3, 1e4, 1e5, 1e6),
            3.0,
        ),
        *real("glyphs", "glyphs", Glyphs(), (1.0, 1e2)),
        *real("words", "words", WORDS, (1e2,)),
    ]
}
