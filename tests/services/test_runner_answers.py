"""Whatever is sent to the runner, a status and words come back: the program as a process, asked over its port."""

import json
import os
import random
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from patience import HANG_SECONDS, wait_for

from services.runner.exchange import Exchange

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a token"
SEED, MOST = 20_261_127, int(os.environ.get("RELAY_FUZZ", "300"))
"""Requests that are made up."""
PROJECTS = ("relay", "x-ended-y", "a-run-b", "p-ended-12-ab")
RUN = "00000000aa"
HEAD = f"Host: x\r\nAuthorization: Bearer {TOKEN}\r\n"
ORDER = json.dumps({"run": RUN, "stage": "ingest", "recipe": "linear", "seed": 7})


class Engine(socketserver.ThreadingUnixStreamServer):
    """The part of the Docker engine that the runner asks, with one service of each kind and no run."""

    project = ""

    def containers(self) -> list[dict[str, Any]]:
        aside = f"/{self.project}-run-{RUN}-ended-{time.time():.0f}-0123456789ab"
        labels = {"relay.run": RUN}
        return [{"Id": "abc", "Names": [aside], "Labels": labels, "Created": time.time(), "State": "exited"}]


class Handler(BaseHTTPRequestHandler):
    server: Engine

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        container = {
            "Id": "abc",
            "Image": "sha256:0",
            "State": {"Status": "running"},
            "Config": {"Env": [], "Labels": {"relay.run": RUN}},
            "HostConfig": {},
            "NetworkSettings": {"Networks": {}},
        }
        self.tell(self.server.containers() if path == "/containers/json" else container)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.tell(None)

    def do_DELETE(self) -> None:
        self.tell(None)

    def tell(self, body: Any) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@dataclass
class Runner:
    """The program, and what is sent to it as it is."""

    project: str
    engine: Engine
    folder: Path
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> "Runner":
        (self.folder / "token").write_text(TOKEN)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.engine.project = self.project
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.runner"],
            cwd=ROOT,
            env=os.environ
            | {
                "DOCKER_SOCKET": str(self.folder / "socket"),
                "RUNNER_PROJECT": self.project,
                "RUNNER_TOKEN_FILE": str(self.folder / "token"),
                "RUNNER_ADDRESS": "127.0.0.1",
                "RUNNER_PORT": str(self.port),
            },
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "errors").open("wb"),
        )
        wait_for(self._answers, "the runner", pause=0.05)
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "errors").read_text()
        try:
            return self.send(b"GET /ping HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 200")
        except OSError:
            return False

    def send(self, request: bytes) -> bytes:
        """All that comes back for bytes, after which the sender says no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=HANG_SECONDS) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    def ask(self, request: bytes) -> tuple[int, Any]:
        """Status and body of the answer; the test fails where none came."""
        return read_answer(self.send(request), request)


def read_answer(got: bytes, request: bytes) -> tuple[int, Any]:
    """Status and body; a refusal has words."""
    head, _, body = got.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.0 (\d{3}) ", head)
    assert found is not None, (request[:200], got[:200])
    told = json.loads(body) if body else None
    assert int(found[1]) < 400 or not body or len(told["why"]) > 5, (request[:200], got)
    assert int(found[1]) != 500, (request[:200], got)
    return int(found[1]), told


@pytest.fixture(scope="module")
def engine() -> Iterator[tuple[Engine, Path]]:
    # Not below pytest's folder, which is closed to the user that the runner becomes where tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="relay-runner-"))
    folder.chmod(0o755)
    server = Engine(str(folder / "socket"), Handler)
    (folder / "socket").chmod(0o777)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, folder
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def runner(engine: tuple[Engine, Path]) -> Iterator[Runner]:
    started = Runner("relay", *engine).start()
    yield started
    assert started.process is not None
    started.process.kill()
    started.process.wait()
    assert "Traceback" not in (started.folder / "errors").read_text()


def post(body: str | bytes, *, length: object = None, path: str = "/runs", more: str = "") -> bytes:
    """The bytes of an order."""
    content = body.encode() if isinstance(body, str) else body
    said = f"Content-Length: {len(content) if length is None else length}\r\n" if length != "" else ""
    return f"POST {path} HTTP/1.1\r\n{HEAD}{said}{more}\r\n".encode() + content


def get(path: str, *, method: str = "GET", more: str = "") -> bytes:
    """The bytes of a question."""
    return f"{method} {path} HTTP/1.1\r\n{HEAD}{more}\r\n".encode("latin-1")


def nest(depth: int, opening: str = "[", closing: str = "]") -> str:
    """Brackets in brackets."""
    return opening * depth + closing * depth


REQUESTS: dict[str, tuple[bytes, int, str]] = {
    "an order": (post(ORDER), 200, ""),
    "JSON 2,000 deep": (post(nest(2000)), 400, "nested too deeply"),
    "objects in objects": (post('{"a":' * 600 + "1" + "}" * 600), 422, "stage: expected"),
    "half of JSON 4,000 deep": (post("[" * 4000), 400, ""),
    "a body of no text": (post(b'{"run": "\xff\xfe"}'), 400, "no JSON in UTF-8"),
    "UTF-16": (post(ORDER.encode("utf-16")), 400, "no JSON in UTF-8"),
    "half a character": (post('{"run": "\\ud800"}'), 422, ""),
    "no JSON": (post("run=1"), 400, "no JSON"),
    "an empty body": (post(""), 400, "no JSON"),
    "a number of 4,000 digits": (post('{"seed": ' + "9" * 4000 + "}"), 422, ""),
    "no length": (post(ORDER, length=""), 411, "Content-Length"),
    "pieces": (post("", length="", more="Transfer-Encoding: chunked\r\n") + b"0\r\n\r\n", 411, "Transfer-Encoding"),
    "a length in words": (post(ORDER, length="ten"), 400, "whole number"),
    "a length below 0": (post(ORDER, length=-1), 400, "whole number"),
    "a length with a plus": (post(ORDER, length="+5"), 400, "whole number"),
    "a length with an underscore": (post(ORDER, length="1_0"), 400, "whole number"),
    "a length of 5,000 digits": (post(ORDER, length="9" * 5000), 400, "whole number"),
    "two lengths": (post(ORDER, more="Content-Length: 5\r\n"), 400, "one whole number"),
    "a length that is too large": (post(ORDER, length=5000), 413, "at most 4096"),
    "more than comes": (post(ORDER, length=4000), 400, "the body ended after"),
    "10 MB": (post(b"x" * 10_000_000), 413, "at most 4096"),
    "a broken address": (get("http://[::1/ping"), 400, "no address"),
    "the same without a version": (b"GET http://[::1\r\n\r\n", 400, "no address"),
    "an empty line before": (b"\r\n" + get("/ping"), 200, ""),
    "blanks": (b"  \r\n\r\n", 400, "without a word"),
    "no version": (b"GET /ping\r\n\r\n", 200, ""),
    "a broken version": (b"GET /ping HTTP/x\r\n\r\n", 400, "version"),
    "a version that is too new": (b"GET /ping HTTP/3.0\r\n\r\n", 505, "version"),
    "one word": (b"PING\r\n\r\n", 400, "syntax"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""),
    "PUT": (get("/runs", method="PUT"), 405, "expected GET, POST, DELETE"),
    "HEAD": (get("/ping", method="HEAD"), 405, ""),
    "a method of no letters": (get("/ping", method="G\x01T"), 405, "expected GET"),
    "a method of ours": (get("/ping", method="answer"), 405, "expected GET"),
    "POST of what is read": (post("", path=f"/runs/{RUN}"), 404, "no route"),
    "a header of 100 kB": (get("/ping", more="X: " + "x" * 100_000 + "\r\n"), 431, ""),
    "a header of 10 MB": (get("/ping", more="X: " + "x" * 10_000_000 + "\r\n"), 431, ""),
    "500 headers": (get("/ping", more="".join(f"X{i}: 1\r\n" for i in range(500))), 431, ""),
    "a path of 100 kB": (get("/" + "x" * 100_000), 414, "request line"),
    "a header without a colon": (get("/ping", more="nothing\r\n"), 200, ""),
    "a token of other letters": (b"GET /runs/x HTTP/1.1\r\nAuthorization: Bearer \xff\xfe\r\n\r\n", 401, "token"),
    "no token": (b"GET /runs/x HTTP/1.1\r\n\r\n", 401, "token"),
    "a path with marks": (get("/\x1b[2J\xe9"), 404, "\\x1b"),
    "an escaped path": (get("/runs/%2e%2e%2f"), 422, "run: expected"),
    "a broken after": (get(f"/runs/{RUN}?after=1e9"), 422, "after"),
    "an unknown service": (get("/services/runner"), 422, "expected one of"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_request_gets_a_status_and_words(name: str, runner: Runner) -> None:
    request, status, words = REQUESTS[name]
    found, told = runner.ask(request)
    assert (found, words in json.dumps(told, ensure_ascii=False).replace("\\\\", "\\")) == (status, True), told


def test_made_up_requests_get_a_status_and_words(runner: Runner) -> None:
    chance = random.Random(SEED)
    valid = [request for request, *_ in REQUESTS.values() if len(request) < 6000]
    for _ in range(MOST):
        request = bytearray(chance.choice(valid))
        for _ in range(chance.randint(1, 4)):
            spoil(request, chance)
        got = runner.send(bytes(request))
        # Where no line is left, nothing was asked.
        assert got or not request.lstrip(b"\r\n"), bytes(request)
        if got:
            read_answer(got, bytes(request))
    assert runner.ask(post(ORDER))[0] == 200


def spoil(request: bytearray, chance: random.Random) -> None:
    """Change bytes of a request: another one, some removed, repeated, or put in."""
    at = chance.randrange(len(request) + 1)
    match chance.randrange(5):
        case 0:
            request[at : at + 1] = bytes([chance.randrange(256)])
        case 1:
            del request[at : at + chance.randint(1, 30)]
        case 2:
            request[at:at] = request[at : at + chance.randint(1, 200)] * chance.randint(1, 3)
        case 3:
            request[at:at] = chance.choice(
                [b"\r\n", b"\n", b"\0", b":", b"[", b"{" * 50, b"\xff" * 5, b"%", b" ", b"//"]
            )
        case _:
            del request[at:]


class Silent(Exchange):
    """Waits for a short while."""

    timeout = 0.05  # type: ignore[assignment]

    def answer(self) -> tuple[HTTPStatus, Any]:
        return HTTPStatus.OK, self.read_json()


@pytest.mark.parametrize("begun", [b"G", b"GET /", b"GET / HTTP/1.1\r\nHost", post(ORDER, length=900)])
def test_a_request_that_stops_half_way_is_told_so(begun: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(begun)
        Silent(theirs, ("", 0), Any)  # type: ignore[arg-type]
        assert read_answer(ours.recv(65_536), begun)[0] == 408


@pytest.mark.parametrize("project", PROJECTS)
def test_an_order_is_carried_out_in_a_project_of_any_name(project: str, engine: tuple[Engine, Path]) -> None:
    started = Runner(project, *engine).start()
    assert started.process is not None
    try:
        assert started.ask(post(ORDER)) == (200, {"run": RUN, "container": "abc"})
    finally:
        started.process.kill()
        started.process.wait()
