"""Intel's extension of scikit-learn, whose lbfgs evaluates the loss in oneDAL.

Its stable interface accelerates lbfgs only. It has newton-cg on GPUs, and in a preview mode.
"""

from benchmarks.contenders.base import MAX_ITER, Contender, Fit
from benchmarks.judge.threads import WITH_OWN


class Intelex(Contender):
    name = "sklearnex lbfgs"
    modules = ("sklearnex",)
    packages = ("scikit-learn-intelex", "scikit-learn", "scipy")
    settings = WITH_OWN
    headline = True

    def own_threads(self, count: int) -> None:
        from daal4py import daalinit

        daalinit(nthreads=count)

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearnex.linear_model import LogisticRegression

        clf = LogisticRegression(C=self.C, solver="lbfgs", tol=tol, max_iter=max_iter)
        clf.fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, {"iterations": int(clf.n_iter_.max())})
