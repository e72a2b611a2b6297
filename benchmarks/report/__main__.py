"""Write the measured numbers into README and documentation; without ``--write``, compare them."""

import argparse
import sys

from benchmarks.report.blocks import BLOCKS, rendered


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the numbers")
    options = parser.parse_args()
    stale = [path for path in BLOCKS if rendered(path) != path.read_text()]
    if options.write:
        for path in stale:
            path.write_text(rendered(path))
    elif stale:
        names = ", ".join(path.name for path in stale)
        print(f"{names}: not the measured numbers; run: nox -s report", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
