"""Standard output: what a command answers to people in words, and with `--json` to programs. The log is elsewhere."""

import json
import os
import sys
from dataclasses import asdict
from typing import Any

from relay.handoff.errors import describe_error

JSON = "--json"


def say(text: str) -> None:
    """Print an answer. A reader that has gone, such as `head`, is no error: what follows is dropped."""
    try:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes the stream again when it ends, and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say_json(document: Any) -> None:
    """Print an answer as one line of JSON."""
    say(json.dumps(document))


def print_error(error: BaseException) -> None:
    """Print an error as the one JSON document of a command that was asked for JSON."""
    say_json({"error": asdict(describe_error(error))})
