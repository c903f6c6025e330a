"""One log line a step: on the terminal for people, in `logs/<stage>.log` for later."""

import sys
from pathlib import Path

from loguru import logger

from relay.handoff.disk import is_unwritable
from relay.handoff.files import open_plain

TERMINAL_FORMAT = "<dim>{time:HH:mm:ss}</dim> <level>{level: <7}</level> {message}"
FILE_FORMAT = "{time:YYYY-MM-DDTHH:mm:ss.SSSZ} {level: <7} {process} {message}"
ROTATE_BYTES = 10_000_000
KEEP_FILES = 5


def configure_terminal(level: str) -> None:
    """Send the log to standard error only."""
    logger.remove()
    logger.add(sys.stderr, level=level, format=TERMINAL_FORMAT)


def configure_log(stage: str, log_dir: Path, level: str) -> None:
    """Send the log to standard error and to a file of the stage.

    From then on a line that the file cannot take raises OSError, after the terminal has shown it.

    Raises:
        OSError: the folder of the logs cannot be written.
    """
    configure_terminal(level)
    log_dir.mkdir(parents=True, exist_ok=True)
    logger.add(
        str(log_dir / f"{stage}.log").replace("{", "{{").replace("}", "}}"),  # braces mean a time to loguru
        level=level,
        format=FILE_FORMAT,
        rotation=ROTATE_BYTES,
        retention=KEEP_FILES,
        opener=open_plain,
        errors="backslashreplace",  # a name of a file may hold bytes that are no UTF-8
        catch=False,  # a disk that is full fails the stage in one line, instead of a traceback for each line
    )


def try_log(stage: str, log_dir: Path, level: str) -> OSError | None:
    """As `configure_log`. Where the folder cannot be written, the log goes to standard error only.

    Returns:
        Why there is no file; None where there is one.

    Raises:
        OSError: another reason, such as a full disk.
    """
    try:
        configure_log(stage, log_dir, level)
    except OSError as error:
        if not is_unwritable(error):
            raise
        configure_terminal(level)
        return error
    return None
