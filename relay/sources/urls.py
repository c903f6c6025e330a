"""URLs in messages, receipts and file names: without the secrets that they may hold."""

import hashlib
import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from relay.handoff.errors import RecipeError

SECRET_KEYS = re.compile(
    r"token|secret|signature|passw|pwd|credential|auth(?!or)|access.?key|session|jwt|key$|sig$", re.IGNORECASE
)
"""Parts of the names under which services take secrets in a query: `api_key`, `sig` (Azure), `X-Amz-Signature`."""
QUERY_PAIR = re.compile(r"(?P<key>[^=&;]+)=(?P<value>[^&;]*)")


DIGEST_CHARS = 16  # 64 bits: enough to tell the files of one folder apart
NAME_CHARS = 80  # with the digest and ".part.json" far below the 255 that file systems allow


def mask_url(url: str) -> str:
    """The URL for people to read: no user, no password, no token, key or signature, no fragment.

    Raises:
        RecipeError: it cannot be parsed.

    >>> mask_url("https://me:pass@host.org/data.csv?year=2024&api_key=ab12")
    'https://***@host.org/data.csv?year=2024&api_key=***'
    """
    parts = _split(url)
    _, sign, host = parts.netloc.rpartition("@")
    query = QUERY_PAIR.sub(_mask_pair, parts.query)
    return urlunsplit((parts.scheme, f"***@{host}" if sign else host, parts.path, query, ""))


def digest_url(url: str) -> str:
    """16 hexadecimal digits that tell one URL from another, secrets in the query included.

    User and password are left out: a short password could be guessed from its digest, and does not change the file.

    Raises:
        RecipeError: it cannot be parsed.
    """
    parts = _split(url)
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    return hashlib.sha256(bare.encode()).hexdigest()[:DIGEST_CHARS]


def name_file(url: str) -> str:
    """The last part of the URL's path as a name that every file system takes, its ending kept."""
    last = unquote(_split(url).path).rpartition("/")[2]
    return re.sub(r"[^A-Za-z0-9._-]+", "_", last)[-NAME_CHARS:].lstrip(".") or "data"


def path_file(url: str) -> str:
    """The same name behind the folders of the URL's path."""
    return str(PurePosixPath(unquote(_split(url).path)).parent / name_file(url))


def _mask_pair(pair: re.Match[str]) -> str:
    return f"{pair['key']}=***" if SECRET_KEYS.search(unquote(pair["key"])) else pair[0]


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:  # such as a bracket that is not closed; the URL is not shown: it may hold a secret
        raise RecipeError(f"[ingest] url: one is not a URL: {error}") from None
