"""Everybody who is measured. To add one: a class in a file of its own, and a line here.

Who cannot be measured says so in `refuses`. cuML is not here, since it needs a GPU.
"""

from benchmarks.contenders.article import Article
from benchmarks.contenders.base import Contender, Fit
from benchmarks.contenders.celer_l1 import Celer
from benchmarks.contenders.dask_ml_lbfgs import DaskML
from benchmarks.contenders.glum_irls import Glum
from benchmarks.contenders.intelex import Intelex
from benchmarks.contenders.jaxopt_lbfgs import Jaxopt
from benchmarks.contenders.logitron import Logitron
from benchmarks.contenders.null import Null
from benchmarks.contenders.optax_lbfgs import Optax
from benchmarks.contenders.scikit_learn import (
    Lbfgs,
    Liblinear,
    NewtonCG,
    NewtonCholesky,
    Sag,
    Saga,
)
from benchmarks.contenders.skglm_newton import Skglm
from benchmarks.contenders.sklearn_torch import SklearnTorch
from benchmarks.contenders.statsmodels_ridge import Statsmodels
from benchmarks.contenders.torch_lbfgs import Torch

__all__ = ["CONTENDERS", "Contender", "Fit"]

CONTENDERS: dict[str, type[Contender]] = {
    contender.name: contender
    for contender in (
        Logitron,
        Lbfgs,
        NewtonCholesky,
        NewtonCG,
        Sag,
        Saga,
        Liblinear,
        SklearnTorch,
        Intelex,
        Glum,
        Skglm,
        Statsmodels,
        DaskML,
        Jaxopt,
        Optax,
        Torch,
        Celer,
        Article,
        Null,
    )
}
