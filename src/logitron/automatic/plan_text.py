"""Names of methods, and durations, for people."""

__all__ = ["METHODS", "duration"]

#: what each method of a plan is called in prose
METHODS = {
    "newton": "Newton's method",
    "shared": "L-BFGS preconditioned by the Gram matrix of the features",
    "sampled": "L-BFGS preconditioned by the leading part of the spectrum",
    "row-space": "An exact rotation to the space of the rows, and a fit there",
    "diagonal": "L-BFGS preconditioned by the diagonal of the Gram matrix",
    "hessian-diagonal": "L-BFGS preconditioned by the diagonal of the Hessian",
}


def duration(seconds: float) -> str:
    """Write a duration in milliseconds, or in seconds from one second on, with two digits.

    Parameters
    ----------
    seconds : float
    """
    number, unit = (seconds, "s") if seconds >= 0.9995 else (1e3 * seconds, "ms")
    return f"{number:.2g} {unit}" if number < 99.5 else f"{number:.0f} {unit}"
