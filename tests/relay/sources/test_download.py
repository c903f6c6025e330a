"""One URL becomes one file, whatever the server and the line do. A real server answers on loopback."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path

import pytest
from http_server import Page, PageServer, serve
from hypothesis import given, settings
from hypothesis import strategies as st
from loguru import logger
from patience import HANG_SECONDS

from relay.handoff.errors import SourceError
from relay.sources.download import DownloadControl, RetryPolicy, StoppedError, download
from relay.sources.kept import Fetched, Wanted
from relay.sources.version import Version

BODY = b"id,name\n" + b"".join(b"%d,row\n" % number for number in range(20_000))
QUICK = RetryPolicy(connect_timeout=HANG_SECONDS, read_timeout=HANG_SECONDS, retries=3, first_delay=0.001)
YESTERDAY = formatdate(1_700_000_000, usegmt=True)

DOWNLOAD = """
import sys, threading
from pathlib import Path
from relay.sources.download import RetryPolicy, DownloadControl, download
from relay.sources.kept import Wanted
wanted = Wanted(sys.argv[1], sys.argv[1], "", Path(sys.argv[2]))
download(wanted, RetryPolicy(), DownloadControl(lambda _: None, threading.Event()))
"""


@pytest.fixture(scope="module")
def module_server() -> Iterator[PageServer]:
    with serve() as server:
        yield server


@pytest.fixture
def server(module_server: PageServer, monkeypatch: pytest.MonkeyPatch) -> PageServer:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    module_server.pages.clear()
    module_server.seen.clear()
    return module_server


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)), level="WARNING", format="{message}")
    yield lines
    logger.remove(sink)


def want(url: str, folder: Path, **more: object) -> Wanted:
    return Wanted(url=url, name=url, item="", folder=folder, **more)


def fetch(wanted: Wanted, policy: RetryPolicy = QUICK) -> Fetched | None:
    return download(wanted, policy, DownloadControl(advance=lambda _: None, stop=threading.Event()))


class Pauses(threading.Event):
    """Notes the pauses between attempts and makes none."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        return False


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def leave_part(wanted: Wanted, beginning: bytes, version: Version) -> None:
    """What a killed process leaves after the first bytes."""
    wanted.part.write_bytes(beginning)
    note = f'{{"version": {version.model_dump_json()}, "sha256": null}}'
    wanted.part.with_name(f"{wanted.part.name}.json").write_text(note)


def test_a_file_arrives_whole_with_its_digest_and_version(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"')), tmp_path)

    fetched = fetch(wanted)

    assert fetched == Fetched(digest(BODY), len(BODY), Version(etag='"one"', resumable='"one"'))
    assert wanted.part.read_bytes() == BODY
    assert server.asked("/rows.csv", "Accept-Encoding") == ["identity"]


@pytest.mark.parametrize("resets", [False, True])
def test_a_cut_connection_is_resumed_where_it_stopped(server: PageServer, tmp_path: Path, resets: bool) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, cuts=[70_000, 30_000], resets=resets))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [None, "bytes=70000-", "bytes=100000-"]
    assert server.asked("/rows.csv", "If-Range") == [None, '"one"', '"one"']


def test_a_date_of_change_serves_to_resume_when_there_is_no_etag(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, last_modified=YESTERDAY, ranges=True, cuts=[1000]))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "If-Range") == [None, YESTERDAY]


@pytest.mark.parametrize(
    "version",
    [
        {},
        {"etag": 'W/"weak"'},
        {"last_modified": formatdate(4_000_000_000, usegmt=True)},
    ],
    ids=["none", "weak ETag", "date of change not over yet"],
)
def test_without_a_promise_of_equal_bytes_a_cut_file_starts_over(
    server: PageServer, tmp_path: Path, version: dict[str, str]
) -> None:
    url = server.add("/rows.csv", Page(BODY, ranges=True, cuts=[1000], **version))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [None, None]


def test_a_server_without_ranges_makes_it_start_over(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', ranges=False, cuts=[1000]))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert (fetched.sha256, fetched.bytes) == (digest(BODY), len(BODY))
    assert server.asked("/rows.csv", "Range") == [None, "bytes=1000-"]


def test_a_file_that_changed_between_two_attempts_starts_over(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY.upper(), etag='"two"', ranges=True)), tmp_path)
    leave_part(wanted, BODY[:1000], Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched == Fetched(digest(BODY.upper()), len(BODY), Version(etag='"two"', resumable='"two"'))
    assert server.asked("/rows.csv", "If-Range") == ['"one"']


def test_a_wrong_range_makes_it_start_over(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, cuts=[1000], wrong_range=True))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [None, "bytes=1000-", None]


def test_a_range_of_another_version_makes_it_start_over(server: PageServer, tmp_path: Path) -> None:
    page = Page(BODY.upper(), etag='"two"', ranges=True, blind=True)
    wanted = want(server.add("/rows.csv", page), tmp_path)
    leave_part(wanted, BODY[:1000], Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY.upper())
    assert server.asked("/rows.csv", "Range") == ["bytes=1000-", None]


def test_a_range_that_holds_less_than_was_asked_for_is_gone_on_with(server: PageServer, tmp_path: Path) -> None:
    page = Page(BODY, etag='"one"', ranges=True, cuts=[1000], range_bytes=len(BODY) // 2)
    wanted = want(server.add("/rows.csv", page), tmp_path)

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range")[2] == f"bytes={1000 + len(BODY) // 2}-"


def test_not_modified_is_no_answer_to_a_range(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, first=[(304, {})])), tmp_path)
    leave_part(wanted, BODY[:1000], Version(etag='"one"', resumable='"one"'))

    with pytest.raises(SourceError, match="HTTP 304 Not Modified"):
        fetch(wanted)


def test_the_part_of_a_killed_process_is_resumed(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path)
    leave_part(wanted, BODY[:1000], Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == ["bytes=1000-"]


def test_a_part_without_a_note_is_not_resumed(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path)
    wanted.part.write_bytes(b"of another file")

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert wanted.part.read_bytes() == BODY
    assert server.asked("/rows.csv", "Range") == [None]


def test_a_part_that_lacks_nothing_is_finished_by_a_416(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path)
    leave_part(wanted, BODY, Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [f"bytes={len(BODY)}-"]


def test_a_part_that_is_too_long_starts_over(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path)
    leave_part(wanted, BODY + b"more", Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [f"bytes={len(BODY) + 4}-", None]


def test_a_complete_part_is_asked_for_by_its_version(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"')), tmp_path)
    fetch(wanted)

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "If-None-Match") == [None, '"one"']


def test_a_complete_part_that_was_damaged_is_fetched_again(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path)
    fetch(wanted)
    wanted.part.write_bytes(b"damaged")

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "If-None-Match") == [None, None]
    assert server.asked("/rows.csv", "Range") == [None, None]


def test_the_kept_version_is_not_fetched_again(server: PageServer, tmp_path: Path) -> None:
    kept = Version(etag='"one"', last_modified=YESTERDAY)
    url = server.add("/rows.csv", Page(BODY, etag='"one"', last_modified=YESTERDAY))

    assert fetch(want(url, tmp_path, kept=kept)) is None
    assert server.asked("/rows.csv", "If-None-Match") == ['"one"']
    assert server.asked("/rows.csv", "If-Modified-Since") == [YESTERDAY]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_is_busy_is_asked_again(server: PageServer, tmp_path: Path, status: int) -> None:
    url = server.add("/rows.csv", Page(BODY, first=[(status, {}), (status, {})]))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert len(server.seen) == 3


def test_retry_after_decides_the_pause(server: PageServer, tmp_path: Path, warnings: list[str]) -> None:
    asked = [
        (429, {"Retry-After": "0"}),
        (503, {"Retry-After": formatdate(4_000_000_000, usegmt=True)}),
    ]
    url = server.add("/rows.csv", Page(BODY, first=asked))

    pauses = Pauses()
    download(
        want(url, tmp_path),
        replace(QUICK, first_delay=60.0, longest_delay=30.0),
        DownloadControl(advance=lambda _: None, stop=pauses),
    )

    assert pauses.seconds == [0.0, 30.0]
    assert [line.strip().rpartition("; ")[2] for line in warnings] == ["tries again in 0.0 s", "tries again in 30.0 s"]


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(first_delay=1.0, longest_delay=5.0)

    pauses = [[policy.delay(failures, None) for _ in range(200)] for failures in (1, 2, 3, 4, 9)]

    for found, full in zip(pauses, (1.0, 2.0, 4.0, 5.0, 5.0), strict=True):
        assert full / 2 <= min(found) < max(found) <= full
    assert policy.delay(1, 3600.0) == 5.0


def test_a_server_that_stays_away_is_an_error_after_the_retries(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, first=[(503, {})] * 9))

    with pytest.raises(SourceError, match="HTTP 503 Service Unavailable; gave up after 4 attempts"):
        fetch(want(url, tmp_path))
    assert len(server.seen) == 4


def test_cuts_that_bring_the_file_on_do_not_count_as_failures(server: PageServer, tmp_path: Path) -> None:
    body = b"x" * (5 << 20)
    url = server.add("/rows.txt", Page(body, etag='"one"', ranges=True, cuts=[(1 << 20) + 10] * 4))

    fetched = fetch(want(url, tmp_path), replace(QUICK, retries=1))

    assert fetched is not None
    assert fetched.sha256 == digest(body)


def test_cuts_that_lead_nowhere_end(server: PageServer, tmp_path: Path) -> None:
    body = b"x" * (3 << 20)
    url = server.add("/rows.txt", Page(body, cuts=[2 << 20] * 9))

    with pytest.raises(SourceError, match="cut after 2,097,152 bytes; gave up after 4 attempts"):
        fetch(want(url, tmp_path))


def test_a_silent_server_is_asked_again(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, stalls=[1000]))

    fetched = fetch(want(url, tmp_path), replace(QUICK, read_timeout=0.5, retries=99))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    first, *others = server.asked("/rows.csv", "Range")
    assert (first, set(others)) == (None, {"bytes=1000-"})  # a slow machine may need more than one other


@pytest.mark.slow
def test_a_slow_server_is_borne(server: PageServer, tmp_path: Path) -> None:
    body = BODY[:16384]
    url = server.add("/rows.csv", Page(body, drip_seconds=0.4))

    # All of it takes longer than the limit, which is one for each piece.
    fetched = fetch(want(url, tmp_path), replace(QUICK, read_timeout=4.0))

    assert fetched is not None
    assert fetched.sha256 == digest(body)
    assert len(server.seen) == 1


def test_a_body_shorter_than_its_content_length_is_not_taken(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, claimed_bytes=len(BODY) + 1))

    with pytest.raises(SourceError, match=f"cut after {len(BODY):,} bytes; gave up after 4 attempts"):
        fetch(want(url, tmp_path))


@pytest.mark.parametrize("gzipped", [False, True])
def test_a_chunked_body_that_ends_early_is_fetched_again(server: PageServer, tmp_path: Path, gzipped: bool) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', chunked=True, gzipped=gzipped, cuts=[1000]))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert len(server.seen) == 2


def test_a_compressed_answer_is_unpacked_and_never_resumed(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, gzipped=True, cuts=[1000]))

    fetched = fetch(want(url, tmp_path))

    assert fetched == Fetched(digest(BODY), len(BODY), Version(etag='"one"'))
    assert server.asked("/rows.csv", "Range") == [None, None]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "open the URL in a browser"),
        (401, "it wants a login or a token"),
        (403, "it refuses; a token or a signed URL may have expired"),
        (404, "nothing is there; check the URL"),
        (410, "it was removed for good"),
    ],
)
def test_a_refusal_is_an_error_at_once(server: PageServer, tmp_path: Path, status: int, advice: str) -> None:
    url = server.add("/rows.csv", Page(BODY, first=[(status, {})]))

    with pytest.raises(SourceError, match=rf"^{url}: HTTP {status} .*: {advice}"):
        fetch(want(url, tmp_path))
    assert len(server.seen) == 1


def test_a_redirect_is_followed_with_what_was_asked(server: PageServer, tmp_path: Path) -> None:
    server.add("/there.csv", Page(BODY, etag='"one"', ranges=True, cuts=[1000]))
    url = server.add("/here.csv", Page(redirect="/there.csv"))

    fetched = fetch(want(url, tmp_path))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/there.csv", "Range") == [None, "bytes=1000-"]


def test_redirects_in_a_circle_are_an_error(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/here.csv", Page(redirect="/here.csv"))

    with pytest.raises(SourceError, match="more than 10 redirects"):
        fetch(want(url, tmp_path))
    assert len(server.seen) == 11


def test_the_end_of_a_redirect_is_named_without_its_secrets(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/here.csv", Page(redirect="/gone.csv?token=s3cret"))

    with pytest.raises(SourceError, match=r"redirected to http://[\d.:]+/gone.csv\?token=\*\*\*: HTTP 404"):
        fetch(want(url, tmp_path))


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/rows.csv", "http://[::1/rows.csv"])
def test_a_redirect_to_what_is_not_http_is_an_error(server: PageServer, tmp_path: Path, target: str) -> None:
    url = server.add("/here.csv", Page(redirect=target))

    with pytest.raises(SourceError, match="not a URL that can be fetched, or it redirects to such a one"):
        fetch(want(url, tmp_path))


def test_a_web_page_is_refused_and_not_resumed(server: PageServer, tmp_path: Path) -> None:
    page = Page(b"<!DOCTYPE html><title>Please log in</title>", etag='"one"', ranges=True)
    wanted = want(server.add("/rows.csv", page), tmp_path)

    for _ in range(2):
        with pytest.raises(SourceError, match="a web page came instead of data"):
            fetch(wanted)
    assert wanted.part.read_bytes() == page.body
    assert server.asked("/rows.csv", "Range") == [None, None]


def test_an_empty_file_is_refused(server: PageServer, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the file is empty"):
        fetch(want(server.add("/rows.csv", Page(b"")), tmp_path))


def test_the_expected_digest_is_accepted(server: PageServer, tmp_path: Path) -> None:
    fetched = fetch(want(server.add("/rows.csv", Page(BODY)), tmp_path, sha256=digest(BODY)))

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)


def test_another_digest_than_expected_is_refused(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path, sha256="0" * 64)

    with pytest.raises(SourceError, match=f"found SHA-256 {digest(BODY)} .*, expected {'0' * 64}"):
        fetch(wanted)
    assert not wanted.part.with_name(f"{wanted.part.name}.json").exists()


def test_a_resumed_file_with_a_wrong_digest_is_fetched_once_from_the_start(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True)), tmp_path, sha256=digest(BODY))
    leave_part(wanted, bytes(1000), Version(etag='"one"', resumable='"one"'))

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == ["bytes=1000-", None]


def test_a_port_where_nobody_listens_is_an_error_that_says_so(server: PageServer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(SourceError, match=r"Connection refused.*are host and port right.*after 2 attempts"):
        fetch(want(f"http://127.0.0.1:{port}/rows.csv", tmp_path), replace(QUICK, retries=1))


def test_an_unknown_host_is_an_error_that_says_so(
    server: PageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def know_nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", know_nobody)  # a real look-up would leave this machine

    with pytest.raises(SourceError, match="the host's name is not known; check its spelling"):
        fetch(want("http://name.invalid/rows.csv", tmp_path), replace(QUICK, retries=0))


def test_a_host_that_does_not_speak_tls_is_an_error_at_once(server: PageServer, tmp_path: Path) -> None:
    url = server.url("/rows.csv").replace("http:", "https:")

    with pytest.raises(SourceError, match="no trusted connection"):
        fetch(want(url, tmp_path))


def test_secrets_are_sent_and_never_said(server: PageServer, tmp_path: Path, warnings: list[str]) -> None:
    url = server.url("/rows.csv?token=s3cret").replace("//", "//me:pa55@")
    server.add("/rows.csv", Page(BODY, first=[(500, {}), (404, {})]))

    with pytest.raises(SourceError) as caught:
        fetch(replace(want(url, tmp_path), name="masked"))
    said = " ".join([str(caught.value), *warnings, *(path.name for path in tmp_path.iterdir())])
    assert "HTTP 500" in said
    assert "s3cret" not in said
    assert "pa55" not in said
    assert server.asked("/rows.csv", "Authorization") == ["Basic bWU6cGE1NQ=="] * 2


def test_a_download_that_is_stopped_leaves_what_came(server: PageServer, tmp_path: Path) -> None:
    wanted = want(server.add("/rows.csv", Page(BODY, etag='"one"', ranges=True, drip_seconds=0.01)), tmp_path)
    stop = threading.Event()

    with pytest.raises(StoppedError):
        download(wanted, QUICK, DownloadControl(advance=lambda _: stop.set(), stop=stop))

    came = wanted.part.read_bytes()
    assert 0 < len(came) < len(BODY)
    assert BODY.startswith(came)


def test_a_killed_process_is_resumed_by_the_next(server: PageServer, tmp_path: Path) -> None:
    page = Page(BODY, etag='"one"', ranges=True, stalls=[100_000])
    wanted = want(server.add("/rows.csv", page), tmp_path)
    process = subprocess.Popen([sys.executable, "-c", DOWNLOAD, wanted.url, str(tmp_path)])
    while not wanted.part.exists() or wanted.part.stat().st_size < 100_000:
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    fetched = fetch(wanted)

    assert fetched is not None
    assert fetched.sha256 == digest(BODY)
    assert server.asked("/rows.csv", "Range") == [None, "bytes=100000-"]


@pytest.mark.property
@settings(deadline=None, max_examples=60)
@given(
    tail=st.binary(max_size=3000),
    cuts=st.lists(st.integers(0, 3000), max_size=8),
    etag=st.sampled_from([None, '"one"', 'W/"one"']),
    ranges=st.booleans(),
    chunked=st.booleans(),
    gzipped=st.booleans(),
)
def test_any_body_cut_anywhere_arrives_byte_identical(
    module_server: PageServer,
    tail: bytes,
    cuts: list[int],
    etag: str | None,
    ranges: bool,
    chunked: bool,
    gzipped: bool,
) -> None:
    body = b"a" + tail
    page = Page(body, etag=etag, ranges=ranges, cuts=cuts, chunked=chunked, gzipped=gzipped)
    with tempfile.TemporaryDirectory() as folder:
        wanted = want(module_server.add("/any.txt", page), Path(folder))
        fetched = fetch(wanted, RetryPolicy(retries=9, first_delay=0.0))
        assert fetched is not None
        assert (wanted.part.read_bytes(), fetched.sha256) == (body, digest(body))
