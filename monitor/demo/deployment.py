"""The programs of the demonstration as a user runs them, in a folder of their own and on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

from monitor.command import ALARM
from monitor.demo.borrowers import RECIPE, RECIPE_TEXT, Record
from monitor.labels.sending import Api
from monitor.wording import to_text
from relay.handoff.errors import RelayError
from relay.handoff.journal import JOURNAL, parse_entry
from relay.monitoring.report import Report

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "RELAY_CONTAINER", "OMP_NUM_THREADS")
START_SECONDS, ANSWER_SECONDS, STAGE_SECONDS = 60.0, 30.0, 300.0
REQUEST_RECORDS = 50
BESIDE_REPORT = ("is_alarm", "waiting", "acted")
"""What `python -m monitor --json` says beside the report."""
ROOT = Path(__file__).resolve().parents[2]


class DemoError(RelayError):
    """A program of the demonstration failed."""

    kind = "demo"


class Deployment:
    """A data folder with a recipe, and a service that answers with its model.

    Args:
        folder: empty.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.table = folder, folder / "borrowers.csv"
        self.recipe = folder / f"{RECIPE}.toml"
        self.recipe.write_text(RECIPE_TEXT.format(path=self.table), encoding="utf-8")
        self.log = folder / "programs.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        # Settings of the user's own deployment must not reach the demonstration.
        self._environment = kept | {
            "DATA_DIR": str(folder / "data"), "LOG_DIR": str(folder / "logs"), "API_PORT": str(self.port),
            "REGISTRY_POLL_SECONDS": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT),
        }  # fmt: skip
        (folder / "data").mkdir()
        self._service: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._service is not None:
            self._service.send_signal(signal.SIGTERM)
            try:
                self._service.wait(ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                self._service.kill()
                self._service.wait()

    @property
    def url(self) -> str:
        """Address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str, allowed: Sequence[int] = (0,)) -> str:
        """Run a program and give what it prints.

        Raises:
            DemoError: it ends with another exit code.
        """
        with self.log.open("ab") as log:
            ended = subprocess.run(  # noqa: S603 - our own programs
                [sys.executable, "-m", *words], cwd=self.folder, env=self._environment, stdout=subprocess.PIPE,
                stderr=log, timeout=STAGE_SECONDS, check=False,
            )  # fmt: skip
        if ended.returncode not in allowed:
            raise DemoError(
                f"`python -m {words[0]}` ended with {ended.returncode}: its log is {self.log}",
                next_step="Read the log, and report it if you cannot explain it",
            )
        return ended.stdout.decode()

    def train(self) -> None:
        """Run the stages."""
        for stage in ("ingest", "preprocess", "model"):
            self.run(stage, str(self.recipe))

    def count_trainings(self) -> int:
        """How many models were trained, by the journal."""
        lines = (self.folder / "logs" / JOURNAL).read_bytes().splitlines()
        return sum(parse_entry(line).stage == "model" for line in lines)

    def list_versions(self) -> list[dict[str, Any]]:
        """Versions of the model, the newest first."""
        found = json.loads(self.run("model", "list", str(self.recipe), "--json"))
        return sorted(found, key=lambda one: -int(one["version"]))

    def promote(self, version: int, why: str) -> None:
        """Make a version production by hand."""
        self.run("model", "promote", str(self.recipe), str(version), "--why", why)

    def serve(self) -> None:
        """Start the service and wait until it is ready.

        Raises:
            DemoError: it does not become ready.
        """
        with self.log.open("ab") as log:
            self._service = subprocess.Popen(
                [sys.executable, "-m", "serve"], cwd=self.folder, stdout=log, stderr=log,
                env=self._environment | {"MODEL_URI": f"models:/{RECIPE}@production"},
            )  # fmt: skip
        self.wait_for(1)

    def wait_for(self, version: int) -> int:
        """Wait until the service answers with a version, and give it.

        Raises:
            DemoError: it does not.
        """
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._service is not None and self._service.poll() is None:
            try:
                with urlopen(f"{self.url}/health", timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - loopback
                    if str(json.load(answer)["models"][RECIPE].get("version")) == str(version):
                        return version
            except (URLError, OSError):
                pass  # it is not ready yet
            time.sleep(0.2)
        raise DemoError(f"the service did not become ready with version {version}: its log is {self.log}")

    def ask(self, records: Sequence[Record]) -> list[tuple[str, int]]:
        """Ask about records; gives prediction id and number of each."""
        found: list[tuple[str, int]] = []
        for start in range(0, len(records), REQUEST_RECORDS):
            part = records[start : start + REQUEST_RECORDS]
            answer = self._post("/predict", list(part))
            found += [(answer["prediction_id"], number) for number in range(len(part))]
        return found

    def label(self, asked: Sequence[tuple[str, int]], late: Sequence[int]) -> int:
        """Send what turned out to be true; gives how many labels were added."""
        lines = (
            (line, {"prediction_id": id_, "record": number, "value": value, "source": "demo"})
            for line, ((id_, number), value) in enumerate(zip(asked, late, strict=True), 1)
        )
        return Api(self.url).send(lines).states["added"]

    def look(self, *options: str) -> tuple[str, dict[str, Any]]:
        """Run the monitor: what it prints, and its report."""
        found = json.loads(self.run("monitor", str(self.recipe), "--json", *options, allowed=(0, ALARM)))
        fields = {name: value for name, value in found.items() if name not in BESIDE_REPORT}
        return to_text(Report.model_validate(fields), found["waiting"]), found

    def _post(self, path: str, body: Any) -> Any:
        request = Request(  # noqa: S310 - loopback
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - loopback
            return json.load(answer)
