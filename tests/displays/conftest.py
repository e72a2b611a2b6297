"""Figures without windows, closed after each test."""

import pytest


@pytest.fixture(autouse=True)
def closed():
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("Agg")
    yield
    pyplot.close("all")
