"""celer, which is here to say why it is not measured."""

from benchmarks.contenders.base import Contender


class Celer(Contender):
    name = "celer"
    module = "celer"
    packages = ("celer",)

    @classmethod
    def refuses(cls, columns: int, rows: int = 0) -> str | None:
        return "its logistic regression has an L1 penalty only, and no intercept (celer 0.7.4)"
