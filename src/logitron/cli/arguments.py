"""Commands and their arguments."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from logitron import __version__
from logitron.cli import digits, info


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; print errors of the user in one line, and return 2 for them.

    Parameters
    ----------
    arguments : sequence of str, optional
        The default is ``sys.argv``.

    Returns
    -------
    int
        Exit status.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        if options.command == "info":
            info.show()
        else:
            digits.show(
                backends=options.backend,
                device=options.device,
                dtype=options.dtype,
                max_iter=options.max_epochs,
                plot=options.plot,
            )
    except (ValueError, ImportError, OSError) as error:
        print(f"logitron: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m logitron",
        description="Logistic regression is one neuron, trained on any array library.",
    )
    parser.add_argument("--version", action="version", version=f"logitron {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser(
        "digits",
        help="train a neuron that recognises a handwritten 2",
        description="Train one neuron on scikit-learn's digits ('is it a 2?': 1000 rows to learn "
        "from, 797 held out) with gradient descent, on every array library installed here.",
    )
    train.add_argument(
        "--backend", action="append", metavar="NAME", help="train on this one only; may be repeated"
    )
    train.add_argument("--device", metavar="DEV", help="device of the backend: cpu, cuda, mps, gpu")
    train.add_argument(
        "--dtype", choices=("float64", "float32"), default="float64", help="default: float64"
    )
    train.add_argument(
        "--max-epochs", type=_positive, default=20_000, metavar="N", help="default: 20000"
    )
    train.add_argument(
        "--plot", type=Path, metavar="FILE", help="save the loss curve and the neuron as a picture"
    )

    commands.add_parser(
        "info", help="list the array libraries and devices of this machine, and problems with them"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)
