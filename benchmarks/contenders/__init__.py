"""All contenders. A new one is a class in a file of its own, and a line here.

A contender that cannot be measured has the reason in `refuses`. Its `devices` are those on which it
is measured: "cpu", "cuda" or both.
"""

from benchmarks.contenders.article import Article
from benchmarks.contenders.base import Contender, Fit
from benchmarks.contenders.celer_l1 import Celer
from benchmarks.contenders.dask_ml_lbfgs import DaskML
from benchmarks.contenders.glum_solvers import Glum, GlumLbfgs
from benchmarks.contenders.intelex import Intelex
from benchmarks.contenders.jaxopt_lbfgs import Jaxopt
from benchmarks.contenders.logitron import Logitron
from benchmarks.contenders.logitron_devices import (
    LogitronCupy,
    LogitronCupyPlain,
    LogitronJax,
    LogitronJaxSplit,
    LogitronTorch,
    LogitronTorchCompiled,
    LogitronTorchSplit,
)
from benchmarks.contenders.null import Null
from benchmarks.contenders.optax_lbfgs import Optax
from benchmarks.contenders.scikit_learn import (
    Lbfgs,
    Liblinear,
    NewtonCG,
    NewtonCholesky,
    Sag,
    Saga,
    Sgd,
)
from benchmarks.contenders.scikit_learn_devices import SklearnCupy, SklearnTorch
from benchmarks.contenders.skglm_newton import Skglm
from benchmarks.contenders.statsmodels_ridge import Statsmodels
from benchmarks.contenders.torch_lbfgs import Torch

__all__ = ["CONTENDERS", "Contender", "Fit", "measured_on"]

CONTENDERS: dict[str, type[Contender]] = {
    contender.name: contender
    for contender in (
        Logitron,
        LogitronTorch,
        LogitronTorchCompiled,
        LogitronTorchSplit,
        LogitronCupy,
        LogitronCupyPlain,
        LogitronJax,
        LogitronJaxSplit,
        Lbfgs,
        NewtonCholesky,
        NewtonCG,
        Sag,
        Saga,
        Liblinear,
        Sgd,
        SklearnTorch,
        SklearnCupy,
        Intelex,
        Glum,
        GlumLbfgs,
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


def measured_on(device: str) -> dict[str, type[Contender]]:
    """The contenders that are measured on a device."""
    return {name: who for name, who in CONTENDERS.items() if device in who.devices}
