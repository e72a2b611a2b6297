"""Which reader a file has, by the ending of its name."""

from pathlib import Path
from typing import Literal

from logitron.cli.exits import UserError

__all__ = ["ARRAYS", "STDIN", "TABLES", "Format", "format_of", "read_error"]

Format = Literal["npy", "npz", "safetensors", "pt", "csv", "tsv", "parquet", "feather"]

#: files of arrays, and of columns, by their endings
ARRAYS: dict[str, Format] = {
    ".npy": "npy",
    ".npz": "npz",
    ".safetensors": "safetensors",
    ".pt": "pt",
    ".pth": "pt",
}
TABLES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".parquet": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
}
#: name of the standard input, which holds CSV
STDIN = "-"


def format_of(path: str) -> Format:
    """Return the format of a file that exists.

    Raises
    ------
    UserError
        If the ending is unknown, or the file does not exist.
    """
    if path == STDIN:
        return "csv"
    name = path.lower()
    found = next((form for end, form in {**ARRAYS, **TABLES}.items() if name.endswith(end)), None)
    if found is None:
        raise UserError(
            f"files of data must end in one of {', '.join((*ARRAYS, *TABLES))}, or be - for CSV "
            f"on the standard input, got {path}"
        )
    if not Path(path).is_file():
        problem = "is no file" if Path(path).exists() else "does not exist"
        raise UserError(f"{path} {problem}; give the path of a file")
    return found


def read_error(path: str, form: str, error: Exception) -> UserError:
    """Return the error for a file that its reader refuses."""
    reason = " ".join(str(error).split())
    shown = reason if len(reason) <= 200 else f"{reason[:200]}..."
    return UserError(
        f"{path} cannot be read as {form} ({shown}); check that the file is whole, and that its "
        "ending names its format"
    )
