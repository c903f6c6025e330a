"""The variables that have a new name: compose accepts the old ones without a word."""

import sys

from relay.handoff.renamed_variables import list_warnings
from services.stack.env_file import read_settings


def tell_old_variables() -> None:
    """Print one line per old variable; compose accepts it, so this is no failure."""
    for line in list_warnings(read_settings()):
        print(line, file=sys.stderr)  # noqa: T201 - the answer of a command
