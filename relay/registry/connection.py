"""A connection to the registry that is configured: MLflow embedded below the data folder, or an MLflow server.

Importing MLflow takes more than a second: it happens in `open_registry` and nowhere else.
"""

import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from filelock import FileLock

from relay.handoff.disk import is_unwritable
from relay.handoff.errors import UsageError
from relay.handoff.files import sync_file, sync_folder
from relay.handoff.settings import OFF
from relay.registry.errors import RegistryAwayError
from relay.registry.rest import ask_server

if TYPE_CHECKING:
    from mlflow import MlflowClient

SQLITE_SECONDS = 60
"""How long a writer waits for another one of the embedded database."""

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # Its own defaults are 120 seconds and 7 retries: a quarter of an hour before one hears that a server is gone.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
}
"""Settings of MLflow's client, where the environment says nothing else."""


@dataclass(frozen=True)
class Address:
    """Where the registry is."""

    uri: str
    """http(s)://… or sqlite:///…"""
    folder: Path | None
    """Holds database and artifacts of an embedded one."""

    @property
    def is_embedded(self) -> bool:
        """Whether it is ours alone, without a server."""
        return self.folder is not None

    @property
    def database(self) -> Path:
        """The file of an embedded one."""
        assert self.folder is not None  # noqa: S101 - asked of embedded ones only
        return self.folder / "mlflow.db"

    @property
    def is_made(self) -> bool:
        """Whether there is anything to read: a server, or the file of an embedded one."""
        return not self.is_embedded or self.database.exists()

    @property
    def artifacts(self) -> Path:
        """Where an embedded one keeps files."""
        assert self.folder is not None  # noqa: S101 - asked of embedded ones only
        return self.folder / "artifacts"


def find_registry(data_dir: Path, uri: str = "") -> Address | None:
    """Where the registry is; None when tracking is off.

    Args:
        data_dir: holds the embedded one, in `mlflow/`.
        uri: what MLFLOW_TRACKING_URI says; empty means embedded, `off` none.

    Raises:
        UsageError: the URI is neither of these nor http(s).
    """
    if uri == OFF:
        return None
    if not uri:
        folder = data_dir.absolute() / "mlflow"
        return Address(f"sqlite:///{folder / 'mlflow.db'}?timeout={SQLITE_SECONDS}", folder)
    if urlsplit(uri).scheme not in ("http", "https"):
        raise UsageError(
            f"MLFLOW_TRACKING_URI={uri}: expected http://host:port of an MLflow server, empty for the embedded "
            f"registry in data/mlflow/, or `{OFF}`"
        )
    return Address(uri.rstrip("/"), None)


def open_registry(address: Address) -> "MlflowClient":
    """A client of the registry; an embedded one is made when it is not there yet.

    Raises:
        RegistryAwayError: a server does not answer, or refuses our requests.
    """
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if not address.is_embedded:
        probe_server(address.uri)
        return _make_client(address.uri)
    address.artifacts.mkdir(parents=True, exist_ok=True)
    # Else MLflow makes a folder `mlruns` wherever the process stands, for an experiment that nobody uses.
    os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = str(address.artifacts)
    # Two processes that make one database at the same time hurt each other: one owner, under a lock.
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(address.database.with_suffix(".lock"), mode=0o666))
        except OSError as error:
            if not (address.is_made and is_unwritable(error)):
                raise
            return _open_embedded(address, is_read_only=True)
        return _open_embedded(address)


def _open_embedded(address: Address, *, is_read_only: bool = False) -> "MlflowClient":
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        if not address.database.exists():
            _create_database(address)
        client = _make_client(address.uri)
        client.search_registered_models(max_results=1)  # makes the tables of the registry, if there are none
        if not is_read_only:
            _adopt_folder(address)
    except (SQLAlchemyError, sqlite3.Error, MlflowException) as error:  # MLflow wraps some of the first two
        raise RegistryAwayError(
            f"the embedded registry {address.database} cannot be opened: {_shorten(error)}. Free disk space, fix the "
            "permissions, or move the folder away for a new one"
        ) from error
    return client


def find_experiment(client: "MlflowClient", address: Address, name: str) -> str:
    """The id of an experiment, made when there is none, taken back when it was deleted."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(name)
    if found is None:
        # A server keeps files where it was told to; embedded, MLflow would take the current folder.
        location = f"file://{address.artifacts}/{quote(name)}" if address.is_embedded else None
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except MlflowException:  # another run has made it meanwhile
            found = client.get_experiment_by_name(name)
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _create_database(address: Address) -> None:
    """Make the file under another name and rename it when it is whole.

    MLflow makes its tables in dozens of steps, of which SQLite undoes none: a kill between two of them would leave a
    file that never opens again.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for leftover in address.database.parent.glob("mlflow.db.new*"):  # the file of a killed start, and SQLite's journal
        leftover.unlink()
    # A name of its own: MLflow keeps the connection to a file that it could not finish, and would take it again.
    part = address.database.with_name(f"mlflow.db.new-{token_hex(4)}")
    make: Callable[[str, str], SqlAlchemyStore] = SqlAlchemyStore  # MLflow leaves it untyped
    store = make(f"sqlite:///{part}", str(address.artifacts))
    store.engine.dispose()
    sync_file(part)
    part.rename(address.database)
    sync_folder(part.parent)


def _make_client(uri: str) -> "MlflowClient":
    import mlflow

    # It logs a traceback of each failure that it raises; the error that comes of it says the same in a line.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    # MLflow looks a model's source up by a client of its own, which knows these two only. It also writes the address
    # into the environment, where whoever reads our settings next would take it for the user's.
    before = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    if before is not None:
        os.environ["MLFLOW_TRACKING_URI"] = before
    return mlflow.MlflowClient()


def probe_server(uri: str) -> None:
    """Make sure that an MLflow server answers the API, not only its health check.

    Raises:
        RegistryAwayError: it does not.
    """
    ask_server(uri, "experiments/search", {"max_results": 1})


@contextmanager
def explain_mlflow(address: Address) -> Iterator[None]:
    """What MLflow's client refuses or cannot reach, in one line.

    Raises:
        RegistryAwayError: MLflow raised.
    """
    from mlflow.exceptions import MlflowException

    try:
        yield
    except (MlflowException, sqlite3.Error) as error:
        where = "the embedded registry" if address.is_embedded else f"the MLflow server {address.uri}"
        raise RegistryAwayError(f"{where} failed: {_shorten(error)}") from error


def _shorten(error: Exception) -> str:
    """What the database said, or else the first line: messages of SQLAlchemy go on for pages."""
    message = str(getattr(error, "orig", None) or error)
    said = re.search(r"\(sqlite3\.\w+\) (.+)", message)
    return (said[1] if said else message.partition("\n")[0])[:300]


MOVED = {
    "experiments": "artifact_location",
    "runs": "artifact_uri",
    "logged_models": "artifact_location",
    "model_versions": "storage_location",
}
"""Table -> the column in which MLflow keeps whole paths."""


def _adopt_folder(address: Address) -> None:
    """Let an embedded registry that was moved, or is mounted elsewhere, find its files again.

    MLflow keeps whole paths. A folder `data/` is the same one at another path in a container.
    """
    now = f"file://{address.artifacts}"
    with closing(sqlite3.connect(address.database, timeout=SQLITE_SECONDS)) as database, database:
        database.execute("create table if not exists relay_folder (artifacts text)")
        row = database.execute("select artifacts from relay_folder").fetchone()
        if row is not None and row[0] == now:
            return
        for table, column in MOVED.items() if row is not None else ():
            database.execute(
                f"update {table} set {column} = ? || substr({column}, ?) where substr({column}, 1, ?) = ?",  # noqa: S608 - names of ours
                (now, len(row[0]) + 1, len(row[0]), row[0]),
            )
        database.execute("delete from relay_folder")
        database.execute("insert into relay_folder values (?)", (now,))
