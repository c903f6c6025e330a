"""Whether a program runs in one of the images: how a command is typed there, and whose rights it takes."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

VARIABLE = "RELAY_CONTAINER"
"""Set in the images of the stages and of the API."""
ENTRY_POINT = Path("/app/images/entrypoint.py")
SERVICES: Mapping[str, str] = {"ingest": "ingest", "preprocess": "preprocess", "model": "train", "monitor": "monitor"}
"""Stage -> the service of docker-compose.yml that runs it once, with what is typed behind its name."""

_COMMAND = re.compile(r"`python -m (ingest|preprocess|model|monitor|adopt)\b([^`]*)`")
_RUN = re.compile(r"`make run RECIPE=([^`]*)`")
"""All stages; `docker compose run --rm train` alone does not always wait for those before it."""


def word_commands(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A message with its commands as they are typed where it is read: on the host for a program in a container.

    Args:
        text: with commands in back quotes, such as `python -m model list credit` or `make run RECIPE=credit`.
        environment: says whether this is a container.
    """
    if not environment.get(VARIABLE):
        return text
    return _COMMAND.sub(_word, _RUN.sub(r"`make train RECIPE=\1`", text))


def _word(found: re.Match[str]) -> str:
    program, rest = found.groups()
    if program not in SERVICES:
        return f"`docker compose exec model python -m {program}{rest}`"
    # Standard input is handed on as it is only without a terminal.
    options = "--rm -T" if "<" in rest else "--rm"
    return f"`docker compose run {options} {SERVICES[program]}{rest}`"


def become_owner(program: str, arguments: Sequence[str]) -> None:
    """Start again as the owner of the data folder where this is the root of a container.

    `docker compose exec` passes the entry point by, and its root has no rights on files of others.
    """
    if os.geteuid() == 0 and os.environ.get(VARIABLE) and ENTRY_POINT.is_file():
        command = [sys.executable, str(ENTRY_POINT), sys.executable, "-m", program, *arguments]
        os.execv(sys.executable, command)  # noqa: S606 - the image's own entry point
