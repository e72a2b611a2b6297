"""Parameters of ``fit`` and ``score``, passed on to the splitter and the scorer."""

from typing import Any

from sklearn import get_config
from sklearn.utils import Bunch
from sklearn.utils.metadata_routing import process_routing

__all__ = ["route_fit", "route_score"]


def route_fit(estimator: Any, sample_weight: Any, params: dict[str, Any]) -> Any:
    """Divide the parameters of ``fit`` between the splitter and the scorer.

    Parameters
    ----------
    estimator : LogisticRegressionCV
    sample_weight : object or None
    params : dict

    Returns
    -------
    Bunch
        With ``splitter.split`` and ``scorer.score``, dicts.

    Raises
    ------
    ValueError
        For parameters other than ``groups``, without scikit-learn's metadata routing.
    """
    if get_config()["enable_metadata_routing"]:
        return process_routing(estimator, "fit", sample_weight=sample_weight, **params)
    _reject_params(set(params) - {"groups"}, "fit")
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    return Bunch(splitter=Bunch(split=dict(params)), scorer=Bunch(score=weights))


def route_score(estimator: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of the scorer.

    Parameters
    ----------
    estimator : LogisticRegressionCV
    params : dict

    Raises
    ------
    ValueError
        For parameters other than ``sample_weight``, without scikit-learn's metadata routing.
    """
    if get_config()["enable_metadata_routing"]:
        routed: dict[str, Any] = process_routing(estimator, "score", **params).scorer.score
        return routed
    _reject_params(set(params) - {"sample_weight"}, "score")
    return params


def _reject_params(names: set[str], method: str) -> None:
    if names:
        raise ValueError(
            f"{sorted(names)} are no parameters of {method}; passing extra keyword arguments to "
            f"LogisticRegressionCV.{method} is only supported if enable_metadata_routing=True, "
            "which you can set using `sklearn.set_config`"
        )
