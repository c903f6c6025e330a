"""A URL becomes a file: fetched, tried again, resumed where it was cut, checked, and on disk."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import requests
import urllib3
from loguru import logger

from relay.handoff.errors import SourceError
from relay.handoff.receipt import Origin
from relay.reading.rawfile import RawFile
from relay.sources.kept import Fetched, Part, Wanted
from relay.sources.session import REDIRECTS, Session, Watch, explain_failure
from relay.sources.urls import mask_url
from relay.sources.version import Version, says_its_end

PIECE_BYTES = 1 << 20
"""The most that is taken from the socket at once; also how far an attempt must come to count as a success."""

ADVICE = {
    401: "it wants a login or a token; put it in the URL",
    403: "it refuses; a token or a signed URL may have expired",
    404: "nothing is there; check the URL in the recipe",
    407: "the proxy wants a login; check HTTP_PROXY and HTTPS_PROXY",
    410: "it was removed for good; find where the data lies now",
}


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait, how often to try, and how much to take. All times in seconds."""

    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    retries: int = 4
    """Further attempts after one that brought less than a piece."""
    first_delay: float = 1.0
    longest_delay: float = 60.0
    """Also the longest Retry-After that is obeyed."""
    max_bytes: int = 100_000_000_000
    """Of one file: the most that is taken."""
    max_seconds: float = 86_400.0
    """For one file, all attempts together."""

    def delay(self, failures: int, asked: float | None) -> float:
        """Seconds before the next attempt: what the server asked for, else doubled each time, with jitter."""
        if asked is not None:
            return min(asked, self.longest_delay)
        doubled = self.first_delay * 2.0 ** (failures - 1)
        jitter = random.uniform(0.5, 1.0)  # many that were thrown out together do not come back together
        return min(doubled, self.longest_delay) * jitter


@dataclass(frozen=True)
class DownloadControl:
    """What ties a download to those beside it."""

    advance: Callable[[int], object]
    """Told of the bytes as they come."""
    stop: threading.Event
    """Set when another one failed or the user interrupts."""

    def check(self) -> None:
        """Go on, unless asked to stop.

        Raises:
            StoppedError: what came so far stays to be resumed.
        """
        if self.stop.is_set():
            raise StoppedError


class StoppedError(Exception):
    """The file is not needed any more."""


class _StartOverError(Exception):
    """What lies there is not the beginning of what the server has."""


class _TransientError(Exception):
    """It may go better next time."""

    def __init__(self, problem: str, retry_after: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after = retry_after


def download(wanted: Wanted, policy: RetryPolicy, control: DownloadControl) -> Fetched | None:
    """One file, tried until it is whole; None when the kept version still is the server's.

    Raises:
        SourceError: the server refuses, is away for too long, or sends something else.
        StoppedError: it was asked to stop.
        OSError: the disk refuses.
    """
    failures, furthest = 0, 0
    watch = Watch(wanted.name, wanted.url, policy.max_seconds)
    with Part(wanted.part) as part, watch, Session(watch) as session:
        take = Taking(wanted, part, policy, control, watch)
        while True:
            control.check()
            try:
                return _attempt(take, session)
            except _StartOverError:
                part.restart(Version())
                continue
            except _TransientError as error:
                watch.require_time(part.bytes)
                problem = error
            # A long file on a bad line may be cut often, as long as each attempt brings it on.
            failures = 1 if part.bytes >= furthest + PIECE_BYTES else failures + 1
            furthest = max(furthest, part.bytes)
            if failures > policy.retries:
                raise SourceError(f"{wanted.name}: {problem}; gave up after {failures} attempts, run again later")
            delay = policy.delay(failures, problem.retry_after)
            logger.warning("{}: {}; tries again in {:.1f} s", wanted.name, problem, delay)
            control.stop.wait(min(delay, watch.seconds_left))


@dataclass(frozen=True)
class Taking:
    """What the attempts to fetch one file share."""

    wanted: Wanted
    part: Part
    policy: RetryPolicy
    control: DownloadControl
    watch: Watch

    def require_size(self, found: int) -> None:
        """Return when a file of so many bytes is taken.

        Raises:
            SourceError: it is not; what came of it is removed.
        """
        if found > self.policy.max_bytes:
            self.part.restart(Version())
            raise SourceError(
                f"{self.wanted.name}: it has {found:,} bytes or more, and the limit of max_bytes is "
                f"{self.policy.max_bytes:,}; if the file is right, raise max_bytes in [ingest]"
            )


def _attempt(take: Taking, session: requests.Session) -> Fetched | None:
    """One request and its answer."""
    wanted, part = take.wanted, take.part
    headers = _conditions(wanted, part)
    with _ask(take, session, headers) as answer:
        if answer.status_code == HTTPStatus.NOT_MODIFIED and headers and "Range" not in headers:
            return _finish(wanted, part) if part.is_complete else None
        if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and "Range" in headers:
            if _content_range(answer)[1] != part.bytes:
                raise _StartOverError
            return _finish(wanted, part)  # nothing was missing but the end of the process that fetched it
        _refuse_status(wanted, answer)
        total = _begin(part, answer)
        take.require_size(total or 0)
        part.may_be_cut = total is None and not says_its_end(answer.headers)
        _receive(take, answer)
    if total is not None and part.bytes != total:
        raise _TransientError(f"{part.bytes:,} bytes came, expected {total:,}")
    return _finish(wanted, part)


def _conditions(wanted: Wanted, part: Part) -> dict[str, str]:
    """The headers that spare what is there already."""
    if part.is_complete and part.version.conditions:
        return part.version.conditions
    if part.bytes and part.version.resumable:
        return {"Range": f"bytes={part.bytes}-", "If-Range": part.version.resumable}
    return wanted.kept.conditions if wanted.kept is not None else {}


@contextmanager
def _ask(take: Taking, session: requests.Session, headers: dict[str, str]) -> Iterator[requests.Response]:
    """The answer, its body not read yet. What requests says may hold the URL's secrets: it is never repeated."""
    wanted, policy = take.wanted, take.policy
    timeout = (policy.connect_timeout, policy.read_timeout)
    try:
        answer = session.get(wanted.url, headers=headers, stream=True, timeout=timeout)
    except requests.TooManyRedirects:
        raise SourceError(
            f"{wanted.name}: more than {REDIRECTS} redirects, probably in a circle; open the URL in a browser"
        ) from None
    except requests.exceptions.SSLError:
        take.watch.require_time(take.part.bytes)
        raise SourceError(
            f"{wanted.name}: no trusted connection; check that the host serves https under this name, this machine's "
            "clock, and REQUESTS_CA_BUNDLE behind a company's proxy"
        ) from None
    except ValueError:  # InvalidURL, InvalidSchema, and urllib.parse's own for the target of a redirect
        raise SourceError(f"{wanted.name}: not a URL that can be fetched, or it redirects to such a one") from None
    except requests.RequestException as error:
        raise _TransientError(explain_failure(error, timeout)) from None
    try:
        yield answer
    finally:
        answer.close()


def _refuse_status(wanted: Wanted, answer: requests.Response) -> None:
    """Raises unless the answer brings the file, or the rest of it that was asked for."""
    code = answer.status_code
    if code == HTTPStatus.OK or (code == HTTPStatus.PARTIAL_CONTENT and "Range" in answer.request.headers):
        return
    problem = f"HTTP {code} {answer.reason}"
    if code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT) or code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _TransientError(problem, _retry_after(answer.headers))
    here = mask_url(answer.url)
    redirected = f", redirected to {here}" if answer.history and here != wanted.name else ""
    raise SourceError(f"{wanted.name}{redirected}: {problem}: {ADVICE.get(code, 'open the URL in a browser')}")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait; a date counts from the server's own clock."""
    text = headers.get("Retry-After", "")
    if text.isdecimal():
        return float(text)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers["Date"])
    except (ValueError, KeyError, TypeError):
        return None
    return max(0.0, wait.total_seconds())


def _begin(part: Part, answer: requests.Response) -> int | None:
    """Make the part ready for the body; gives the bytes that it will have, where the server says so."""
    version = Version.read(answer.headers)
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        start, total = _content_range(answer)
        # An ETag must come again (RFC 9110, 15.3.7), a date need not.
        is_same = version.etag == part.version.etag and version.last_modified in (None, part.version.last_modified)
        if start != part.bytes or not is_same:
            raise _StartOverError
        part.is_resumed = True
        return total
    part.restart(version)
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() and "Content-Encoding" not in answer.headers else None


def _content_range(answer: requests.Response) -> tuple[int | None, int | None]:
    """First byte and total of `Content-Range: bytes 5-9/10` or `bytes */10`, None for what it does not say."""
    span, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
    start = span.partition("-")[0]
    return int(start) if start.isdecimal() else None, int(total) if total.isdecimal() else None


def _receive(take: Taking, answer: requests.Response) -> None:
    """Append the body to the part as it comes."""
    part = take.part
    while True:
        try:
            # read1 gives what one look at the socket brings: nothing that came is lost when the line is cut.
            piece = answer.raw.read1(PIECE_BYTES, decode_content=True)
        except urllib3.exceptions.ReadTimeoutError:
            raise _TransientError(f"the server fell silent after {part.bytes:,} bytes") from None
        except urllib3.exceptions.HTTPError:
            raise _TransientError(f"the connection was cut after {part.bytes:,} bytes") from None
        take.control.check()
        take.watch.require_time(part.bytes)
        if not piece:
            return
        take.require_size(part.bytes + len(piece))
        part.append(piece)
        take.control.advance(len(piece))


def _finish(wanted: Wanted, part: Part) -> Fetched:
    """Check what came as a whole, and put it on disk."""
    try:
        _check_content(wanted, part)
    except SourceError:
        part.refuse()
        raise
    part.may_be_cut &= wanted.sha256 is None
    part.complete()
    return Fetched(part.sha256, part.bytes, part.version, part.may_be_cut)


def _check_content(wanted: Wanted, part: Part) -> None:
    origin = Origin(where=wanted.name, sha256=part.sha256, bytes=part.bytes)
    RawFile(wanted.name, "", part.path, origin).sniff(may_be_page=wanted.may_be_page)
    if wanted.sha256 is None or part.sha256 == wanted.sha256.lower():
        return
    if part.is_resumed:
        raise _StartOverError  # its beginning is from another time: perhaps that is the reason
    raise SourceError(
        f"{wanted.name}: found SHA-256 {part.sha256} ({part.bytes:,} bytes), expected {wanted.sha256}; "
        f"look at {part.path}, then correct the URL or sha256 in the recipe"
    )
