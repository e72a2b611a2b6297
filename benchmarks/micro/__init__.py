"""Micro-benchmarks of the hot paths, for pytest-benchmark: ``nox -s bench -- --micro``."""
