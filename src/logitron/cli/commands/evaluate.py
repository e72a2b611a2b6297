"""``logitron evaluate``: scores of a model on rows with labels."""

from logitron.cli.options import Columns, DataFile, Flag, Json, LabelsFile, ModelFile

__all__ = ["evaluate"]


def evaluate(
    model: ModelFile,
    data: DataFile,
    labels: LabelsFile = None,
    /,
    *,
    per_class: Flag = False,
    per_target: Flag = False,
    json: Json = False,
    columns: Columns | None = None,
) -> int:
    """Score a model on rows with labels.

    Parameters
    ----------
    model
        A .safetensors file of fit or sweep.
    data
        Features, as those of the fit.
    labels
        Labels: a second file. The default are the columns of the fit, or those of --target.
    per_class
        Precision, recall and F1 of each class too.
    per_target
        Scores of each of many targets too.
    json
        Print the scores as JSON on stdout.
    """
    columns = columns or Columns()

    from logitron.cli.exits import UserError
    from logitron.cli.outputs import print_json
    from logitron.cli.saved import open_model
    from logitron.cli.scores import class_scores, overall_scores, target_scores
    from logitron.cli.tables import print_rows, working
    from logitron.cli.training import score_table

    saved = open_model(model)
    if per_class and saved.many:
        raise UserError("--per-class is of models of classes, and this one has targets; pass "
                        "--per-target")  # fmt: skip
    if per_target and not saved.many:
        raise UserError("--per-target is of models of many targets; pass --per-class")
    with working("evaluate"):
        rows = saved.dataset(data, labels, columns)
        scored = saved.model, rows.X, rows.y, rows.weights
        found = overall_scores(*scored)
        if per_class:
            found["per_class"] = class_scores(*scored)
        if per_target:
            found["per_target"] = target_scores(*scored)
    score_table({name: one for name, one in found.items() if not isinstance(one, list)}, "Scores")
    for name in ("per_class", "per_target"):
        if name in found:
            print_rows(name.replace("_", " ").capitalize(), found[name])
    if json:
        print_json(found)
    return 0
