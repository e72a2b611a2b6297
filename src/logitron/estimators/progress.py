"""Progress of many fits: a bar or printed lines; and printed iterations of one fit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from logitron.solvers import Callback, Iteration

__all__ = ["print_iteration", "progress_bar"]


@contextmanager
def progress_bar(
    verbose: int, n_fits: int, description: str, *, interruptible: bool = False
) -> Iterator[Callback]:
    """Yield a callback that shows the progress of many fits, or None.

    Parameters
    ----------
    verbose : int
        0 shows nothing. 1 shows a bar if rich is installed, and prints lines otherwise. 2 prints a
        line for each iteration.
    n_fits : int
    description : str
        Noun for the fits, such as "targets".
    interruptible : bool, default False
        Whether Ctrl-C during the output stops the fits and keeps the completed ones.

    Yields
    ------
    callable or None
    """
    if not verbose:
        yield None
        return
    rich = _rich() if verbose == 1 else None
    if rich is None:
        line = partial(_print_line, n_fits=n_fits, description=description)
        yield partial(_stop_on_interrupt, line) if interruptible else line
        return
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("iteration {task.fields[number]}, summed loss {task.fields[loss]:.6g}"),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns) as bar:
        task = bar.add_task(description, total=n_fits, number=0, loss=float("nan"))

        def update(iteration: Iteration) -> None:
            bar.update(
                task,
                completed=n_fits - iteration.running,
                number=iteration.number,
                loss=float(iteration.loss.sum()),
            )

        yield partial(_stop_on_interrupt, update) if interruptible else update


def _stop_on_interrupt(update: Callable[[Iteration], None], iteration: Iteration) -> bool:
    """Call ``update``; return True, which stops the solver, after Ctrl-C."""
    try:
        update(iteration)
    except KeyboardInterrupt:
        return True
    return False


def _print_line(iteration: Iteration, *, n_fits: int, description: str) -> None:
    print(_line(iteration, n_fits, description))


def _line(iteration: Iteration, n_fits: int, description: str) -> str:
    return (
        f"{description}: iteration {iteration.number:4d}, {n_fits - iteration.running} of {n_fits} "
        f"done, summed loss {iteration.loss.sum():.6g}"
    )


def _rich() -> Any:
    try:
        import rich.progress
    except ImportError:
        return None
    return rich.progress


def print_iteration(iteration: Iteration, *, unit: str = "iteration") -> None:
    """Print number and loss of an iteration of a single fit.

    Parameters
    ----------
    iteration : Iteration
    unit : str, default "iteration"
        "epoch" for gradient descent, whose iterations are passes over the data.
    """
    print(f"{unit} {iteration.number:6d}  loss {iteration.loss[0]:.6g}")
