"""`python -m page`: become the Streamlit server."""

import argparse
import os
import sys
from typing import NoReturn

from loguru import logger

from page.settings import ENVIRONMENT
from relay.handoff.settings import ROOT, read_settings
from relay.handoff.verbs import VerbAnswer

PORT = 8501
STDOUT = 1
ADDRESS = "127.0.0.1"
"""Whoever reaches the page can start runs: other machines reach it only where somebody asks for that."""


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold."""
    port, address = os.environ.get("PAGE_PORT") or PORT, os.environ.get("PAGE_ADDRESS") or ADDRESS
    parser.add_argument("--port", type=int, default=port, help=f"PAGE_PORT (default: {PORT})")
    parser.epilog = "Environment:\n" + "\n".join(f"  {name:<22} {text}" for name, text in ENVIRONMENT.items())
    parser.add_argument("--address", default=address, help=f"where to listen, PAGE_ADDRESS (default: {ADDRESS})")


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

    def become() -> None:
        if options.json:
            os.dup2(sys.stderr.fileno(), STDOUT)  # Streamlit's own lines would follow the document
        _become(command, {**os.environ, **folders})

    return VerbAnswer({"url": url, "address": options.address, "port": options.port}, then=become)


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    os.chdir(ROOT)
    os.execve(command[0], command, environment)  # noqa: S606 - our own command line
