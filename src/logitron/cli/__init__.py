"""The command line: ``logitron``, and ``python -m logitron``.

======================= ========================================================================
module                  contents
======================= ========================================================================
``application``         the commands by name; errors become one line and an exit code
``options``             arguments that several commands have
``commands``            one file a command: its arguments, and what it does in their order
``reading``             files to arrays and tables
``preparation``         columns of numbers and text to features, by scikit-learn
``separated_numbers``   text that is numbers like 1,000, and text that only looks so
``columns``             which columns of a table are features and which are labels
``data``                features, labels and weights of the files that a command names
``held_out``            rows for validation and for the test
``saved``               saved models, and the features that they take of files
``training``            what fit and sweep have in common
``penalties``           the penalties of a sweep, and their table
``penalty_factors``     factors of columns as factors of features
``live_penalties``      the same table while the sweep runs
``fitting``             models that show their progress
``scores``              scores of predictions, whole, by class and by target
``predictions``         predictions as a table, and its files
``estimates``           statistics of a fit to files
``description``         what a saved model is
``conversion``          saved models to files of ONNX and PyTorch
``digits``, ``info``    what the commands of these names compute
``plots``, ``tables``   pictures, tables and bars
``outputs``             JSON, files and messages
``exits``               exit codes
======================= ========================================================================
"""

from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The default is ``sys.argv``.

    Returns
    -------
    int
        Exit code: 0 is done; 2 an error of the user, told in one line; 3 a fit that did not
        converge, with ``--strict``.
    """
    try:
        from logitron.cli.application import run
    except ModuleNotFoundError as error:
        if error.name != "cyclopts":
            raise
        import sys

        print(
            "logitron: the command line needs cyclopts; install it with: pip install "
            "'logitron[cli]'",
            file=sys.stderr,
        )
        return 2
    return run(arguments)
