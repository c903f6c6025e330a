"""Which database is asked, and for what: URLs without secrets, names of variables that hold them."""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from relay.handoff.database import check_url, quote_name
from relay.handoff.errors import UsageError
from relay.sources.urls import SECRET_KEYS

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
"""The name of an environment variable that holds the URL of a database."""

SQLITE = "sqlite"


def check_database_url(url: str) -> None:
    """Make sure that a recipe names a database that can be asked, and no secret.

    Raises:
        ValueError: it does not; the message shows neither the URL nor what may be a password in it.
    """
    if find_sqlite_path(url):
        return
    try:
        parts = urlsplit(url)
        _ = parts.port  # read late, and only then refused
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if parts.scheme not in ("postgresql", "postgres") or len(parts.path) < 2:
        raise ValueError("url: expected postgresql://user@host:5432/database, sqlite:///path or a variable's name")
    if parts.password is not None or SECRET_KEYS.search(parts.query):
        raise ValueError(
            "url: holds a password; a recipe is no place for one. Put the URL into an environment variable and name "
            'it: url = "WAREHOUSE_URL"'
        )


def find_sqlite_path(url: str) -> str:
    """The path in `sqlite:///path` as it is written, with any character; empty in any other URL."""
    scheme, mark, path = url.partition(":///")
    return path if mark and scheme.lower() == "sqlite" else ""


def find_url(written: str, configured: str, environment: Mapping[str, str]) -> str:
    """The URL of the database that a recipe means, with its password.

    Raises:
        UsageError: it names a variable that holds no URL, or nothing, and no database is configured.
    """
    if VARIABLE.fullmatch(written):
        url = environment.get(written) or ""
        if urlsplit(url).scheme != SQLITE:
            check_url(url, written)
        return url
    if not (written or configured):
        raise UsageError(
            "[ingest] url: the recipe names no database, and none is configured: set DATABASE_URL or "
            "USE_POSTGRES=true, or write url = … into the recipe"
        )
    return written or configured


def select_all(table: str) -> str:
    """The statement that asks for a whole table.

    Args:
        table: its name, or schema.name.
    """
    return "select * from " + ".".join(map(quote_name, table.split(".")))  # noqa: S608
