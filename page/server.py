"""`python -m page`: become the Streamlit server."""

import argparse
import os
import sys
from typing import NoReturn

from loguru import logger

from page.settings import PAGE_ADDRESS, PAGE_PORT, PAGE_UPLOAD_MB, VARIABLES
from relay.handoff.settings import ROOT, read_settings
from relay.handoff.variables import describe_variables
from relay.handoff.verbs import VerbAnswer

STDOUT = 1


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold.

    Raises:
        UsageError: an environment variable has an unsupported value.
    """
    port, address = PAGE_PORT.of(os.environ), PAGE_ADDRESS.of(os.environ)
    parser.add_argument("--port", type=int, default=port, help=PAGE_PORT.option)
    parser.add_argument("--address", default=address, help=PAGE_ADDRESS.option)
    parser.epilog = describe_variables(VARIABLES)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Say where the page will be; after that, this process becomes the server.

    Raises:
        UsageError: an environment variable has an unsupported value.
    """
    settings = read_settings()
    # Streamlit reads .streamlit/ where it is started; relative folders were meant from where the user is.
    folders = {"DATA_DIR": str(settings.data_dir), "LOG_DIR": str(settings.log_dir), "PYTHONPATH": str(ROOT)}
    url = f"http://{options.address}:{options.port}"
    logger.info("the page is on {}", url)
    command = [sys.executable, "-m", "streamlit", "run", "page/app.py"]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    command += ["--server.maxUploadSize", str(PAGE_UPLOAD_MB.of(os.environ))]

    def become() -> None:
        if options.json:
            os.dup2(sys.stderr.fileno(), STDOUT)  # Streamlit's own lines would follow the document
        _become(command, {**os.environ, **folders})

    return VerbAnswer({"url": url, "address": options.address, "port": options.port}, then=become)


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    os.chdir(ROOT)
    os.execve(command[0], command, environment)  # noqa: S606 - our own command line
