"""What the runner reads of a run's journal entry, from an engine that is a real HTTP server on a socket."""

import json
import re
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from relay.handoff.journal import Outcome, parse_entry
from services.runner.engine import Engine
from services.runner.order import Order
from services.runner.project import ENTRY, RUN, Project, RunStatus, describe_container

Desk = Any  # tests/conftest.py
STDOUT, STDERR = 1, 2
RUN_ID = "00000000aa"
ENTRY_ID = "00000000aa-0123abcd"
CUT = 16_384
"""Bytes after which the engine cuts a line of a log into messages."""


@dataclass
class Container:
    """A container that has ended, and what it wrote: a stream and a line each."""

    exit_code: int
    written: list[tuple[int, bytes]] = field(default_factory=list)

    def inspect(self) -> dict[str, Any]:
        state = {"Status": "exited", "ExitCode": self.exit_code, "OOMKilled": False}
        return {"Id": "abc", "State": state, "Config": {"Labels": {RUN: RUN_ID, ENTRY: ENTRY_ID}}}

    def logs(self, query: dict[str, list[str]]) -> bytes:
        wanted = {STDOUT: "stdout" in query, STDERR: "stderr" in query}
        stamp = b"2026-01-01T00:00:00.000000000Z " if "timestamps" in query else b""
        parts = [
            (stream, stamp + line[start : start + CUT])
            for stream, line in self.written
            if wanted[stream]
            for start in range(0, len(line), CUT)
        ]
        return b"".join(bytes([stream, 0, 0, 0]) + len(part).to_bytes(4, "big") + part for stream, part in parts)


class Server(socketserver.ThreadingUnixStreamServer):
    """The part of the engine that is asked how a run stands."""

    container: Container


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        found = self.server.container
        asked = urlsplit(self.path)
        is_log = asked.path.endswith("/logs")
        content = found.logs(parse_qs(asked.query)) if is_log else json.dumps(found.inspect()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if content:  # a client that expects none may be gone
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Project, Server]]:
    server = Server(str(tmp_path / "socket"), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Project(Engine(tmp_path / "socket"), "relay"), server
    server.shutdown()
    server.server_close()


def ask_status(engine: tuple[Project, Server], container: Container) -> RunStatus:
    project, server = engine
    server.container = container
    return project.find_status(RUN_ID)


def entry(**told: Any) -> bytes:
    return json.dumps({"run_id": ENTRY_ID, "outcome": "ran", "error": None} | told).encode() + b"\n"


def test_a_look_carries_outcome_and_error_and_leaves_the_entry_out_of_the_log(engine: tuple[Project, Server]) -> None:
    error = {"kind": "schema", "message": "é" * 2 * CUT, "next": ""}
    written = [(STDERR, b"x\n"), (STDOUT, b"hello\n"), (STDOUT, entry(outcome="failed", error=error))]
    status = ask_status(engine, Container(1, written))
    assert (status.exit_code, status.outcome, status.error) == (1, "failed", error)
    assert status.lines[:2] == ["x", "hello"]


@pytest.mark.parametrize(
    ("written", "outcome"),
    [
        ([], None),
        ([(STDERR, b"ingest linear: unchanged, 100 rows\n")], None),
        ([(STDOUT, entry(run_id="00000000aa-another", outcome="unchanged"))], None),
        ([(STDERR, entry(outcome="unchanged"))], None),
        ([(STDOUT, b'"00000000aa-0123abcd"\n'), (STDOUT, b"[00000000aa-0123abcd\n")], None),
        ([(STDOUT, entry(outcome="unchanged")[:-4])], None),
        ([(STDOUT, entry(outcome="unchanged"))], "unchanged"),
        ([(STDOUT, entry()), (STDOUT, entry(outcome="failed"))], "failed"),
    ],
    ids=["nothing", "log", "another run", "other stream", "no entry", "cut by a kill", "entry", "two entries"],
)
def test_the_outcome_is_that_of_the_containers_own_entry_or_none(
    engine: tuple[Project, Server], written: list[tuple[int, bytes]], outcome: str | None
) -> None:
    assert ask_status(engine, Container(0, written)).outcome == outcome


def pattern() -> dict[str, Any]:
    """What the engine says of the container of a service."""
    config = {"Env": [], "Labels": {}}
    return {"Config": config, "HostConfig": {}, "Image": "sha256:0", "NetworkSettings": {"Networks": {}}}


def test_every_container_has_an_entry_of_its_own_also_when_a_run_is_tried_again() -> None:
    order = Order(RUN_ID, "ingest", "linear", 7)
    first, second = (describe_container(pattern(), order) for _ in range(2))
    ids = [made["Labels"][ENTRY] for made in (first, second)]
    assert ids[0] != ids[1]
    assert [re.fullmatch(rf"{RUN_ID}-[0-9a-f]{{8}}", one) is not None for one in ids] == [True, True]
    assert first["Cmd"] == ["--set", "seed=7", "--run-id", ids[0], "--json", "linear"]


def test_a_rollback_is_asked_for_no_entry() -> None:
    made = describe_container(pattern(), Order(RUN_ID, "rollback", "linear", version=3))
    assert (made["Cmd"][:2], made["Cmd"][-1]) == (["rollback", "--expected"], "linear")
    assert "--json" not in made["Cmd"]


@pytest.mark.parametrize("is_wordless", [False, True])
def test_what_a_real_stage_prints_is_what_the_runner_reads(
    engine: tuple[Project, Server], desk: Desk, capsys: pytest.CaptureFixture[str], is_wordless: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if is_wordless:
        monkeypatch.setattr("relay.handoff.log.TERMINAL_FORMAT", "x")
        monkeypatch.setattr("relay.handoff.log.FILE_FORMAT", "x")
    arguments = Order(RUN_ID, "ingest", "linear", 7).arguments(ENTRY_ID)
    outcomes = []
    for _ in range(2):
        assert desk.run("ingest", *arguments) == 0
        captured = capsys.readouterr()
        written = [(STDERR, captured.err.encode()), (STDOUT, captured.out.encode())]
        status = ask_status(engine, Container(0, written))
        outcomes.append(status.outcome)
        assert parse_entry(captured.out).run_id == ENTRY_ID
        assert (set(captured.err.split()) == {"x"}) == is_wordless
    assert outcomes == [Outcome.RAN, Outcome.UNCHANGED]
