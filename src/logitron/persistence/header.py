"""The header of a model file: versioned JSON, validated field by field."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logitron.backend.types import HostArray
from logitron.persistence.checksum import checksum
from logitron.persistence.column_encoding import ColumnEncoding
from logitron.persistence.container import parse_json
from logitron.persistence.errors import ModelFileError
from logitron.persistence.fitted_neurons import KINDS
from logitron.persistence.labels import text_from_json, text_to_json

__all__ = ["FORMAT", "Header"]

#: newest version of the format; it grows when older versions of logitron could not read a file
FORMAT = 2
ESTIMATORS = ("LogisticRegression", "LogisticRegressionCV")
TEXT = ("classes", "feature_names", "target_names", "target_values")
FIELDS = (
    "format",
    "version",
    "estimator",
    "kind",
    "dtype",
    "label_dtype",
    "parameters",
    "left_out",
    *TEXT,
    "sha256",
)
#: fields of files of format 2, which are those of models with encoded columns
COLUMN_FIELDS = (*FIELDS, "columns")


@dataclass(frozen=True)
class Header:
    """What a model file holds besides its tensors."""

    version: str
    """Version of logitron that wrote the file."""
    estimator: str
    """"LogisticRegression" or "LogisticRegressionCV"."""
    kind: str
    """"binary", "softmax" or "multilabel"."""
    dtype: str
    """"float32" or "float64": the precision of the coefficients."""
    label_dtype: str
    """dtype of predictions for many targets; empty otherwise."""
    parameters: dict[str, Any]
    """JSON values of the constructor's parameters."""
    left_out: list[str]
    """Names of parameters that JSON cannot express; they have their defaults after loading."""
    text: Mapping[str, HostArray | None]
    """Names and labels that are strings, by the names in `TEXT`; None if there are none, or a
    tensor holds them."""
    columns: ColumnEncoding | None = None
    """How columns of a table became the features; None if X was the features."""

    def to_json(self, tensors: Mapping[str, HostArray]) -> str:
        """Return the header as text, with a checksum of it and of the tensors."""
        content = {"format": 1 if self.columns is None else 2, **vars(self)}
        columns = content.pop("columns")
        if columns is not None:
            content["columns"] = columns.to_json()
        for name, labels in content.pop("text").items():
            content[name] = None if labels is None else text_to_json(labels)
        return json.dumps({**content, "sha256": checksum(content, tensors)}, allow_nan=False)

    @classmethod
    def from_json(cls, written: str, tensors: Mapping[str, HostArray]) -> "Header":
        """Parse and check a header's text.

        Raises
        ------
        ModelFileError
            If the text is no header of this format, the format is newer than this version of
            logitron, or the checksum differs.
        """
        content = parse_json(written)
        if not isinstance(content, dict):
            raise ModelFileError(f"the header must be an object, got {type(content).__name__}")
        _check_format(content)
        fields = FIELDS if content["format"] == 1 else COLUMN_FIELDS
        if set(content) != set(fields):
            differing = sorted(set(content) ^ set(fields))
            raise ModelFileError(
                f"the header must have the fields {', '.join(fields)}; {differing[0]!r} is "
                f"{'unknown' if differing[0] in content else 'missing'}"
            )
        if content.pop("sha256") != checksum(content, tensors):
            raise ModelFileError("the checksum differs from the contents: the file is damaged")
        del content["format"]
        _check_choice(content, "estimator", ESTIMATORS)
        _check_choice(content, "kind", KINDS)
        _check_choice(content, "dtype", ("float32", "float64"))
        for name in ("version", "label_dtype"):
            if not isinstance(content[name], str):
                raise ModelFileError(f"{name} must be a string, got {content[name]!r}")
        left_out = content["left_out"]
        if not isinstance(left_out, list) or not all(isinstance(name, str) for name in left_out):
            raise ModelFileError("left_out must be a list of strings")
        found = {name: content.pop(name) for name in TEXT}
        text = {
            name: None if value is None else text_from_json(name, value)
            for name, value in found.items()
        }
        columns = content.pop("columns", None)
        encoding = None if columns is None else ColumnEncoding.from_json(columns)
        return cls(**content, text=text, columns=encoding)


def _check_format(content: dict[str, Any]) -> None:
    found = content.get("format")
    if type(found) is not int or found < 1:
        raise ModelFileError(f"format must be a positive integer, got {found!r}")
    if found > FORMAT:
        raise ModelFileError(
            f"it has format {found}, written by logitron {content.get('version')!s:.20}, and this "
            f"version reads formats up to {FORMAT}. Install a newer logitron"
        )


def _check_choice(content: dict[str, Any], name: str, choices: tuple[str, ...]) -> None:
    if content[name] not in choices:
        raise ModelFileError(
            f"{name} must be one of {', '.join(choices)}, got {content[name]!r:.50}"
        )
