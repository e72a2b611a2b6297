"""Lower bounds of the optima of a problem that is made on a device.

The answers come from logitron itself, in float64. That is no advantage for it, since the bound of
each answer is computed by the judge from its own gradient, and must be tight.
"""

from benchmarks.contenders.logitron_devices import LogitronTorch
from benchmarks.judge.gap import gap, lower_bound
from benchmarks.judge.job import Job
from benchmarks.judge.task import JUDGED, Task, problem_of

#: The tolerance of the answers, and the largest relative bound that one may have.
TOL, SLACK = 1e-6, 1e-7


def device_reference(job: Job) -> dict[int, float]:
    """A lower bound of the optimum of each part that is judged, by its place."""
    task = Task.of(job)
    solver = LogitronTorch(job.device)
    solver.prepare_parts(task.X.double(), task.y, task.parts)
    found = solver.fit_parts(TOL)
    lowest = {}
    for place in problem_of(job).some(JUDGED):
        judge, fit = task.judge(place), found[place]
        lowest[place] = lower_bound(judge, fit.coef.T, fit.intercept)
        slack = gap(judge, lowest[place], fit.coef, fit.intercept)
        if slack > SLACK:
            raise ArithmeticError(f"only {slack:.0e} proven of fit {place}, not {SLACK}")
    return lowest
