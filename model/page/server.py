"""`python -m model page`: become the Streamlit server."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from loguru import logger

from handoff.errors import RelayError
from handoff.settings import ROOT, read_settings

PORT = 8501
ADDRESS = "127.0.0.1"
"""Whoever reaches the page can start runs: other machines reach it only where somebody asks for that."""


def main(argv: Sequence[str]) -> int:
    """Replace this process by the server; gives an exit code only when the environment holds what cannot be."""
    options = _parser().parse_args(argv)
    try:
        settings = read_settings()
    except RelayError as error:
        logger.error("{}", error)
        return error.exit_code
    # Streamlit reads .streamlit/ where it is started; relative folders were meant from where the user is.
    folders = {"DATA_DIR": str(settings.data_dir), "LOG_DIR": str(settings.log_dir), "PYTHONPATH": str(ROOT)}
    os.chdir(ROOT)
    logger.info("the page is on http://{}:{}", options.address, options.port)
    command = [sys.executable, "-m", "streamlit", "run", "model/page/app.py"]
    command += ["--server.port", str(options.port), "--server.address", options.address]
    return _become(command, {**os.environ, **folders})


def _become(command: list[str], environment: dict[str, str]) -> NoReturn:
    os.execve(command[0], command, environment)  # noqa: S606 - our own command line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m model page", description="Serves the page.")
    port, address = os.environ.get("PAGE_PORT") or PORT, os.environ.get("PAGE_ADDRESS") or ADDRESS
    parser.add_argument("--port", type=int, default=port, help=f"PAGE_PORT (default: {PORT})")
    parser.add_argument("--address", default=address, help=f"where to listen, PAGE_ADDRESS (default: {ADDRESS})")
    return parser
