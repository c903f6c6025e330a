"""Name the variables in the environment or in .env that have a new name: `make` says it before it calls compose.

Runs with any Python 3 and nothing else, because it comes before everything else.
"""

import os
import sys
from pathlib import Path

from images.check_ports import read_env
from relay.handoff.renamed_variables import list_warnings


def main() -> None:
    """Print one line per old variable; compose accepts it, so this is no failure."""
    for line in list_warnings(read_env(Path(".env")) | dict(os.environ)):
        print(line, file=sys.stderr)  # noqa: T201 - the answer of a command


if __name__ == "__main__":
    main()
