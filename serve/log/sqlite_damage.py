"""Whether a file of SQLite is a prediction log that can be trusted, as far as SQLite can tell.

SQLite keeps no checksums of its pages: a changed letter within a text is not found.
"""

import sqlite3
import stat
import time
from functools import lru_cache
from pathlib import Path

from serve.log.sqlite_tables import list_migrations
from serve.log.sqlite_wal import explain_wal, read_index
from serve.log.table_version import require_known_version

ATTEMPTS = 20
"""To read a write-ahead file that others change meanwhile."""

PAUSE_SECONDS = 0.005
"""Between two of them: longer than a process takes from the last copied commit to the removed file."""

CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Part = tuple[str, ...]
"""A column of a table or of an index, with what is declared of it."""


class DamagedError(Exception):
    """The file cannot be trusted; the message says what was found in it."""


def is_damage(error: BaseException) -> bool:
    """Whether an error says that the file is damaged, and not that it cannot be reached now."""
    return isinstance(error, DamagedError) or (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in CODES


def examine_files(path: Path) -> None:
    """Make sure, without opening it, that a log is a file, and that SQLite would read all of its write-ahead file.

    Raises:
        DamagedError: it is not.
        OSError: there is something else in its place, or it cannot be read.
    """
    wal = path.with_name(f"{path.name}-wal")
    found = path.stat() if path.exists() else None
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise OSError("a folder or a device is in its place: move it away, or set SERVE_DIR")
    if found is None and wal.exists() and wal.stat().st_size:
        raise DamagedError(f"the file is missing, and {wal.name} is there")
    if found is not None and not found.st_size:
        raise DamagedError("the file is empty")
    if found is not None:
        examine_wal(path, wal)


def examine_wal(path: Path, wal: Path) -> None:
    """Make sure that SQLite would read all of a write-ahead file, also while other processes write to it or close it.

    The last process that closes a log copies all commits into it and removes the write-ahead file. Whoever reads the
    index before that and the file afterwards finds commits that seem to be lost; then the index is another one now.

    Raises:
        DamagedError: it would not.
    """
    for attempt in range(ATTEMPTS):
        index = read_index(path)  # first: frames that come meanwhile are no loss
        why = explain_wal(wal, index)
        if why is None:
            return
        if read_index(path) == index or attempt == ATTEMPTS - 1:
            raise DamagedError(why)
        time.sleep(PAUSE_SECONDS)


def examine_head(path: Path) -> None:
    """Make sure that a file begins as one of SQLite does, without a look at its write-ahead file.

    When SQLite closes a file it writes what stands there into it, whatever it is.

    Raises:
        DamagedError: it does not.
    """
    connection = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    try:
        connection.execute("pragma schema_version")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise DamagedError(str(error)) from error
    finally:
        connection.close()


def examine_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Make sure that a file has the tables of a prediction log, or none.

    Raises:
        DamagedError, sqlite3.DatabaseError: it has others.
        LogVersionError: a newer program made them.
    """
    (encoding,) = connection.execute("pragma encoding").fetchone()
    found = read_parts(connection)
    if not found:
        return
    version = read_version(connection) if ("schema_version", "version") in {part[:2] for part in found} else 0
    if version < 1:
        names = ", ".join(sorted({part[0] for part in found})[:5])
        raise DamagedError(f"it is not a prediction log: it has {names}")
    require_known_version(version, len(list_migrations()), str(path), "another folder")
    changed = {part[0] for part in list_parts(list_migrations()[:version]) - found}
    if changed or encoding != "UTF-8":
        raise DamagedError(f"not as the log made it: {', '.join(sorted(changed)) or encoding}")


def read_version(connection: sqlite3.Connection) -> int:
    """The version of the tables; 0 where none is written."""
    (version,) = connection.execute("select max(version) from schema_version").fetchone()
    return version if isinstance(version, int) else 0


def examine_content(connection: sqlite3.Connection) -> None:
    """Read all pages and compare each index with its table.

    Raises:
        DamagedError, sqlite3.DatabaseError: something is wrong.
    """
    (said,) = connection.execute("pragma integrity_check(1)").fetchone()
    if said != "ok":
        raise DamagedError(" ".join(said.replace("***", "").split()))


def read_parts(connection: sqlite3.Connection) -> frozenset[Part]:
    """The columns of all tables and indexes, with types, keys and what must be unique."""
    tables = connection.execute(
        'select m.name, c.name, c.type, c."notnull", c.pk from sqlite_master m, pragma_table_info(m.name) c'
        " where m.type = 'table' and m.name not like 'sqlite_%'"
    )
    indexes = connection.execute(
        'select i.name, c.name, i."unique", i.partial, m.name from sqlite_master m, pragma_index_list(m.name) i,'
        " pragma_index_info(i.name) c where m.type = 'table' and m.name not like 'sqlite_%'"
    )
    return frozenset(tuple(map(str, row)) for found in (tables, indexes) for row in found.fetchall())


@lru_cache
def list_parts(migrations: tuple[tuple[str, ...], ...]) -> frozenset[Part]:
    """What a file has to which these migrations were applied."""
    connection = sqlite3.connect(":memory:")
    try:
        for statements in migrations:
            for statement in statements:
                connection.execute(statement)
        return read_parts(connection)
    finally:
        connection.close()
