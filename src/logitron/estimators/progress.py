"""What is shown while many fits are under way: how many are done, and how far the others are."""

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
    """Give what is to be told after each iteration: nothing, a progress bar, or lines of text.

    Parameters
    ----------
    verbose : int
        0 is nothing; 1 a bar, if rich is installed, or else a line for each iteration, as 2 is.
    n_fits : int
        How many there are.
    description : str
        What they are.
    interruptible : bool, default False
        Whether Ctrl-C ends the fits and keeps what is done, also while something is printed.
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
    """Tell of an iteration; Ctrl-C on the way says stop."""
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


def print_iteration(iteration: Iteration) -> None:
    """Print the loss of a single fit."""
    print(f"epoch {iteration.number:6d}  loss {iteration.loss[0]:.6g}")
