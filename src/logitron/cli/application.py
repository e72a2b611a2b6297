"""The commands by name; errors become one line and an exit code."""

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from cyclopts import App, CycloptsError

from logitron.cli.commands.digits import digits
from logitron.cli.commands.evaluate import evaluate
from logitron.cli.commands.export import export
from logitron.cli.commands.fit import fit
from logitron.cli.commands.infer import infer
from logitron.cli.commands.info import info
from logitron.cli.commands.predict import predict
from logitron.cli.commands.show import show
from logitron.cli.commands.sweep import sweep
from logitron.cli.exits import DONE, INTERRUPTED, WRONG_USE
from logitron.cli.outputs import say

__all__ = ["run"]

#: of the user's making, or of the machine's; anything else is an error of ours, with a traceback
TOLD = (ValueError, TypeError, ImportError, OSError, MemoryError)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    Warnings are printed as one line each, after the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        The default is ``sys.argv``.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        for hidden in (DeprecationWarning, FutureWarning, ResourceWarning):
            warnings.simplefilter("ignore", hidden)
        try:
            code = _application()(given)
            sys.stdout.flush()
        except CycloptsError as error:
            say(f"logitron: {_line(error)}. 'logitron --help' lists commands and options")
            return WRONG_USE
        except BrokenPipeError:  # whoever reads the output has enough, as head does
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return DONE
        except TOLD as error:
            _print_warnings(recorded)
            say(f"logitron: {_line(error) or type(error).__name__}")
            return WRONG_USE
        except KeyboardInterrupt:
            say("logitron: interrupted")
            return INTERRUPTED
        _print_warnings(recorded)
    return code if isinstance(code, int) else DONE


def _application() -> Any:
    application = App(
        name="logitron",
        help="Logistic regression is one neuron: train it on files, one, many or a whole sweep.",
        version=_version,
        version_flags=["--version"],
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    commands = fit, sweep, predict, evaluate, infer, show, export, info, digits
    for place, command in enumerate(commands):
        application.command(command, name=command.__name__, sort_key=place)
    return application


def _version() -> str:
    from logitron import __version__

    return f"logitron {__version__}"


def _line(error: BaseException) -> str:
    """Return a message in one line."""
    return " ".join(str(error).split()).removesuffix(".")


def _print_warnings(recorded: list[warnings.WarningMessage]) -> None:
    texts = [" ".join(str(one.message).split()) for one in recorded]
    for text in dict.fromkeys(texts):
        say(f"logitron: warning: {text}")
