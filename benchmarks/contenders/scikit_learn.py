"""scikit-learn's LogisticRegression, one contender for each solver that solves our objective.

Left out: liblinear penalises the intercept, so its optimum is another one; sag and saga are made
for low accuracy, and do not come close to our targets on data that are not standardised.
"""

from benchmarks.contenders.base import MAX_ITER, Contender, Fit


class ScikitLearn(Contender):
    module = "sklearn"
    packages = ("scikit-learn", "scipy", "numpy")
    solver = "lbfgs"

    def fit(self, tol: float, max_iter: int = MAX_ITER) -> Fit:
        from sklearn.linear_model import LogisticRegression

        clf = LogisticRegression(C=self.C, solver=self.solver, tol=tol, max_iter=max_iter)
        clf.fit(self.X, self.y)
        return Fit(clf.coef_, clf.intercept_, {"iterations": int(clf.n_iter_.max())})


class Lbfgs(ScikitLearn):
    name = "sklearn lbfgs"


class NewtonCholesky(ScikitLearn):
    name = "sklearn newton-cholesky"
    solver = "newton-cholesky"


class NewtonCG(ScikitLearn):
    name = "sklearn newton-cg"
    solver = "newton-cg"
