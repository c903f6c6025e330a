"""A download ends, however long the server goes on, and goes only where the recipe's own URL could lead."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from http_server import Page, PageServer, serve

from relay.handoff.errors import SourceError
from relay.sources import session
from relay.sources.download import DownloadControl, RetryPolicy, download
from relay.sources.kept import Fetched, Wanted
from relay.sources.session import Session, Watch, find_kind

Desk = Any  # tests/conftest.py

BODY = b"age\n" + b"".join(b"%d\n" % number for number in range(20_000))

RECIPE = """
title = "Fetched"
[ingest]
source = "http"
url = "URL"
retries = 1
KEYS
[columns]
age = { type = "int", role = "input" }
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A server on loopback, reached without a proxy."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serve() as server:
        yield server


def fetch(url: str, folder: Path, **limits: Any) -> Fetched | None:
    """Download one file, with one further attempt."""
    policy = RetryPolicy(connect_timeout=20, read_timeout=20, retries=1, first_delay=0.001, **limits)
    wanted = Wanted(url=url, name=url, item="", folder=folder)
    return download(wanted, policy, DownloadControl(advance=lambda _: None, stop=threading.Event()))


@contextmanager
def answer_with(speak: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that does one thing with each connection; gives its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=_speak, args=(connection,), daemon=True).start()

        def _speak(connection: socket.socket) -> None:
            with connection:
                try:
                    connection.recv(65_536)
                    speak(connection)
                except OSError:
                    return

        threading.Thread(target=work, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/rows.csv"
        listening.shutdown(socket.SHUT_RDWR)


ENDLESS = {
    "no length": b"HTTP/1.1 200 OK\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a length that is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
}
CHUNK = b"1\r\n" * 20_000


@pytest.mark.parametrize("head", ENDLESS)
def test_a_body_without_end_stops_at_the_limit_whatever_its_headers_say(tmp_path: Path, head: str) -> None:
    piece = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK) if "chunked" in ENDLESS[head].decode() else CHUNK

    def go_on(connection: socket.socket) -> None:
        connection.sendall(ENDLESS[head])
        while True:
            connection.sendall(piece)

    with answer_with(go_on) as url:
        found = r"rows\.csv: it has [\d,]+ bytes or more, and the limit of max_bytes is 1,000,000; if the file is right"
        with pytest.raises(SourceError, match=found):
            fetch(url, tmp_path, max_bytes=1_000_000)
    assert [path.stat().st_size for path in tmp_path.glob("*.part")] == [0]


def test_a_file_whose_length_is_beyond_the_limit_is_not_begun(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(BODY))
    with pytest.raises(SourceError, match=rf"it has {len(BODY):,} bytes or more"):
        fetch(url, tmp_path, max_bytes=len(BODY) - 1)
    assert fetch(url, tmp_path, max_bytes=len(BODY)) is not None


def test_a_compressed_answer_counts_unpacked(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(b"age\n" + b"1\n" * 5_000_000, gzipped=True))
    with pytest.raises(SourceError, match="the limit of max_bytes is 1,000,000"):
        fetch(url, tmp_path, max_bytes=1_000_000)


def test_attempts_that_each_bring_something_end_as_well(server: PageServer, tmp_path: Path) -> None:
    page = Page(BODY * 40, etag='"one"', ranges=True, cuts=[1_100_000] * 50)
    with pytest.raises(SourceError, match="the limit of max_bytes is 2,000,000"):
        fetch(server.add("/rows.csv", Page(**{**vars(page), "chunked": True})), tmp_path, max_bytes=2_000_000)


SLOW = {
    "a header": b"HTTP/1.1 200 OK\r\nX: ",
    "a status": b"HTTP/1.1 ",
    "a body": b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("begun", SLOW)
def test_a_server_that_drips_ends_with_the_time_although_each_byte_is_in_time(tmp_path: Path, begun: str) -> None:
    closed = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(SLOW[begun])
        while not closed.wait(0.02):
            connection.sendall(b"1" if begun != "nothing" else b"")

    with answer_with(drip) as url:
        try:
            with pytest.raises(
                SourceError, match=r"not complete after 0\.4 s, the limit of max_seconds, with [\d,]+ byt"
            ):
                fetch(url, tmp_path, max_seconds=0.4)
        finally:
            closed.set()


def test_the_time_is_for_all_attempts_together(server: PageServer, tmp_path: Path) -> None:
    url = server.add("/rows.csv", Page(first=[(503, {"Retry-After": "50"})] * 9))
    with pytest.raises(SourceError, match="the limit of max_seconds"):
        fetch(url, tmp_path, max_seconds=0.3)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("max_bytes = 1000", "the limit of max_bytes is 1,000; if the file is right, raise max_bytes in [ingest]"),
        ("max_seconds = 0.000001", "the limit of max_seconds, with 0 bytes"),
    ],
)
def test_the_recipe_says_both_limits_and_they_are_in_no_key(
    desk: Desk, server: PageServer, key: str, said: str
) -> None:
    text = RECIPE.replace("URL", server.add("/rows.csv", Page(BODY)))
    assert desk.run("ingest", desk.recipe(text.replace("KEYS", key))) == 1
    assert said in desk.said("ingest")[-1]
    assert desk.run("ingest", desk.recipe(text.replace("KEYS", ""))) == 0
    assert desk.run("ingest", desk.recipe(text.replace("KEYS", key))) == 0
    assert desk.outcomes("ingest") == ["failed", "ran", "unchanged"]


REFUSED_FROM_LOOPBACK = {
    "http://169.254.169.254/latest/meta-data/": "link-local",
    "http://10.1.2.3/": "private",
    "http://192.168.0.1:8080/x": "private",
    "http://[fd00::1]/": "private",
    "http://[fe80::1]/": "link-local",
    "http://[::ffff:10.0.0.1]/": "private",
    "http://100.64.0.1/": "private",
    "//172.16.0.1/": "private",
}


@pytest.mark.parametrize("target", REFUSED_FROM_LOOPBACK)
def test_a_redirect_to_another_kind_of_address_is_refused_before_a_connection(
    desk: Desk, server: PageServer, target: str
) -> None:
    url = server.add("/here.csv", Page(redirect=target))
    assert desk.run("ingest", desk.recipe(RECIPE.replace("URL", url).replace("KEYS", "connect_timeout = 0.5"))) == 1
    said = desk.said("ingest")[-1]
    assert f"a {REFUSED_FROM_LOOPBACK[target]} address, and the URL in the recipe has a loopback one" in said
    assert "say that URL in [ingest]" in said


def test_adopt_follows_the_same_rule(server: PageServer, tmp_path: Path) -> None:
    from adopt.data.fetch import fetch as fetch_for_adopt

    with pytest.raises(SourceError, match="a link-local address, and the URL in the recipe has a loopback one"):
        fetch_for_adopt(server.add("/here.csv", Page(redirect="http://169.254.169.254/x.csv")), tmp_path)


@pytest.fixture
def public_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A server whose address passes for a public one."""
    real = find_kind
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(session, "find_kind", lambda text: "public" if text == "127.0.0.2" else real(text))
    with serve("127.0.0.2") as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "0.0.0.0", "sub.localhost", "2130706433"])
def test_a_public_server_cannot_send_a_download_to_this_machine(
    server: PageServer, public_server: PageServer, tmp_path: Path, host: str
) -> None:
    server.add("/secret.csv", Page(BODY))
    target = f"http://{host}:{server.server_port}/secret.csv"
    with pytest.raises(SourceError, match="a loopback address, and the URL in the recipe has a public one"):
        fetch(public_server.add("/here.csv", Page(redirect=target)), tmp_path)
    assert server.seen == []


def test_a_name_is_judged_by_the_address_that_was_connected_to(
    server: PageServer, public_server: PageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *more, **named: resolve(str(host).replace("a.test", "127.0.0.1"), *more, **named),
    )
    server.add("/secret.csv", Page(BODY))
    target = f"http://a.test:{server.server_port}/secret.csv"
    with pytest.raises(SourceError, match=r"it leads to a\.test, a loopback address"):
        fetch(public_server.add("/here.csv", Page(redirect=target)), tmp_path)
    assert server.seen == []


def test_a_name_that_gets_another_kind_of_address_between_two_attempts_is_refused(
    server: PageServer, public_server: PageServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve, addresses = socket.getaddrinfo, ["127.0.0.2"]

    def resolve_twice(host: Any, *more: Any, **named: Any) -> Any:
        """First the one address, from then on the other."""
        found = addresses.pop(0) if addresses else "127.0.0.1"
        port = public_server.server_port if found == "127.0.0.2" else server.server_port
        return resolve(found, port, *more[1:], **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve_twice)
    public_server.add("/rows.csv", Page(BODY, cuts=[100], claimed_bytes=len(BODY)))
    server.add("/rows.csv", Page(BODY))
    with pytest.raises(SourceError, match=r"it leads to b\.test, a loopback address"):
        fetch("http://b.test:80/rows.csv", tmp_path)
    assert server.seen == []


def test_redirects_to_public_addresses_and_to_the_own_kind_are_followed(
    server: PageServer, public_server: PageServer, tmp_path: Path
) -> None:
    there = public_server.add("/there.csv", Page(BODY))
    server.add("/own.csv", Page(BODY))
    for number, target in enumerate((there, "/own.csv", f"http://localhost:{server.server_port}/own.csv")):
        assert fetch(server.add("/here.csv", Page(redirect=target)), tmp_path / str(number)) is not None


@pytest.mark.parametrize(
    ("before", "after", "is_followed"),
    [
        ("http://a.org/x", "https://a.org/x", True),
        ("https://a.org/x", "https://b.org/x", True),
        ("http://a.org/x", "http://b.org/x", True),
        ("https://a.org/x", "http://a.org/x", False),
        ("https://a.org/x", "HTTP://a.org/x", False),
        ("https://a.org/x", "//b.org/x", True),
        ("https://a.org/x", "/y", True),
    ],
)
def test_a_redirect_keeps_the_scheme_or_leads_to_https(before: str, after: str, is_followed: bool) -> None:
    answer = requests.Response()
    answer.status_code, answer.url, answer.headers["Location"] = 302, before, after
    with Watch("rows", before, 60) as watch:
        if is_followed:
            assert Session(watch).get_redirect_target(answer) == after
        else:
            with pytest.raises(SourceError, match=r"https redirects to http on a\.org, which is not followed"):
                Session(watch).get_redirect_target(answer)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("10.0.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
    ],
)
def test_addresses_have_one_of_four_kinds(address: str, kind: str) -> None:
    assert find_kind(address) == kind


def test_connections_under_tls_are_ended_by_the_time_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    closed = threading.Event()
    with answer_with(lambda connection: closed.wait(20)) as url:
        try:
            with pytest.raises(SourceError, match="the limit of max_seconds"):
                fetch(url.replace("http:", "https:"), tmp_path, max_seconds=0.3)
        finally:
            closed.set()
