"""What ``fit`` and ``sweep`` have in common: features, scores, files and tables of results."""

from typing import Any

import numpy as np

from logitron.backend import to_host
from logitron.cli.data import Dataset
from logitron.cli.exits import DONE, NOT_CONVERGED
from logitron.cli.options import Results
from logitron.cli.outputs import check_output, print_json, say, to_json, write_text
from logitron.cli.preparation import encode, learn_columns, learn_scales, notes
from logitron.cli.scores import overall_scores
from logitron.cli.tables import print_table, working
from logitron.persistence.column_encoding import ColumnEncoding
from logitron.persistence.model_file import write_model

__all__ = ["check_results", "describe", "features_and_encoding", "finish", "score_table"]


def check_results(results: Results) -> None:
    """Check, before any work, that all files of results can be written.

    Raises
    ------
    UserError
    ImportError
        If a library that writes them is not installed.
    """
    check_output("--output", results.output, (".safetensors",))
    check_output("--report", results.report, (".json",))
    if results.output is not None:
        from logitron.persistence.container import require_safetensors

        require_safetensors()
    if results.plot is not None:
        from logitron.cli.plots import require_matplotlib

        require_matplotlib(results.plot)


def features_and_encoding(
    dataset: Dataset, standardise: bool | None
) -> tuple[Any, ColumnEncoding | None]:
    """Return the features of rows to learn from, and how they were made of columns.

    Columns of tables are standardised and one-hot by default, arrays are taken as they are. Missing
    numbers are counted on stderr.
    """
    if dataset.is_frame:
        encoding = learn_columns(
            dataset.X,
            standardise=standardise is not False,
            target=dataset.target,
            categories=dataset.categories,
        )
    elif standardise:
        encoding = learn_scales(dataset.X)
    else:
        return dataset.X, None
    return _encoded(encoding, dataset), encoding


def _encoded(encoding: ColumnEncoding, dataset: Dataset) -> Any:
    made = encode(encoding, dataset.X)
    if dataset.is_frame:
        for note in notes(encoding, dataset.X):
            say(note)
    return made


def describe(model: Any, encoding: ColumnEncoding | None, rows: int) -> dict[str, Any]:
    """Return what every report has: the data, the classes and the certificate."""
    converged, certified = to_host(model.converged_), to_host(model.certified_)
    many = model._multilabel
    names = getattr(model, "target_names_", model.classes_) if many else model.classes_
    return {
        "rows": rows,
        "features": model.n_features_in_,
        "targets" if many else "classes": names,
        "fits": converged.size,
        "converged": int(converged.sum()),
        "certified": int(certified.sum()),
        "suboptimality": float(np.max(to_host(model.suboptimality_))),
        "standardised": encoding is not None and encoding.mean is not None,
    }


def score_table(scores: dict[str, Any], title: str) -> None:
    """Print scores below each other."""
    shown = [(name, _shown(value)) for name, value in scores.items()]
    print_table(title, ("score", "value"), shown)


def finish(
    model: Any,
    encoding: ColumnEncoding | None,
    test: Dataset | None,
    report: dict[str, Any],
    results: Results,
) -> int:
    """Score the test rows, write the files, print, and return the exit code."""
    if test is not None:
        with working("test"):
            X = test.X if encoding is None else _encoded(encoding, test)
            report["test"] = overall_scores(model, X, test.y, test.weights)
        score_table(report["test"], "Test")
    if results.output is not None:
        write_model(model, results.output, encoding)
        report["model"] = results.output
        say(f"model: {results.output}")
    else:
        say("the model is not saved; -o model.safetensors saves it")
    if results.report is not None:
        write_text(results.report, to_json(report) + "\n")
        say(f"report: {results.report}")
    if results.plot is not None:
        say(f"picture: {results.plot}")
    if results.json:
        print_json(report)
    failed = report["fits"] - report["converged"]
    refitted = report.get("refit_converged", True)
    if results.strict and (failed or not refitted):
        refit = "" if refitted else ", and neither did the fit of all rows"
        say(f"logitron: {failed} of {report['fits']} fits did not converge{refit}")
        return NOT_CONVERGED
    return DONE


def _shown(value: Any) -> str:
    if value is None:
        return "undefined"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
