"""``logitron fit``: one penalty."""

from typing import Annotated

from cyclopts import Parameter

from logitron.cli.options import Columns, DataFile, FitOptions, LabelsFile, Place, Results

__all__ = ["fit"]


def fit(
    data: DataFile,
    labels: LabelsFile = None,
    /,
    *,
    C: Annotated[float, Parameter(name="--C")] = 1.0,
    test: Annotated[tuple[str, ...] | None, Parameter(negative="", consume_multiple=True)] = None,
    seed: int = 0,
    columns: Columns | None = None,
    options: FitOptions | None = None,
    place: Place | None = None,
    results: Results | None = None,
) -> int:
    """Fit a model to features and labels of files.

    Labels are a second file, or a column or array of the first one, --target. Numbers of tables
    are standardised and text is one-hot.

    Parameters
    ----------
    data
        Features: .npy, .npz, .safetensors, .pt, .csv, .tsv, .parquet, .feather, or - for CSV on the
        standard input.
    labels
        Labels: a file of the same kinds.
    C
        Inverse strength of the penalty; inf is no penalty.
    test
        Test rows: FEATURES LABELS, one file of both, or a part of the rows such as 0.2.
    seed
        Of the random choice of a part.
    """
    columns, options = columns or Columns(), options or FitOptions()
    place, results = place or Place(), results or Results()

    from time import perf_counter

    from logitron.backend import to_host
    from logitron.cli.data import read_dataset
    from logitron.cli.fitting import check_place, settings_of, train
    from logitron.cli.held_out import check_held_out, held_out
    from logitron.cli.penalty_factors import feature_factors, parse_factors
    from logitron.cli.tables import print_table, working
    from logitron.cli.training import check_results, describe, features_and_encoding, finish

    factors = parse_factors(options.penalty_factors)
    check_results(results)
    check_place(place)
    check_held_out("--test", test)
    with working("read"):
        many = options.multilabel
        rows = read_dataset(data, labels, columns, multilabel=many)
        rows, test_rows = held_out(rows, test, columns, multilabel=many, seed=seed)
        X, encoding = features_and_encoding(rows, options.standardise)
        each = feature_factors(factors, encoding, X.shape[1])
    start = perf_counter()
    settings = {**settings_of(options, place), "C": C, "l1_ratio": options.l1_ratio}
    model = train(X, rows.y, rows.weights, penalty_factors=each, **settings)
    seconds = perf_counter() - start
    iterations = int(to_host(model.n_iter_).max())
    report = {
        "command": "fit",
        **describe(model, encoding, len(rows.X)),
        "C": C,
        "iterations": iterations,
        "loss": float(to_host(model.loss_curve_)[-1].sum()),
        "seconds": seconds,
    }
    if results.plot is not None:
        from logitron.cli.plots import save_loss

        save_loss(to_host(model.loss_curve_), results.plot)
    proven = (
        f"{report['certified']} of {report['fits']} proven, bound {report['suboptimality']:.1e}"
    )
    print_table(
        f"Fit of {report['rows']} rows, {report['features']} features",
        ("C", "loss", "iterations", "certificate", "seconds"),
        [(f"{C:g}", f"{report['loss']:.6g}", str(iterations), proven, f"{seconds:.2f}")],
    )
    return finish(model, encoding, test_rows, report, results)
