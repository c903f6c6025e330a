"""What a person gave: a file, several, a folder, a URL or a database; by its name and its first bytes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import takewhile
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from adopt.data.unreadable import refuse_unreadable, show
from relay.handoff.errors import UsageError
from relay.handoff.settings import Settings
from relay.reading.compressed import strip_compression
from relay.reading.formats import ENDINGS
from relay.reading.listing import list_names
from relay.sources.databases import VARIABLE, check_database_url, find_sqlite_path
from relay.sources.urls import mask_url

URL = re.compile(r"https?://", re.IGNORECASE)
DATABASE = re.compile(r"(?:postgres(?:ql)?|sqlite):/", re.IGNORECASE)
OTHER_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://")
"""Such as ftp, s3 or mysql; messages do not repeat them, since they may hold a password."""
SQLITE_MAGIC = b"SQLite format 3\0"
SQLITE_ENDINGS = (".db", ".sqlite", ".sqlite3", ".db3")

LONGEST_ENDING = 9
"""Characters of the ending of a name, with its dot."""

TEXT_ENDINGS = (".txt", ".md", ".text")
"""Of documents, where a folder holds several."""


class Kind(StrEnum):
    """Where the rows are."""

    FILES = "files"
    FOLDER = "folder"
    URL = "url"
    DATABASE = "database"


@dataclass(frozen=True)
class Given:
    """What a person gave, found."""

    kind: Kind
    text: str
    """As it was given."""
    files: tuple[Path, ...] = ()
    """In the order of their names."""
    path: str = ""
    """The path or pattern of `[ingest]` that names them."""
    url: str = ""
    """Of a file, or of a database: what the recipe may say, which is the name of a variable where it holds a secret."""


def find_given(text: str, settings: Settings, environment: Mapping[str, str]) -> Given:
    """What a person gave.

    Raises:
        UsageError: nothing is there, or it may not stand in a recipe.
        SourceError: it is of a format that is not read; the message says what to do.
    """
    if not text.strip():
        raise UsageError("nothing was given; expected a file, a folder, a URL or a database")
    if URL.match(text):
        return Given(Kind.URL, text, url=text)
    if DATABASE.match(text):
        return Given(Kind.DATABASE, text, url=_find_database(text, environment))
    _refuse_other_url(text)
    if VARIABLE.fullmatch(text) and environment.get(text) and not Path(text).exists():
        return Given(Kind.DATABASE, text, url=text)
    path = Path(text).expanduser()
    if "*" in text and not path.exists():
        return _find_pattern(path, text, settings)
    if path.is_dir():
        return Given(Kind.FOLDER, text, path=write_path(path, settings))
    if not path.exists():
        raise UsageError(f"{show(text)}: no such file or folder{_suggest(path)}")
    if not path.is_file():
        raise UsageError(f"{show(text)}: neither a file nor a folder")
    if is_sqlite(path):
        return Given(Kind.DATABASE, text, url=f"sqlite:///{write_path(path, settings)}")
    _refuse_name(path)
    return Given(Kind.FILES, text, (path,), write_path(path, settings))


def _refuse_other_url(text: str) -> None:
    other = OTHER_URL.match(text)
    if other is not None and not Path(text).exists():
        raise UsageError(
            f"{other['scheme']}://…: URLs of this kind are not read; expected http, https, postgresql or sqlite",
            next_step="Download the file, or export the table as CSV or Parquet, and give that.",
        )


def is_sqlite(path: Path) -> bool:
    """Whether a file is a database of SQLite, by its first bytes."""
    with path.open("rb") as file:
        return file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC


def write_path(path: Path, settings: Settings) -> str:
    """A path as `[ingest] path` takes it: below the data folder `data/…`, any other absolute."""
    whole, data = path.absolute(), settings.data_dir.absolute()
    for one, folder in ((whole, data), (whole.resolve(), data.resolve())):
        if one.is_relative_to(folder):
            return f"data/{one.relative_to(folder).as_posix()}"
    return whole.as_posix()


def _refuse_name(path: Path) -> None:
    if "*" in path.name:
        raise UsageError(f"{show(path.name)}: in a recipe * stands for any signs; rename the file without it")
    refuse_unreadable(path)


def _find_pattern(path: Path, text: str, settings: Settings) -> Given:
    whole = path.absolute()
    fixed = Path(*takewhile(lambda part: "*" not in part, whole.parts))
    pattern = whole.relative_to(fixed).as_posix()
    files = tuple(one for one in sorted(fixed.glob(pattern)) if one.is_file()) if fixed.is_dir() else ()
    if not files:
        raise UsageError(f"{show(text)}: no file matches")
    for file in files:
        _refuse_name(file)
    return Given(Kind.FILES, text, files, f"{write_path(fixed, settings).rstrip('/')}/{pattern}")


def _find_database(url: str, environment: Mapping[str, str]) -> str:
    """What a recipe says of a database: its URL, or the variable that holds it where the URL has a password."""
    try:
        check_database_url(url)
    except ValueError as error:
        name = next((name for name, value in environment.items() if value == url and VARIABLE.fullmatch(name)), None)
        if name is not None:
            return name
        if "password" not in str(error):
            raise UsageError(str(error).removeprefix("url: ")) from None
        raise UsageError(
            "the URL of the database holds a password, which must not stand in a recipe",
            next_step="Put the URL into an environment variable, `export WAREHOUSE_URL='…'`, and give its name: "
            "`python -m adopt WAREHOUSE_URL`.",
        ) from None
    return url


def _suggest(path: Path) -> str:
    folder = path.parent
    names = [one.name for one in folder.iterdir() if one.exists()] if folder.is_dir() else []
    near = get_close_matches(path.name, names, n=1, cutoff=0.6)
    if near:
        return f"; is it {show(str(folder / near[0]))}?"
    others = [name for name in sorted(names) if PurePath(strip_compression(name)).suffix.lower() in ENDINGS]
    return f"; {show(str(folder))} holds {list_names([show(name) for name in others])}" if others else ""


def name_source(given: Given) -> str:
    """The words of a title: the name of the file, the folder, or the last part of the URL."""
    if given.kind == Kind.URL:
        return PurePath(urlsplit(mask_url(given.url)).path).name or urlsplit(given.url).hostname or "data"
    if given.kind == Kind.DATABASE:
        return PurePath(find_sqlite_path(given.url)).name or given.text
    return Path(given.text.rstrip("/")).name if "*" not in given.text else Path(given.path).parent.name


def make_title(name: str) -> str:
    """A title for people from the name of a file or table: `churn_2024.csv.gz` is "Churn 2024"."""
    plain = strip_compression(name)
    stem = PurePath(plain).stem if len(PurePath(plain).suffix) <= LONGEST_ENDING else plain
    words = " ".join(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", show(stem)))
    return words[:1].upper() + words[1:] or "Data"
