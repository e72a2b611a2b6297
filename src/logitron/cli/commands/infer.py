"""``logitron infer``: standard errors, tests and intervals of a fit without a penalty."""

from typing import Literal

from logitron.cli.options import Columns, DataFile, Flag, Json, LabelsFile

__all__ = ["infer"]


def infer(
    data: DataFile,
    labels: LabelsFile = None,
    /,
    *,
    robust: Flag = False,
    cluster: str | None = None,
    exp: Flag = False,
    level: float = 0.95,
    multilabel: Flag = False,
    csv: Flag = False,
    json: Json = False,
    columns: Columns | None = None,
) -> int:
    """Fit without a penalty, and print coefficients with standard errors, tests and intervals.

    Numbers are taken as they are, and the first category of each column of text is the one that
    others are compared with. Rows with missing cells are refused.

    Parameters
    ----------
    data
        Features, see fit.
    labels
        Labels, see fit.
    robust
        Standard errors that hold if the model is not true (HC0).
    cluster
        Column of groups whose rows may depend on each other; for their standard errors.
    exp
        Odds ratios: exponentials of coefficients and of the ends of their intervals.
    level
        Probability of the intervals.
    multilabel
        Estimates of each of several columns of labels.
    csv
        Print the estimates as CSV on stdout.
    json
        Print the estimates as JSON on stdout.
    """
    columns = columns or Columns()

    from logitron.cli.estimates import estimate_rows, fit_and_infer, read_complete
    from logitron.cli.exits import UserError
    from logitron.cli.outputs import print_json, say
    from logitron.cli.predictions import print_csv_rows
    from logitron.cli.tables import print_rows, working

    if robust and cluster is not None:
        raise UserError("--robust and --cluster are two covariances; pass one")
    if csv and json:
        raise UserError("--csv and --json are two outputs; pass one")
    cov: Literal["nonrobust", "HC0", "cluster"] = "nonrobust" if cluster is None else "cluster"
    with working("infer"):
        rows, groups = read_complete(data, labels, columns, cluster, multilabel=multilabel)
        if robust:
            cov = "HC0"
        found = fit_and_infer(rows, cov, groups)
        table = estimate_rows(found, level, exp=exp)
    if exp:
        print_rows("Odds ratios", table)
    else:
        say(found.summary(level))
    if csv:
        print_csv_rows(table)
    if json:
        print_json(
            {
                "n": found.n,
                "llf": found.llf,
                "llnull": found.llnull,
                "aic": found.aic,
                "bic": found.bic,
                "prsquared": found.prsquared,
                "lr_test": found.lr_test()._asdict(),
                "cov": cov,
                "level": level,
                "estimates": table,
            }
        )
    return 0
