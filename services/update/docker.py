"""Docker as `make update` asks it: one command, one answer."""

import subprocess


class UpdateError(Exception):
    """The update cannot be made, or goes no further; the message says why and what to do."""


def ask(*command: str) -> str:
    """What a command writes to its standard output.

    Raises:
        UpdateError: it failed.
    """
    code, output, errors = run(*command)
    if code != 0:
        said = errors.strip() or f"exit code {code}"
        raise UpdateError(f"{' '.join(command[:5])} … failed: {said[-2000:]}")
    return output


def run(*command: str) -> "tuple[int, str, str]":
    """Exit code, standard output and standard error of a command.

    Raises:
        UpdateError: it cannot be started.
    """
    try:
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own commands
    except OSError as error:
        raise UpdateError(f"{command[0]} cannot be started: {error.strerror}") from None
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def say(line: str) -> None:
    """Tell the user."""
    print(line, flush=True)  # noqa: T201 - the output of a command
