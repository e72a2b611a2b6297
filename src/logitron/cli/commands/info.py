"""``logitron info``: array libraries and devices of this machine."""

from logitron.cli.options import Json

__all__ = ["info"]


def info(*, json: Json = False) -> int:
    """List the array libraries and devices of this machine, and problems with them.

    Parameters
    ----------
    json
        Print the same as JSON on stdout.
    """
    from logitron.cli import info as machine
    from logitron.cli.outputs import print_json

    machine.show()
    if json:
        print_json(machine.libraries())
    return 0
