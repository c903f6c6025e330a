"""What the command line may say about answers to a file; imported by each prediction, so it imports little."""

import argparse
from pathlib import Path

from relay.handoff.errors import UsageError

OF_FILES = ("out", "keep", "invalid", "force")
"""Options about a file only."""
OF_RECORDS = ("csv", "contract", "reasons")
"""Options about records only."""


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of answers to a file."""
    files = parser.add_argument_group("a file of any size")
    files.add_argument("--file", type=Path, metavar="PATH", help="a Parquet file, a folder of Parquet files, or CSV")
    files.add_argument("--out", type=Path, metavar="PATH", help="the Parquet file of the answers, one for each row")
    files.add_argument(
        "--keep", action="extend", nargs="+", metavar="COLUMN", help="columns to carry along, beside the id"
    )
    files.add_argument(
        "--invalid",
        choices=("refuse", "skip"),
        help="what rows that break the contract do: refuse the file (the default), or get null for an answer and a "
        "row with the reason in OUT.rejected.parquet",
    )
    files.add_argument("--force", action="store_true", help="answer again although nothing changed")


def asks_for_file(options: argparse.Namespace) -> bool:
    """Whether the command line is about a file.

    Raises:
        UsageError: its options do not go together.
    """
    if options.file is None:
        if given := [name for name in OF_FILES if getattr(options, name)]:
            raise UsageError(f"--{given[0]} is about a file of rows", next_step="Name that file with --file")
        return False
    if given := [name for name in OF_RECORDS if getattr(options, name)]:
        raise UsageError(f"--{given[0]} is about records on standard input, and --file names a file: expected one")
    if options.out is None:
        raise UsageError("--file needs --out", next_step="Name the file of the answers, such as answers.parquet")
    return True
