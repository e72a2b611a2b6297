"""Markdown turned into reStructuredText: paragraphs, lists and tables."""


def restructured(text: str) -> str:
    """The text in reStructuredText."""
    parts = []
    for part in text.strip().split("\n\n"):
        lines = part.splitlines()
        parts.append(list_table(lines) if lines[0].startswith("|") else part)
    return "\n\n".join(parts) + "\n"


def list_table(lines: list[str]) -> str:
    """A table, from the lines of one in Markdown."""
    out = [".. list-table::", "   :header-rows: 1", ""]
    for number, line in enumerate(lines):
        if number == 1:  # the line below the head
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        out += [f"   {'-' if place else '* -'} {cell}".rstrip() for place, cell in enumerate(cells)]
    return "\n".join(line if "* -" in line or i < 3 else "  " + line for i, line in enumerate(out))
