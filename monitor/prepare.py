"""`python -m monitor prepare`: make the tables, and end.

Compose starts it with the services, so that the API and the page find an empty store instead of none.
"""

import argparse
from pathlib import Path

from monitor.places import find_serve_folder
from relay.handoff.settings import DATA_DIR
from relay.handoff.verbs import VerbAnswer, read_verb_settings
from relay.monitoring.opening import open_store


def add_options(verb: str, parser: argparse.ArgumentParser) -> None:  # noqa: ARG001 - the interface of all subcommands
    """Declare what the command line of the subcommand may hold."""
    parser.add_argument("--data-dir", type=Path, metavar="DIR", help=DATA_DIR.option)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Make the tables where they are missing.

    Raises:
        RelayError: the database does not answer, or the folder cannot be written.
    """
    settings = read_verb_settings(options)
    folder = find_serve_folder(settings)
    with open_store(folder, settings.database_url):
        place = "PostgreSQL" if settings.database_url else str(folder)
    return VerbAnswer({"ready": True}, f"the monitor's tables are in {place}")
