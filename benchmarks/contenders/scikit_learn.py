"""scikit-learn's LogisticRegression on NumPy, one contender for each of its solvers."""

from collections.abc import Mapping
from typing import ClassVar

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class ScikitLearn(Contender):
    """The base of all solvers."""

    modules = ("sklearn",)
    packages: ClassVar[tuple[str, ...]] = ("scikit-learn", "scipy", "numpy")
    part = 1
    sparse = True
    solver = "lbfgs"
    options: ClassVar[Mapping[str, object]] = {}

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearn.linear_model import LogisticRegression

        clf = LogisticRegression(
            C=self.C, solver=self.solver, tol=tol, max_iter=max_iter, **self.options
        )
        clf.fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, {"iterations": int(clf.n_iter_.max())})


class Lbfgs(ScikitLearn):
    name = "sklearn lbfgs"
    headline = True


class NewtonCholesky(ScikitLearn):
    name = "sklearn newton-cholesky"
    solver = "newton-cholesky"
    headline = True


class NewtonCG(ScikitLearn):
    name = "sklearn newton-cg"
    solver = "newton-cg"
    headline = True


class Sag(ScikitLearn):
    """Rows one by one. The largest row limits the step, which is far too short on raw data."""

    name = "sklearn sag"
    solver = "sag"
    options: ClassVar = {"random_state": 0}


class Saga(Sag):
    name = "sklearn saga"
    solver = "saga"


class Liblinear(ScikitLearn):
    """A solver that penalises the intercept; the scaling leaves 1e-8 of that penalty.

    So its best gap is 3e-7 or less on every small problem. A scaling of 1000 takes fewer
    iterations, but leaves a gap of 1e-6 on raw data; with 1e6 it stops before its optimum.
    """

    name = "sklearn liblinear"
    note = "penalises a scaled intercept: nearly the same optimum"
    solver = "liblinear"
    softmax = False
    options: ClassVar = {"intercept_scaling": 1e4, "random_state": 0}


class Sgd(ScikitLearn):
    """Stochastic gradient descent, whose steps shrink with the number of rows that it has read."""

    name = "sklearn sgd"
    note = "stops when its loss stays the same for some epochs"
    softmax = False

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearn.linear_model import SGDClassifier

        alpha = 1.0 / (self.C * self.X.shape[0])
        clf = SGDClassifier(
            loss="log_loss", alpha=alpha, tol=tol, max_iter=max_iter, random_state=0
        ).fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, {"iterations": int(clf.n_iter_)})
