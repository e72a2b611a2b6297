"""The penalties of a sweep: their values, the rows that choose among them, and their table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.backend.types import HostArray
from logitron.cli.data import Dataset
from logitron.cli.exits import UserError
from logitron.estimators.validation.values import to_host_if_array

__all__ = ["check_choice", "folds_of", "parse_penalties", "penalty_rows"]


def parse_penalties(text: str) -> HostArray:
    """Return the penalties of ``N``, ``LOW:HIGH:N`` or ``C,C,...``.

    Raises
    ------
    UserError
    """
    try:
        if ":" in text:
            low, high, number = text.split(":")
            return _between(float(low), float(high), int(number))
        if "," in text or not text.strip().isdecimal():
            return _positive([float(part) for part in text.split(",")])
        return _between(1e-4, 1e4, int(text))
    except (ValueError, OverflowError) as error:
        raise UserError(
            "--Cs must be a number of values such as 45, a range such as 1e-6:1e5:45, or positive "
            f"values such as 0.1,1,10, got {text}"
        ) from error


def check_choice(val: Sequence[str] | None, cv: int | None, scoring: str | None) -> None:
    """Check the options that say how a penalty is chosen.

    Raises
    ------
    UserError
    """
    if val is not None and cv is not None:
        raise UserError("--val and --cv are two ways to choose; pass one of them")
    if cv is not None and cv < 2:
        raise UserError(f"--cv must be at least 2 folds, got {cv}")
    if scoring is not None:
        from sklearn.metrics import get_scorer_names

        if scoring not in get_scorer_names():
            raise UserError(
                f"--scoring must be a name that scikit-learn has, such as accuracy, neg_log_loss, "
                f"roc_auc or f1_macro, got {scoring}"
            )


def folds_of(rows: Dataset, validation: Dataset | None, cv: int | None, seed: int) -> Any:
    """Return the splitter, or the one split of a validation set that follows the rows."""
    from sklearn.model_selection import KFold, StratifiedKFold

    n = len(rows.X)
    if validation is not None:
        return [(np.arange(n), np.arange(n, n + len(validation.X)))]
    kind = KFold if rows.y.ndim == 2 or rows.shares else StratifiedKFold
    return kind(cv or 5, shuffle=True, random_state=seed)


def penalty_rows(model: Any) -> list[dict[str, Any]]:
    """Return a row for each penalty, over all targets and folds.

    Scores are means; iterations and bounds are the largest.
    """
    Cs = to_host(model.Cs_)

    def by_penalty(name: str) -> HostArray:
        values = to_host(getattr(model, name))
        return values.reshape(-1, len(Cs))  # (targets x folds, P): there is one l1_ratio

    scores, bounds = by_penalty("scores_"), by_penalty("suboptimality_")
    iterations, converged = by_penalty("n_iter_"), by_penalty("converged_")
    chosen = np.atleast_1d(to_host_if_array(model.C_))
    rows = []
    for j, C in enumerate(Cs.tolist()):
        defined = scores[np.isfinite(scores[:, j]), j]
        times = int(np.isclose(chosen, C, rtol=1e-12).sum())
        rows.append(
            {
                "C": C,
                "score": float(defined.mean()) if len(defined) else None,
                "iterations": int(iterations[:, j].max()),
                "suboptimality": float(bounds[:, j].max()),
                "converged": bool(converged[:, j].all()),
                "chosen": times,
            }
        )
    return rows


def _between(low: float, high: float, number: int) -> HostArray:
    if number < 1:
        raise ValueError
    return _positive(np.geomspace(low, high, number).tolist())


def _positive(values: list[float]) -> HostArray:
    found = np.asarray(values)
    if not (found > 0.0).all():  # (infinity is no penalty)
        raise ValueError
    return found
