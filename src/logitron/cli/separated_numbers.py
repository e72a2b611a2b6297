r"""Text that is numbers with separators: 1,000 or 1.000,5 or 1 000 or 0,5.

A column of such text is refused, since each number would become a category. Addresses such as
192.168.100.200 and phone numbers such as 600 123 456 or +49 171 234 567 look alike, and are text.
One cell can be either. In a column of addresses or phone numbers, all cells have that form.
"""

import re
from collections.abc import Iterable

__all__ = ["separated_number"]

#: an integer part in groups, perhaps with decimals after another separator; or a decimal comma
SEPARATED = re.compile(
    r"[+-]?([1-9]\d{0,2}([,.' \u00a0\u202f_])\d{3}(\2\d{3})*((?!\2)[.,]\d+)?|(0|[1-9]\d*),\d+)"
)
#: all other numbers
PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)

#: what a column can hold that only looks like numbers: addresses of IPv4, phone numbers with the
#: code of their country, and groups of three digits that are all full
OCTET = r"(25[0-5]|2[0-4]\d|1?\d?\d)"
NAMES = (
    re.compile(rf"{OCTET}(\.{OCTET}){{3}}"),
    re.compile(r"\+(?=(\D*\d){8})[\d .\u00a0\u202f]+"),
    re.compile(r"\d{3}([. \u00a0\u202f]\d{3}){2,}"),
)


def separated_number(cells: Iterable[str]) -> str | None:
    """Return the first number with separators of a column of numbers; None for other columns.

    Parameters
    ----------
    cells : iterable of str
        Empty ones are missing.
    """
    texts = [text for text in dict.fromkeys(cell.strip() for cell in cells) if text]
    if any(all(name.fullmatch(text) for text in texts) for name in NAMES):
        return None
    first: str | None = None
    for text in texts:
        if SEPARATED.fullmatch(text):
            first = text if first is None else first
        elif not PLAIN.fullmatch(text):
            return None
    return first
