"""What the service says of itself, on the terminal and in `logs/serve.log`."""

import logging

from loguru import logger

from relay.handoff.log import FILE_FORMAT, KEEP_FILES, ROTATE_BYTES, configure_terminal
from serve.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send the log to standard error and to a file; other than a stage, the service outlives a full disk."""
    configure_terminal(settings.log_level)
    try:
        settings.log_dir.mkdir(parents=True, exist_ok=True)
        logger.add(
            str(settings.log_dir / "serve.log").replace("{", "{{").replace("}", "}}"),
            level=settings.log_level,
            format=FILE_FORMAT,
            rotation=ROTATE_BYTES,
            retention=KEEP_FILES,
            catch=True,
            backtrace=False,
            diagnose=False,  # a traceback with the values of variables would show what callers sent
        )
    except OSError as error:
        logger.warning("{} cannot be written, the log goes to the terminal alone: {}", settings.log_dir, error)
    logging.basicConfig(handlers=[_ToLoguru()], level=logging.WARNING, force=True)


class _ToLoguru(logging.Handler):
    """What uvicorn and others log, in the form of all other lines."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.opt(exception=record.exc_info).log(record.levelname, "{}", record.getMessage())
