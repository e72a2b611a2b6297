"""What is shown while many fits are under way: how many are done, and how far the others are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from logitron.estimators.callbacks import Watch
from logitron.solvers import Iteration

__all__ = ["print_iteration", "shown"]


@contextmanager
def shown(verbose: int, fits: int, what: str, *, keeps: bool = False) -> Iterator[Watch | None]:
    """Give what is to be told after each iteration: nothing, a progress bar, or lines of text.

    Parameters
    ----------
    verbose : int
        0 is nothing; 1 a bar, if rich is installed, or else a line for each iteration, as 2 is.
    fits : int
        How many there are.
    what : str
        What they are.
    keeps : bool, default False
        Whether Ctrl-C ends the fits and keeps what is done, also while something is printed.
    """
    if not verbose:
        yield None
        return
    rich = _rich() if verbose == 1 else None
    if rich is None:
        line = partial(_print_line, fits=fits, what=what)
        yield partial(_kept, line) if keeps else line
        return
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("iteration {task.fields[number]}, summed loss {task.fields[loss]:.6g}"),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns) as bar:
        task = bar.add_task(what, total=fits, number=0, loss=float("nan"))

        def told(iteration: Iteration) -> None:
            bar.update(
                task,
                completed=fits - iteration.running,
                number=iteration.number,
                loss=float(iteration.loss.sum()),
            )

        yield partial(_kept, told) if keeps else told


def _kept(told: Callable[[Iteration], None], iteration: Iteration) -> bool:
    """Tell of an iteration; Ctrl-C on the way says stop."""
    try:
        told(iteration)
    except KeyboardInterrupt:
        return True
    return False


def _print_line(iteration: Iteration, *, fits: int, what: str) -> None:
    print(_line(iteration, fits, what))


def _line(iteration: Iteration, fits: int, what: str) -> str:
    return (
        f"{what}: iteration {iteration.number:4d}, {fits - iteration.running} of {fits} done, "
        f"summed loss {iteration.loss.sum():.6g}"
    )


def _rich() -> Any:
    try:
        import rich.progress
    except ImportError:
        return None
    return rich.progress


def print_iteration(iteration: Iteration) -> None:
    """Print the loss of a single fit."""
    print(f"epoch {iteration.number:6d}  loss {iteration.loss[0]:.6g}")
