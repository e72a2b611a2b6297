"""matplotlib without windows; figures are closed after each test."""

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="displays draw with matplotlib")


@pytest.fixture(autouse=True)
def closed():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield
    plt.close("all")
