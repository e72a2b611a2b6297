"""The cost of standard errors, beside the fit and beside statsmodels, whose fit includes them.

One fit without a penalty, its inference, and ``Logit.fit`` of statsmodels are timed by turns, with
one thread for products. The same for a table of targets: statsmodels fits them one by one, of which
some are timed. The largest relative difference of the standard errors is stored too.

``python -m benchmarks.questions.inference`` measures and prints the table.
"""

import warnings

import numpy as np

from benchmarks.judge import store
from benchmarks.judge.machine import describe
from benchmarks.judge.threads import Setting, threads
from benchmarks.judge.timing import by_turns
from benchmarks.options import Results, answered, parser_of
from logitron import LogisticRegression, inference

RESULT = "inference"
#: Rows, features and targets.
SHAPES = ((32_000, 20, 1), (100_000, 50, 1), (5000, 20, 1000))
REPEATS = 7
#: The targets that statsmodels fits.
TIMED = 10


def drawn(rows: int, features: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Features, and targets of a known model."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(rows, features))
    logits = X @ rng.normal(size=(features, targets)) * (2.0 / np.sqrt(features))
    Y = (logits + rng.logistic(size=logits.shape) > 0.0).astype(np.int8)
    return X, Y[:, 0] if targets == 1 else Y


def of_shape(rows: int, features: int, targets: int, repeats: int) -> Results:
    """The median seconds of a shape, and the difference of the standard errors."""
    import statsmodels.api as sm

    X, Y = drawn(rows, features, targets)
    design, columns = sm.add_constant(X, prepend=False), np.reshape(Y, (rows, -1))[:, :TIMED]
    model = LogisticRegression(C=np.inf).fit(X, Y)

    def statsmodels():
        return [sm.Logit(y, design).fit(disp=0) for y in columns.T]

    seconds = by_turns(
        {
            "fit": lambda: LogisticRegression(C=np.inf).fit(X, Y),
            "inference": lambda: inference(model, X, Y),
            "inference, HC0": lambda: inference(model, X, Y, cov="HC0"),
            "statsmodels": statsmodels,
        },
        repeats,
    )
    typical = {name: float(np.median(times)) for name, times in seconds.items()}
    typical["statsmodels"] *= targets / columns.shape[1]
    others = np.stack([found.bse for found in statsmodels()])
    own = np.reshape(inference(model, X, Y).se, (targets, -1))[: len(others)]
    return {
        "shape": [rows, features, targets],
        "seconds": {name: float(f"{each:.3g}") for name, each in typical.items()},
        "difference": float(f"{np.max(np.abs(own / others - 1.0)):.1e}"),
        "machine": describe("numpy", "scipy", "statsmodels"),
    }


def measured(repeats: int = REPEATS, *, keep: bool = True) -> Results:
    """Measure all shapes."""
    results = {}
    with warnings.catch_warnings(), threads(Setting(1, 1)):
        warnings.simplefilter("ignore")
        for shape in SHAPES:
            results[" x ".join(map(str, shape))] = of_shape(*shape, repeats)
    if keep:
        store.save(RESULT, results)
    return results


def table(results: Results) -> str:
    """The milliseconds, in 80 columns."""
    lines = [f"{'milliseconds, typical':24}" + "".join(f"{name:>18}" for name in results)]
    for who in next(iter(results.values()))["seconds"]:
        cells = "".join(f"{1e3 * one['seconds'][who]:>18.1f}" for one in results.values())
        lines.append(f"{who:24}{cells}")
    cells = "".join(f"{one['difference']:>18.1e}" for one in results.values())
    return "\n".join([*lines, f"{'difference':24}{cells}"])


def main() -> None:
    parser = parser_of("inference", __doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="of every call")
    options = parser.parse_args()
    results = answered(parser, options, RESULT, lambda keep: measured(options.repeats, keep=keep))
    print(table(results))


if __name__ == "__main__":
    main()
