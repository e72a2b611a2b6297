"""Single steps of a fit, timed by pytest-benchmark: ``nox -s bench -- --micro``."""
