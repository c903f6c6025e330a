"""`python -m monitor RECIPE`: look at what is new in the prediction log, and say what it means."""

import argparse

from relay.handoff.errors import RelayError
from relay.handoff.verbs import VerbAnswer, add_recipe_options

ALARM = 3
"""Exit code of a run whose verdict is an alarm."""


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001
    """Declare what the command line may hold."""
    add_recipe_options(parser)
    parser.add_argument(
        "--act", action="store_true", help="also do what the decision says: start a training run, or roll back"
    )


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Read the log, commit what was learned, write the window's folder, and answer with the report.

    Raises:
        RelayError: it cannot be done.
    """
    raise RelayError(f"monitor {options.recipe}: not available in this version")
