"""What all tests share: a desk with folders of its own, on which the real stages run."""

import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

# The stages are folders of the project, not installed packages: `pytest` alone finds them too.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

# Tracking costs seconds a run: the tests that are about it switch it on.
os.environ["MLFLOW_TRACKING_URI"] = "off"
# Trainings with own code sign by a key of the tests, the same in all processes: they leave no secret in the checkout.
if "PYTEST_XDIST_WORKER" not in os.environ:
    KEYS = tempfile.TemporaryDirectory(prefix="relay-test-key-")
    os.environ["CODE_KEY_FILE"] = f"{KEYS.name}/code_key"
# A shell lets its background processes ignore Ctrl-C, and their children inherit that: the tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
# The processes of pytest-xdist and those that tests start load the same modules: what one compiled serves the others.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# As the stage itself does before scikit-learn is loaded: tests share the processor with the processes that they start.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import commands  # noqa: E402 - remembers the environment of all tests

# A shared machine pauses at any time: the clock decides nothing here.
settings.register_profile("relay", deadline=None, max_examples=20)
settings.register_profile("all", deadline=None, max_examples=60)  # of make test-all
settings.load_profile("relay")


SLOW = ("airflow", "browser", "crash", "real")
"""Kinds of tests that are slow as a whole; those marked `smoke` are run by `make test` all the same."""

LONGEST = ("crash", "browser", "slow")
"""Kinds of tests that take longest; they come first, so that no process is left alone with one at the end."""


@pytest.hookimpl(tryfirst=True)  # before those without a chosen mark are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the slow kinds, and put the files with the longest tests first."""
    for item in items:
        if any(item.get_closest_marker(kind) for kind in SLOW) and not item.get_closest_marker("smoke"):
            item.add_marker("slow")
    longest = {kind: {item.path for item in items if item.get_closest_marker(kind)} for kind in LONGEST}
    items.sort(key=lambda item: [item.path not in longest[kind] for kind in LONGEST])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no cycles among what is collected: it stays to the end, and that takes a sixth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


FEWEST_PROCESSES = 4
"""Many tests wait for a process, a server or a lock: two cores are busy with four processes."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Bytes are named by their number: archives hold the time, and each process must know a test by the same name."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist, as a profiler wants it
def pytest_xdist_auto_num_workers() -> int:
    """How many processes `-n auto` means."""
    return max(FEWEST_PROCESSES, os.cpu_count() or 1)


class Desk:
    """The folders of one test, and the stages run on them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.logs = folder, folder / "data", folder / "logs"
        self.data.mkdir(parents=True)

    def recipe(self, text: str, name: str = "desk") -> str:
        """Write a recipe; gives its path as one types it."""
        path = self.folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run(self, stage: str, *arguments: str) -> int:
        """Run a stage in this process; gives its exit code."""
        from relay.handoff.program import main

        return main(import_module(f"{stage}.__main__").STAGE, [*arguments, *self.folders])

    def start(self, stage: str, *arguments: str, root: Path = ROOT, **environment: str) -> "subprocess.Popen[str]":
        """Start a stage of this checkout, or of another, as a process of its own."""
        return commands.Command(
            [sys.executable, "-m", stage, *arguments, *self.folders],
            cwd=root,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def folders(self) -> list[str]:
        """The options that name the desk's folders."""
        return ["--data-dir", str(self.data), "--log-dir", str(self.logs)]

    def said(self, stage: str) -> list[str]:
        """The messages in a stage's log, oldest first, without time, level and process."""
        lines = (self.logs / f"{stage}.log").read_text(encoding="utf-8").splitlines()
        return [line.split(maxsplit=3)[3] for line in lines]

    def outcomes(self, stage: str) -> list[str]:
        """How the runs of a stage ended, by the journal, oldest first."""
        from relay.handoff.journal import parse_entry

        entries = map(parse_entry, (self.logs / "runs.jsonl").read_bytes().splitlines())
        return [entry.outcome for entry in entries if entry.stage == stage]

    def rows(self, address: str) -> list[dict[str, Any]]:
        """The rows of a Parquet file below the data folder."""
        rows: list[dict[str, Any]] = pq.read_table(self.data / f"{address}.parquet").to_pylist()
        return rows

    def bytes(self, address: str) -> bytes:
        """The Parquet file below the data folder as it is."""
        return (self.data / f"{address}.parquet").read_bytes()

    def receipt(self, address: str) -> Any:
        """The receipt of a dataset."""
        from relay.handoff.receipt import Receipt

        return Receipt.read(self.data / f"{address}.json")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk in a folder of the test, with none of the stages' variables set; signals are put back afterwards."""
    from variables import VARIABLES

    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield Desk(tmp_path / "desk")
    for number, handler in before.items():
        signal.signal(number, handler)


@dataclass(frozen=True)
class Reading:
    """What ingest made of a file's bytes."""

    rows: list[dict[str, Any]]
    rejected: list[tuple[int, str, dict[str, Any]]]
    """Row number, reason, cells."""
    read: int
    left_out: list[tuple[int, str, dict[str, Any]]]
    """Rows that are no records, as the rejected ones."""
    found: dict[str, str]
    """What was found by looking at the file."""
    warnings: list[Any]
    """What a person should look at, by column."""


def declare(**columns: dict[str, Any]) -> dict[str, Any]:
    """A schema of columns, each an input unless it says otherwise."""
    from relay.handoff.recipe import Column

    return {name: Column.model_validate({"role": "input"} | column) for name, column in columns.items()}


def read_bytes(path: Path, content: bytes, columns: dict[str, dict[str, Any]], **parameters: Any) -> Reading:
    """Put bytes where a file source finds them, and read them by a schema."""
    from ingest.parameters import FormatSection
    from relay.handoff.receipt import Origin
    from relay.reading.formats import read_files
    from relay.reading.rawfile import RawFile

    path.write_bytes(content)
    origin = Origin(where=path.name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    file = RawFile(path.name, path.stem, path, origin)
    blocks = list(read_files([file], FormatSection(source="file", **parameters), declare(**columns)))

    def list_rows(part: str) -> list[tuple[int, str, dict[str, Any]]]:
        rows = [row.values() for block in blocks for row in getattr(block, part).to_pylist()]
        return [(number, reason, json.loads(cells)) for number, reason, cells in rows]

    return Reading(
        rows=[row for block in blocks for row in block.table.to_pylist()],
        rejected=list_rows("rejected"),
        read=sum(block.read for block in blocks),
        left_out=list_rows("left_out"),
        found=file.described.found,
        warnings=[warning for block in blocks for warning in block.warnings],
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Reading]:
    """`read("x.csv", content, {"age": {"type": "int"}}, delimiter=";")`: what ingest makes of a file's bytes."""

    def read_content(name: str, content: str | bytes, columns: dict[str, dict[str, Any]], **more: Any) -> Reading:
        return read_bytes(tmp_path / name, content.encode() if isinstance(content, str) else content, columns, **more)

    return read_content


@pytest.fixture(name="declare")
def declare_fixture() -> Callable[..., dict[str, Any]]:
    """`declare(age={"type": "int"})`: a schema."""
    return declare


@pytest.fixture
def real_data() -> Path:
    """The folder of the real data; without one the test is skipped."""
    folder = os.environ.get("RELAY_REAL_DATA")
    if not folder:
        pytest.skip("RELAY_REAL_DATA names no folder with cs-training.csv, federalist.txt and tanakh/")
    return Path(folder)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything was installed for the tests, a skipped one is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("RELAY_SKIPS_FAIL") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = exitstatus or pytest.ExitCode.TESTS_FAILED
        reporter.write_line(f"{len(reporter.stats['skipped'])} tests were skipped, and none may be here", red=True)
