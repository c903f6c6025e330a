"""Which PostgreSQL the datasets and the prediction log go to, as the environment says it, and their names there."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from relay.handoff.errors import UsageError
from relay.handoff.variables import text, word

USE_POSTGRES = word(
    "USE_POSTGRES",
    "true: datasets become tables of PostgreSQL too, and predictions are logged there",
    ("true", "false"),
    default="false",
    read=lambda given: given.strip().lower(),
)
DATABASE_URL = text(
    "DATABASE_URL", "which PostgreSQL, postgresql://user:password@host:5432/database; goes before USE_POSTGRES"
)
POSTGRES_URL = text("POSTGRES_URL", "which one USE_POSTGRES means", "postgresql://relay@localhost:5432/relay")
DATABASE_PASSWORD_FILE = text("DATABASE_PASSWORD_FILE", "file with its password, where the URL has none")
DATABASE_VARIABLES = (USE_POSTGRES, DATABASE_URL, POSTGRES_URL, DATABASE_PASSWORD_FILE)

SCHEMES = ("postgresql", "postgres")


def read_database_url(environment: Mapping[str, str]) -> str:
    """The URL of the database with its password, empty when none is configured.

    DATABASE_URL goes first; else POSTGRES_URL where USE_POSTGRES is true. A URL without a password gets the one in
    the file that DATABASE_PASSWORD_FILE names.

    Raises:
        UsageError: a variable holds what it cannot, or the password's file cannot be read.
    """
    uses_postgres = USE_POSTGRES.of(environment) == "true"
    url, variable = DATABASE_URL.of(environment), DATABASE_URL
    if not url and uses_postgres:
        url, variable = POSTGRES_URL.of(environment), POSTGRES_URL
    if not url:
        return ""
    check_url(url, variable.name)
    file = DATABASE_PASSWORD_FILE.of(environment)
    return add_password(url, _read_password(Path(file))) if file and urlsplit(url).password is None else url


def check_url(url: str, variable: str) -> None:
    """Make sure that a URL is one of PostgreSQL.

    Raises:
        UsageError: it is not; the message does not show it, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # read late, and only then refused
        is_known = parts.scheme in SCHEMES and len(parts.path) > 1
    except ValueError:
        is_known = False
    if not is_known:
        raise UsageError(
            f"{variable}: not a URL of PostgreSQL; expected postgresql://user:password@host:5432/database, "
            "with signs such as @ : / in the password percent-encoded"
        )


def add_password(url: str, password: str) -> str:
    """The URL with this password, percent-encoded."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def name_database(url: str) -> str:
    """User, server and database of a URL for people to read, without the password: `relay@localhost:5432/relay`."""
    parts = urlsplit(url)
    user = dict(parse_qsl(parts.query)).get("user") or parts.username
    return f"{user}@{locate_database(url)}" if user else locate_database(url)


def locate_database(url: str) -> str:
    """Server and database of a URL, whoever asks: `localhost:5432/relay`."""
    parts = urlsplit(url)
    # A socket's folder can stand nowhere else in a URL, and libpq lets what stands here go before the rest.
    given = dict(parse_qsl(parts.query))
    host, port = given.get("host") or parts.hostname or "localhost", given.get("port") or parts.port or 5432
    return f"{host}:{port}/{given.get('dbname') or parts.path[1:]}"


def name_table(recipe: str) -> str:
    """The table of a recipe's dataset, in the schema of its folder: `processed/linear` is `processed.linear_data`."""
    return f"{recipe}_data"


def quote_name(name: str) -> str:
    """A name as SQL takes it, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def _read_password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise UsageError(
            f"DATABASE_PASSWORD_FILE={path}: the password cannot be read: {reason}. "
            "`make .env` makes the files of passwords"
        ) from None
    if not password:
        raise UsageError(f"DATABASE_PASSWORD_FILE={path}: the file is empty; write the password of the database to it")
    return password
