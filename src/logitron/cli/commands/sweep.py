"""``logitron sweep``: many penalties, and the choice of one of them."""

from typing import Annotated, Any

from cyclopts import Parameter

from logitron.cli.options import Columns, DataFile, FitOptions, LabelsFile, Place, Results

__all__ = ["sweep"]

Files = Annotated[tuple[str, ...] | None, Parameter(negative="", consume_multiple=True)]


def sweep(
    data: DataFile,
    labels: LabelsFile = None,
    /,
    *,
    Cs: Annotated[str, Parameter(name="--Cs")] = "10",
    val: Files = None,
    cv: int | None = None,
    scoring: str | None = None,
    test: Files = None,
    seed: int = 0,
    columns: Columns | None = None,
    options: FitOptions | None = None,
    place: Place | None = None,
    results: Results | None = None,
) -> int:
    """Fit many penalties at once, choose the best on held-out rows, and fit all rows with it.

    Held-out rows are a validation set, --val, or folds, --cv, which are five by default. The model
    is then fitted to all rows but the test rows.

    Parameters
    ----------
    data
        Features, see fit.
    labels
        Labels, see fit.
    Cs
        Inverse strengths of the penalty: a number of them, from 1e-4 to 1e4; LOW:HIGH:NUMBER; or
        several separated by commas.
    val
        Validation rows: FEATURES LABELS, one file of both, or a part of the rows such as 0.2.
    cv
        Number of folds.
    scoring
        Score that chooses: accuracy (the default), neg_log_loss, roc_auc, f1_macro, ...
    test
        Test rows, as --val.
    seed
        Of the random choice of parts and folds.
    """
    columns, options = columns or Columns(), options or FitOptions()
    place, results = place or Place(), results or Results()

    from time import perf_counter

    from logitron.cli.data import read_dataset
    from logitron.cli.fitting import check_place, settings_of, train_sweep
    from logitron.cli.held_out import check_held_out, held_out
    from logitron.cli.penalties import check_choice, folds_of, parse_penalties, penalty_rows
    from logitron.cli.penalty_factors import feature_factors, parse_factors
    from logitron.cli.tables import print_table, working
    from logitron.cli.training import check_results, describe, features_and_encoding, finish

    penalties, factors = parse_penalties(Cs), parse_factors(options.penalty_factors)
    check_choice(val, cv, scoring)
    check_results(results)
    check_place(place)
    check_held_out("--val", val)
    check_held_out("--test", test)
    with working("read"):
        many = options.multilabel
        rows = read_dataset(data, labels, columns, multilabel=many)
        rows, test_rows = held_out(rows, test, columns, multilabel=many, seed=seed)
        rows, validation = held_out(rows, val, columns, multilabel=many, seed=seed)
        folds = folds_of(rows, validation, cv, seed)
        rows = rows if validation is None else rows.joined(validation)
        X, encoding = features_and_encoding(rows, options.standardise)
        each = feature_factors(factors, encoding, X.shape[1])
    start = perf_counter()
    model, refitted = train_sweep(
        X,
        rows.y,
        rows.weights,
        Cs=penalties,
        cv=folds,
        scoring=scoring,
        l1_ratios=(options.l1_ratio,),
        penalty_factors=each,
        **settings_of(options, place),
    )
    seconds = perf_counter() - start
    table = penalty_rows(model)
    report = {
        "command": "sweep",
        **describe(model, encoding, len(rows.X)),
        "scoring": scoring or "accuracy",
        "C": model.C_,
        "refit_converged": refitted,
        "penalties": table,
        "seconds": seconds,
    }
    if results.plot is not None:
        from logitron.cli.plots import save_scores

        save_scores(table, report["scoring"], results.plot)
    print_table(
        f"Sweep of {report['rows']} rows, {report['features']} features, {seconds:.1f} s",
        ("C", report["scoring"], "iterations", "bound", ""),
        [_shown(row, rows.targets) for row in table],
    )
    return finish(model, encoding, test_rows, report, results)


def _shown(row: dict[str, Any], targets: int) -> tuple[str, ...]:
    """Return the printed row of one penalty: C, score, iterations, bound and a mark."""
    score = "undefined" if row["score"] is None else f"{row['score']:.4f}"
    iterations, bound = str(row["iterations"]), f"{row['suboptimality']:.1e}"
    return f"{row['C']:.4g}", score, iterations, bound, _mark(row["chosen"], targets)


def _mark(times: int, targets: int) -> str:
    """Say how many targets chose a penalty."""
    if not times or targets == 1:
        return "chosen" if times else ""
    return f"{times} target{'s' if times > 1 else ''}"
