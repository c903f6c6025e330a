"""A connection to PostgreSQL that moves whole blocks of columns, by ADBC.

The driver's plain interface is used: its usual one, DB-API, imports half a second's worth of Arrow.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import adbc_driver_manager
import adbc_driver_postgresql

from relay.handoff.database import name_database
from relay.handoff.errors import RelayError

if TYPE_CHECKING:
    import pyarrow as pa

Result = TypeVar("Result")

CONNECT_SECONDS = 10
STOP_SECONDS = 5.0
"""That an interrupt waits for a server to give up a statement; one that is silent is left to itself."""

KEEP_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
"""Seconds and probes: a server that hears nothing of us for a minute ends our transaction and frees its locks, and we
give up one whose machine is gone."""

WRONG_COUNT = "08P01"
"""PostgreSQL's own code where values are too few."""

NO_COPY = {"adbc.postgresql.use_copy": "false"}
"""Statements give their count of rows only when they are not turned into a COPY."""

SERVER_WORDS = re.compile(r"(?:ERROR|FATAL|PANIC): +(.*?)\s*(?:Query was: .*)?(?:\. SQLSTATE: \w+)?$", re.S)
ADVICE = re.compile(r";? *Is the server running .*\?")
"""The client library's own; we say the next step ourselves."""
LIBRARY_WORDS = re.compile(r"(?:\w+: )?\[\w+\] (?:Failed to connect: )?")


class DatabaseError(RelayError):
    """The database is away, or refuses."""

    def __init__(self, message: str, state: str = "") -> None:
        super().__init__(message)
        self.state = state
        """PostgreSQL's code of the error (SQLSTATE); empty when the server was not reached or is gone."""


class Database:
    """An open connection; each statement stands for itself until `transaction`."""

    def __init__(self, url: str) -> None:
        self.name = name_database(url)
        """User, server and database, without the password."""
        self._is_stuck = False
        """A statement never came back: the connection may not be touched any more."""
        self._secrets = find_secrets(url)
        with self.explained():
            self._handle = adbc_driver_postgresql.connect(_complete(url))
            self._connection = adbc_driver_manager.AdbcConnection(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_stuck:
            self._connection.close()
            self._handle.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what the driver raises into an error in the server's own words.

        Raises:
            DatabaseError: the server is away, or refuses.
        """
        try:
            yield
        except adbc_driver_manager.Error as error:
            raise DatabaseError(f"{self.name}: {self._clean(str(error))}", error.sqlstate or "") from None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done inside comes in force together at the end, or not at all.

        Raises:
            DatabaseError: the server is away, or refuses.
        """
        with self.explained():
            self._connection.set_autocommit(False)
        try:
            yield
            with self.explained():
                self._connection.commit()
        except BaseException:
            self._roll_back()
            raise
        with self.explained():
            self._connection.set_autocommit(True)

    def execute(self, statement: str, *values: object) -> int:
        """Run a statement with its values bound to `$1` and so on; gives the rows that it found or changed, or -1."""
        with self.explained(), self._statement(statement, NO_COPY, values) as prepared:
            return int(self._wait(prepared, prepared.execute_update))

    def fetch(self, statement: str, *values: object) -> "pa.Table":
        """The rows of a statement, all at once."""
        import pyarrow as pa

        with self.explained(), self._statement(statement, NO_COPY, values) as prepared:
            stream, _ = self._wait(prepared, prepared.execute_query)
            return pa.RecordBatchReader.from_stream(stream).read_all()

    def append(self, schema: str, table: str, rows: "pa.RecordBatchReader") -> None:
        """Copy a stream of rows to the end of a table."""
        target = {
            "adbc.ingest.target_db_schema": schema,
            "adbc.ingest.target_table": table,
            "adbc.ingest.mode": "adbc.ingest.mode.append",
        }
        with self.explained(), self._statement(None, target) as prepared:
            prepared.bind_stream(rows)
            self._wait(prepared, prepared.execute_update)

    @contextmanager
    def _statement(self, text: str | None, options: dict[str, str], values: tuple[object, ...] = ()) -> Iterator[Any]:
        statement = adbc_driver_manager.AdbcStatement(self._connection)
        try:
            statement.set_options(**options)
            if text is not None:
                statement.set_sql_query(text)
                # The server prepares one statement and refuses more: a second could end a read-only transaction. The
                # driver puts off what it is told here until it is asked for the statement's placeholders.
                statement.prepare()
                described = statement.get_parameter_schema()
            if values:
                import pyarrow as pa

                placeholders = len(pa.schema(described))
                if placeholders != len(values):  # the driver would leave out in silence what is too many
                    found = f"the statement has {placeholders} placeholders, and {len(values)} values are given"
                    raise DatabaseError(f"{self.name}: {found}", WRONG_COUNT)
                statement.bind(pa.record_batch({str(number): [value] for number, value in enumerate(values)}))
            yield statement
        finally:
            if not self._is_stuck:
                statement.close()

    def _wait(self, statement: Any, work: Callable[[], Result]) -> Result:
        """What the work gives. It is done by a thread of its own, so that an interrupt is heard meanwhile."""
        results: list[Result] = []
        errors: list[BaseException] = []
        is_done = Event()

        def do() -> None:
            try:
                results.append(work())
            except BaseException as error:  # raised again by the thread that waits
                errors.append(error)
            finally:
                is_done.set()

        Thread(target=do, daemon=True).start()
        try:
            is_done.wait()
        except KeyboardInterrupt:
            Thread(target=statement.cancel, daemon=True).start()  # it connects to the server, which may be silent
            self._is_stuck = not is_done.wait(STOP_SECONDS)
            raise
        if errors:
            raise errors[0]
        return results[0]

    def _roll_back(self) -> None:
        if self._is_stuck:
            return
        try:
            self._connection.rollback()
            self._connection.set_autocommit(True)
        except adbc_driver_manager.Error:
            pass  # the connection is gone, and the transaction with it; what was raised before says why

    def _clean(self, message: str) -> str:
        """What the server said, without our own statement and without the password."""
        found = SERVER_WORDS.search(message)
        words = found[1] if found else LIBRARY_WORDS.sub("", message, count=1)
        words = re.sub(r"\s*\n\s*(?=\^)\^?|\s*\n\s*", "; ", words.strip())
        words = ADVICE.sub("", re.sub(" {2,}", " ", words).strip("; ^."))
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words


def find_secrets(url: str) -> list[str]:
    """The passwords in a URL, as they are written there and as they are meant; the longest first."""
    parts = urlsplit(url)
    written = parts.password or ""
    found = {written, unquote(written), dict(parse_qsl(parts.query)).get("password", "")}
    return sorted(found - {""}, key=len, reverse=True)


def quote_text(text: str) -> str:
    """A text as SQL takes it, for statements that take no bound values."""
    return "'" + text.replace("'", "''") + "'"


def _complete(url: str) -> str:
    """The URL with our patience, unless it says its own."""
    parts = urlsplit(url)
    given = dict(parse_qsl(parts.query))
    server = " ".join(f"-c tcp_{name}={value}" for name, value in KEEP_ALIVE.items())
    usual = {
        "connect_timeout": str(CONNECT_SECONDS),
        "application_name": "relay",
        "client_encoding": "UTF8",  # Arrow's texts; a database may keep another
        "options": server,
        **{name: str(value) for name, value in KEEP_ALIVE.items()},
    }
    # libpq takes %20 for a blank and a plus for itself.
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(usual | given, quote_via=quote)}"
