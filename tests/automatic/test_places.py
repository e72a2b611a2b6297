"""Parameters on the host or beside the rows: the same functions, and the same answers."""

import numpy as np
import pytest

from logitron.automatic import AutomaticSolver, choose
from logitron.backend import count_host_reads
from logitron.objective import Objective, make_training_rows
from logitron.reductions import centre
from logitron.solvers import Status
from tests.backends import host

N, P = 120, 5


def problem(groups, classes):
    rng = np.random.default_rng(groups + classes)
    X = rng.normal(size=(N, P)) * (1.0, 2.0, 0.5, 1.0, 3.0) + 1.0
    K = max(classes, 2)
    scores = np.einsum("np,gpk->ngk", X, rng.normal(size=(groups, P, K)))
    codes = np.argmax(scores + rng.gumbel(size=scores.shape), axis=2)
    return X, codes.astype(np.int8), 10.0 ** rng.uniform(-1.0, 1.0, size=groups)


def fitted(backend, groups, classes, method, *, on_host):
    X, codes, penalty = problem(groups, classes)
    targets = codes if groups > 1 or classes == 1 else codes[:, 0]
    context = backend.context()
    with context.scope():
        rows = make_training_rows(context, backend.array(X), backend.array(targets))
        objective = Objective.over(
            rows, groups=groups, classes=classes, penalty=penalty, on_host=on_host
        )
        objective = centre(objective)
        assert objective.context.library.is_host == (on_host or backend.library == "numpy")
        solver = AutomaticSolver(choose(N, P, groups, classes, method=method), tol=1e-4)
        with count_host_reads() as counted:
            solution, objective, _ = solver.minimize(objective, objective.start())
        coef, intercept = map(host, objective.split(solution.theta))
        if classes > 1:  # what all classes have in common changes nothing
            intercept = intercept.reshape(groups, classes)
            intercept = intercept - intercept.mean(axis=1, keepdims=True)
        return solution, (coef, intercept), counted.reads


@pytest.mark.parametrize("method", ["newton", "lbfgs"])
@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("groups", [1, 4])
def test_answers_do_not_depend_on_where_parameters_live(eager, groups, classes, method):
    solution, parameters, _ = fitted(eager, groups, classes, method, on_host=True)
    other, others, reads = fitted(eager, groups, classes, method, on_host=False)
    for found in (solution, other):
        assert np.isin(found.status, [Status.CONVERGED, Status.AT_PRECISION]).all()
        assert (found.gap <= 1e-6 * found.loss_curve[-1]).all()
    scale = max(np.abs(part).max() for part in parameters)
    allowed = 1e-3 if eager.precision == "float32" else 1e-4
    for ours, theirs in zip(parameters, others, strict=True):
        np.testing.assert_allclose(theirs, ours, atol=allowed * scale)
    # beside the rows, the host reads one small array an iteration
    assert reads <= 2 * (int(other.n_iter.max()) + 4)
