"""celer, which is listed with the reason why it is not measured."""

from benchmarks.contenders.base import Contender


class Celer(Contender):
    name = "celer"
    modules = ("celer",)
    packages = ("celer",)

    @classmethod
    def refuses(cls, columns: int = 1, rows: int = 0, device: str = "cpu") -> str | None:
        return "its logistic regression has an L1 penalty only, and no intercept (celer 0.7.4)"
