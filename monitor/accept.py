"""`python -m monitor accept RECIPE`."""

import argparse

from relay.handoff.errors import RelayError
from relay.handoff.verbs import VerbAnswer, add_recipe_options


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001
    """Declare what the command line of the subcommand may hold."""
    add_recipe_options(parser)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Do what the subcommand asks.

    Raises:
        RelayError: it cannot be done.
    """
    raise RelayError(f"monitor accept {options.recipe}: not available in this version")
