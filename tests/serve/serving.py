"""Real servers on loopback, and models that the model stage trained, laid where a server finds them."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import commands
from patience import HANG_SECONDS
from variables import VARIABLES

from relay.handoff.files import hash_file
from relay.registry.code_key import locate_key, make_key, sign
from serve.copies import Copies, ServingState
from serve.store import VersionRef

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Response:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def lay_version(data: Path, results: Path, version: str, *, put_in_force: bool = True) -> VersionRef:
    """Put a training's results where a server of this data folder follows them, as a version."""
    contract = json.loads((results / "contract.json").read_bytes())
    ref = VersionRef(contract["model"], version, f"run-{version}", hash_file(results / "contract.json"))
    copies = Copies(data / "serve" / "models")
    location = copies.location(ref)
    shutil.rmtree(location, ignore_errors=True)
    location.mkdir(parents=True)
    for name in ("contract.json", *contract["files"], *(f"code/{name}" for name in contract.get("code", ()))):
        (location / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(results / name, location / name)
    if contract.get("code"):
        signature = sign((results / "contract.json").read_bytes(), make_key(locate_key()))
        (location / "contract.signature").write_text(signature)
    (location / "lineage.json").write_text(json.dumps({"model": ref.model, "version": version, "source": "made up"}))
    if put_in_force:
        copies.write(ref.model, ServingState(ref=ref, asked_unix=1_700_000_000.0), sync=False)
    return ref


@dataclass
class Server:
    """`python -m serve` on a free port of loopback."""

    data: Path
    models: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "serve")
    python: str = sys.executable
    root: Path = ROOT
    """The project that it is run from."""
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> "Server":
        """Start it and wait until it answers."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        own = {
            "MODEL_URI": ",".join(f"models:/{model}@production" for model in self.models),
            "DATA_DIR": str(self.data),
            "LOG_DIR": str(self.data.parent / "logs"),
            "API_PORT": str(self.port),
            "MLFLOW_TRACKING_URI": "off",
            "CODE_KEY_FILE": os.environ["CODE_KEY_FILE"],
        }
        self.output = (self.data.parent / f"serve-{self.port}.txt").open("wb")
        self.process = commands.Command(
            [self.python, *self.program],
            cwd=self.root,
            env={**inherited, **own, **self.environment},
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        self.wait_until_alive()
        return self

    def wait_until_alive(self) -> None:
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, self.said()
            try:
                if self.get("/ping").status == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(self.said())

    def said(self) -> str:
        """All that it said on its terminal."""
        return Path(self.output.name).read_text(errors="replace")

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANG_SECONDS)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Response:
        connection = self.connect()
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Response:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        return self.ask("POST", path, json.dumps(value), {"Content-Type": "application/json", **(headers or {})})

    def send_raw(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """What comes back for bytes sent as they are, until the server closes or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=HANG_SECONDS) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            got = b""
            while piece := connection.recv(65536):
                got += piece
            return got

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; gives its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(HANG_SECONDS)
        finally:
            self.process.kill()
            self.output.close()
