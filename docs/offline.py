"""Checks that built pages load nothing from elsewhere: ``python docs/offline.py FOLDER``."""

import re
import sys
from pathlib import Path

#: what a page loads by itself, unlike the links that a reader follows
LOADED = re.compile(
    r"<(?:script|img|iframe|source|object)\b[^>]*\b(?:src|data)=\"(?:https?:)?//[^\"]*\""
    r"|<link\b(?=[^>]*rel=\"(?:stylesheet|preload|icon)\")[^>]*href=\"(?:https?:)?//[^\"]*\""
    r"|(?:@import|url)\s*\(?[\"']?(?:https?:)?//[^\"')]*"
)


def loaded_from_elsewhere(text: str) -> list[str]:
    """Return the parts of a page or a style sheet that load something from another host."""
    return LOADED.findall(text)


def main() -> int:
    folder = Path(sys.argv[1])
    pages = [path for path in folder.rglob("*") if path.suffix in (".html", ".css")]
    found = [
        f"{path.relative_to(folder)}: {part}"
        for path in pages
        for part in loaded_from_elsewhere(path.read_text())
    ]
    print("\n".join(found) or f"{len(pages)} pages and style sheets load nothing from elsewhere")
    return int(bool(found) or not pages)


if __name__ == "__main__":
    sys.exit(main())
