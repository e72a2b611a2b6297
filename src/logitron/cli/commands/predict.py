"""``logitron predict``: labels, probabilities or logits of rows."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from logitron.cli.options import DataFile, Flag, Json, ModelFile, Names

__all__ = ["predict"]


def predict(
    model: ModelFile,
    data: DataFile,
    /,
    *,
    labels: Flag = False,
    proba: Flag = False,
    logits: Flag = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    json: Json = False,
    features: Names = (),
    embedding: str | None = None,
    key: str | None = None,
) -> int:
    """Predict labels of rows, or probabilities, or logits.

    Predictions are printed as CSV on stdout, or written to a file.

    Parameters
    ----------
    model
        A .safetensors file of fit or sweep.
    data
        Features, as those of the fit.
    labels
        Predict labels; the default.
    proba
        Predict the probability of each class or target.
    logits
        Predict the logits.
    output
        Write to this .csv, .tsv, .parquet or .npy file.
    json
        Print a list of rows as JSON.
    features
        Columns of features.
    embedding
        Column of lists of numbers to use as the features.
    key
        Array of features in a file of several arrays.
    """
    from logitron.cli.exits import UserError
    from logitron.cli.options import Columns
    from logitron.cli.outputs import check_output, print_json, say
    from logitron.cli.predictions import ENDINGS, print_csv, table_of, write_predictions
    from logitron.cli.saved import open_model
    from logitron.cli.tables import working

    kinds = [name for name, on in (("proba", proba), ("logits", logits), ("labels", labels)) if on]
    if len(kinds) > 1:
        raise UserError(f"--{kinds[0]} and --{kinds[1]} are two kinds of predictions; pass one")
    check_output("--output", output, ENDINGS)
    with working("predict"):
        saved = open_model(model)
        columns = Columns(features=features, embedding=embedding, key=key)
        names, values = table_of(saved, saved.features(data, columns), (kinds or ["labels"])[0])
        if output is not None:
            write_predictions(output, names, values)
    if output is not None:
        say(f"predictions of {len(values)} rows: {output}")
    if json:
        rows = values.tolist()
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif output is None:
        print_csv(names, values)
    return 0
