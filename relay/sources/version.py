"""What a server says of a file's version: to ask for another one only, and to go on where a download was cut."""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Self

from pydantic import BaseModel, ConfigDict


class Version(BaseModel):
    """What the server says tells this version of a file from others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    etag: str | None = None
    last_modified: str | None = None
    resumable: str | None = None
    """The one of the two that promises equal bytes; None: what was cut must start over."""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """What the headers of an answer say.

        Source: RFC 9110, 8.8 and 13.1.5: a weak ETag does not promise equal bytes, and a date of change only when
        its second had passed. A compressed answer is kept unpacked, where its byte numbers mean nothing.
        """
        etag, last_modified = headers.get("ETag"), headers.get("Last-Modified")
        resumable = None
        if "Content-Encoding" not in headers:
            if etag is not None and not etag.startswith("W/"):
                resumable = etag
            elif etag is None and last_modified is not None and _is_over(last_modified, headers.get("Date")):
                resumable = last_modified
        return cls(etag=etag, last_modified=last_modified, resumable=resumable)

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask for the file only when it has another version; empty when the server tells none."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def _is_over(last_modified: str, date: str | None) -> bool:
    """Whether the second of the change had passed, so that no other change bears the same date."""
    try:
        return parsedate_to_datetime(date or "") - parsedate_to_datetime(last_modified) >= timedelta(seconds=1)
    except (ValueError, TypeError):
        return False


def says_its_end(headers: Mapping[str, str]) -> bool:
    """Whether the headers of an answer tell a lost connection from the end of the body."""
    return "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower()
