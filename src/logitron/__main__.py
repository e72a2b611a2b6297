"""``python -m logitron``."""

import sys

from logitron.cli import main

if __name__ == "__main__":
    sys.exit(main())
