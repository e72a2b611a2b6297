"""Everybody who is measured. To add one: a class in a file of its own, and a line here.

Left out, with reasons: celer has no L2 penalty. skglm's sparse logistic regression is made for L1,
and its own documentation warns against using it for pure ridge. statsmodels' Logit has no exact L2
penalty, and is far slower without one. cuML needs a GPU.
"""

from benchmarks.contenders.base import Contender, Fit
from benchmarks.contenders.glum_irls import Glum
from benchmarks.contenders.intelex import Intelex
from benchmarks.contenders.jaxopt_lbfgs import Jaxopt
from benchmarks.contenders.logitron import Logitron
from benchmarks.contenders.null import Null
from benchmarks.contenders.scikit_learn import Lbfgs, NewtonCG, NewtonCholesky
from benchmarks.contenders.torch_lbfgs import Torch

__all__ = ["CONTENDERS", "Contender", "Fit"]

CONTENDERS: dict[str, type[Contender]] = {
    contender.name: contender
    for contender in (
        Logitron,
        Lbfgs,
        NewtonCholesky,
        NewtonCG,
        Intelex,
        Glum,
        Jaxopt,
        Torch,
        Null,
    )
}
