"""Exit codes, and the error for what a user can put right."""

__all__ = ["DONE", "INTERRUPTED", "NOT_CONVERGED", "WRONG_USE", "UserError"]

DONE = 0
WRONG_USE = 2
#: a fit did not converge, with ``--strict``
NOT_CONVERGED = 3
#: as shells count Ctrl-C
INTERRUPTED = 130


class UserError(ValueError):
    """An error of the user, whose message says in one sentence what to do."""
