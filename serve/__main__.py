"""Serve the production model over HTTP: `python -m serve`.

load: settings, then in each worker the models; work: answer; save: each prediction in the log, before its answer.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Sequence

from loguru import logger

from relay.handoff.errors import RelayError
from relay.handoff.log import configure_terminal
from relay.handoff.renamed_variables import rename_variables
from relay.handoff.variables import describe_variables
from relay.handoff.verbs import Parser
from relay.registry.connection import find_registry
from serve.settings import API_ADDRESS, API_PORT, API_WORKERS, SHARED, VARIABLES, Settings, read_settings

READS = "serve/models/{model}"
WRITES = "serve/predictions.sqlite"

KEEP_ALIVE_SECONDS = 65
"""Longer than nginx keeps its connections to us (60 s): the side that sends must be the one that closes."""

START_FAILED = 3
"""Exit code of uvicorn, and of this program, where the port is taken or the log cannot be opened."""

GRACE_SECONDS = 30
"""For what is under way when the service is told to stop."""


def main(argv: Sequence[str]) -> int:
    """Serve until told to stop; gives the exit code."""
    options = _parser().parse_args(argv)
    given = {API_ADDRESS.name: options.host, API_PORT.name: options.port, API_WORKERS.name: options.workers}
    environment = {name: value for name, value in given.items() if value is not None}
    names = [variable.name for variable in VARIABLES]
    configure_terminal("INFO")
    try:
        environment = rename_variables({**os.environ, **environment}, names, logger.warning)
        settings = read_settings(environment)
        find_registry(settings.data_dir, settings.tracking_uri)
    except RelayError as error:
        logger.error("{}", error)
        return error.exit_code
    # The workers find the new names there, and do not warn of the old ones again.
    os.environ.update({name: environment[name] for name in names if name in environment} | _prepare(settings))
    return serve(settings)


def serve(settings: Settings) -> int:
    """Run the workers until a signal comes; what was begun is finished."""
    import uvicorn

    from serve.protocol import PatientProtocol
    from serve.stopping import run

    # uvicorn ends what was begun and then raises the signal again: a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="relay-metrics-") as folder:
        if settings.workers > 1:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # before a worker imports the client: see metrics.py
        config = uvicorn.Config(
            "serve.app:create_app",
            factory=True,
            host=settings.address,
            port=settings.port,
            workers=settings.workers,
            loop="uvloop",
            http=PatientProtocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        return 0 if run(config) else START_FAILED


def _prepare(settings: Settings) -> dict[str, str]:
    """What must stand in the environment before a worker imports numerical libraries."""
    # Each session and each pipeline computes in one thread; side by side are the requests.
    return {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS") or "1", "LOG_LEVEL": settings.log_level}


def _parser() -> Parser:
    parser = Parser(
        "serve",
        "Serves the production model over HTTP.",
        epilog=describe_variables((*VARIABLES, *SHARED)),
    )
    parser.add_argument("--host", help=API_ADDRESS.option)
    parser.add_argument("--port", help=API_PORT.option)
    parser.add_argument("--workers", help=API_WORKERS.option)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
