"""Files that tests write, and how they call the commands."""

import json

import numpy as np
import pandas as pd
import pytest

RNG = np.random.default_rng(7)
N, P = 240, 4
#: features that float16 and bfloat16 hold exactly
X = (RNG.integers(-8, 9, size=(N, P)) / 4.0).astype(np.float32)
LOGITS = X @ RNG.normal(size=(P, 3))
CODES = np.argmax(LOGITS + RNG.gumbel(size=(N, 3)), axis=1)
WORDS = np.asarray(["ash", "birch", "cedar"])[CODES]
TABLE = (LOGITS + RNG.logistic(size=(N, 3)) > 0.0).astype(np.int64)


def shop(n: int = 300, seed: int = 1) -> pd.DataFrame:
    """A table of numbers and text, with missing cells, and labels that depend on them."""
    rng = np.random.default_rng(seed)
    age, visits = rng.normal(40.0, 10.0, n).round(1), rng.poisson(3.0, n)
    city = rng.choice(["Lima", "Oslo", "Rome"], n)
    logits = (age - 40.0) / 10.0 + (city == "Oslo") * 1.5 - 0.5
    bought = np.where(logits + rng.logistic(size=n) > 0.0, "yes", "no")
    frame = pd.DataFrame({"age": age, "city": city, "visits": visits, "bought": bought})
    frame.loc[::13, "age"] = np.nan
    frame.loc[::17, "city"] = None
    return frame


class Commands:
    """Calls commands in this process; arguments are split at spaces, as by a shell."""

    def __init__(self, capsys: pytest.CaptureFixture[str]):
        self._capsys = capsys

    def __call__(self, *arguments, code=0):
        """Run a command that ends with an exit code; return stdout and stderr."""
        from logitron.cli import main

        self._capsys.readouterr()
        ended = main([part for one in arguments for part in str(one).split()])
        out, err = self._capsys.readouterr()
        assert ended == code, err
        assert "Traceback" not in err
        return out, err

    def json(self, *arguments, code=0):
        """Run a command with --json; return the value on stdout."""
        return json.loads(self(*arguments, "--json", code=code)[0])

    def refuse(self, *arguments):
        """Run a command that refuses; return its one line."""
        out, err = self(*arguments, code=2)
        assert out == ""
        *notes, line = err.splitlines()  # (what was counted while files were read)
        assert line.startswith("logitron: ")
        assert not any(one.startswith("logitron:") for one in notes)
        return line
