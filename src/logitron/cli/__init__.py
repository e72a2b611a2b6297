"""The command line: ``python -m logitron digits`` and ``python -m logitron info``."""

from logitron.cli.arguments import main

__all__ = ["main"]
