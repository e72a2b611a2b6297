"""The problems of sparse features: words, names in code, categories.

They are chosen by name or group as all others are, but ``all`` does not contain them: they are
measured by a question of their own, ``benchmarks.questions.sparse``.
"""

from benchmarks.data.problem import Problem, at_each
from benchmarks.data.sparse_synthetic import ClickLog, ManyWords
from benchmarks.data.sparse_texts import DocstringWords, FunctionNames

#: The groups, in the order of the tables.
GROUPS = {
    "docstrings": "Docstrings: tf-idf weights of words",
    "names": "Functions: the names in their code, one-hot",
    "drawn": "Drawn from a seed: words, and a log of clicks, one-hot",
}


SPARSE: dict[str, Problem] = {
    problem.name: problem
    for problem in [
        *at_each("stats", "scipy or not", "docstrings", DocstringWords("scipy"), (1, 100), 5),
        *at_each("topics", "subpackages, K=45", "docstrings", DocstringWords(), (1, 100), 20),
        *at_each("pandas", "pandas or not", "names", FunctionNames("pandas"), (0.01, 1, 100), 10),
        *at_each("package", "packages, K=4", "names", FunctionNames(), (1,), 20),
        *at_each(
            "zipf", "20 000 x 47 000", "drawn", ManyWords(20_000, 47_000, 75, 31), (1, 100), 5
        ),
        *at_each("long", "1 000 000 x 10 000", "drawn", ManyWords(10**6, 10_000, 10, 32), (1,), 25),
        *at_each("clicks", "300 000 x 60 000", "drawn", ClickLog(300_000, 3000, 20, 33), (1,), 20),
    ]
}
