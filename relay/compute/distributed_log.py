"""What Dask logs goes to our log, at the lowest level: our own errors say what matters of it."""

import logging

from loguru import logger


class _ToOurs(logging.Handler):
    """Passes records on."""

    def emit(self, record: logging.LogRecord) -> None:
        logger.debug("{}: {}", record.name, record.getMessage())


def listen() -> None:
    """Take over the loggers of Dask, which by themselves write to standard error."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] == "distributed"]
    for name in names:
        one = logging.getLogger(name)
        one.handlers = []
        one.propagate = True
    top = logging.getLogger("distributed")
    top.handlers, top.propagate = [_ToOurs()], False
