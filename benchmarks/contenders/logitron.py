"""logitron, as anybody would use it."""

from inspect import signature

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class Logitron(Contender):
    name = "logitron"
    module = "logitron"
    packages = ("logitron",)
    headline = True

    @classmethod
    def refuses(cls, columns: int, rows: int = 0) -> str | None:
        try:
            from logitron import LogisticRegression
        except ImportError as error:  # a working tree in the middle of a change
            return f"does not import: {error}"
        if "tol" not in signature(LogisticRegression).parameters:
            return "this version has no tol"
        return super().refuses(columns, rows)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from logitron import LogisticRegression

        clf = LogisticRegression(C=self.C, tol=tol, max_iter=max_iter).fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, self.facts(clf))

    @staticmethod
    def facts(clf: object) -> dict[str, object]:
        """What the fit says about itself, in plain Python."""
        work = getattr(clf, "work_", None)
        said = {
            "passes": getattr(work, "passes", None),
            "grams": getattr(work, "grams", None),
            "suboptimality": first(getattr(clf, "suboptimality_", None)),
            "certified": first(getattr(clf, "certified_", None)),
            "solver": getattr(clf, "solver_", None),
            "iterations": first(getattr(clf, "n_iter_", None)),
        }
        return {name: value for name, value in said.items() if value is not None}


def first(value: object) -> object:
    """The largest or only entry of an array, as a number."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    flat = [entry.item() for entry in value.reshape(-1)]
    return all(flat) if isinstance(flat[0], bool) else max(flat)
