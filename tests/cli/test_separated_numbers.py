"""Text that is numbers with separators is refused; text that only looks so is text."""

import numpy as np
import pandas as pd
import pytest

from logitron.cli.separated_numbers import separated_number


@pytest.mark.parametrize("cells", [["1,000", "250"], ["1 000", "-2 500"], ["0,5", "7"]])
def test_numbers_with_separators_are_no_categories(cells, logitron):
    rows = np.arange(60)
    frame = pd.DataFrame({"price": np.asarray(cells)[rows % 2], "y": rows % 3 == 0})
    frame.to_csv("prices.csv", index=False)
    told = logitron.refuse("fit prices.csv --target y")
    assert "column 'price' must hold numbers without separators" in told
    logitron("fit prices.csv --target y --categories price -o m.safetensors")
    frame.assign(price=frame["price"].where(rows > 2, "none")).to_csv("words.csv", index=False)
    logitron("fit words.csv --target y -o m.safetensors")
    logitron("fit words.csv --target y --test prices.csv")  # the words are what is learned of


@pytest.mark.parametrize(
    "cells",
    [
        ["1,000", "250,000"],
        ["1.234.567", "12.345.678,9"],
        ["1'000.50", "-7"],
        ["+1,000", "-250"],
        ["+1.000", "+22.000"],
        ["1\u202f000", "1e3"],
        ["250,000,000", "120,000,000"],
        ["1.000.000.000", "20.000"],
        ["10,5", "0,25", ""],
    ],
    ids=lambda cells: cells[0],
)
def test_numbers_with_separators_are_found(cells):
    assert separated_number(cells) == cells[0]


@pytest.mark.parametrize(
    "cells",
    [
        ["192.168.100.200", "192.168.100.201"],  # addresses
        ["192.168.100.200", "10.100.255.255"],
        ["10.100.100.200", "8.8.8.8"],
        ["600 123 456", "699 456 789"],  # phone numbers
        ["555.123.4567", "555.987.6543"],
        ["030 123 456", "040 789 123"],
        ["+49 171 234 567", "+34 600 123 456"],
        ["15.01.2024", "16.01.2024"],  # dates and times
        ["15,01,2024", "16,01,2024"],
        ["08,30", "17,15"],
        ["2.0.1", "2.10.0"],  # versions
        ["100.200.300", "100.200.301"],
        ["007,123", "008,456"],  # numbers of things
        ["1,000", "unknown"],
        ["1.5", "250"],
        ["", ""],
    ],
    ids=lambda cells: cells[0] or "empty",
)
def test_text_that_only_looks_like_numbers_is_text(cells):
    assert separated_number(cells) is None


def test_addresses_are_categories(logitron):
    rows = np.arange(60)
    cells = np.asarray(["192.168.100.200", "192.168.100.201"])[rows % 2]
    pd.DataFrame({"host": cells, "y": rows % 2 == 0}).to_csv("hosts.csv", index=False)
    logitron("fit hosts.csv --target y -o m.safetensors")
    labels = [row["label"] for row in logitron.json("predict m.safetensors hosts.csv")]
    assert labels == (rows % 2 == 0).tolist()
