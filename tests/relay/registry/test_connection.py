"""Finding and opening a registry: made once, found again when the folder moved, and missed in one line."""

import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from counts import share_kills, spread
from patience import HANG_SECONDS
from small_disk import BLOCK_BYTES, SmallDisk

from relay.handoff.errors import UsageError
from relay.registry.artifacts import fetch_version
from relay.registry.connection import find_registry, open_registry, probe_server
from relay.registry.errors import RegistryAwayError
from relay.registry.versions import list_versions

ROOT = Path(__file__).resolve().parents[3]

OPEN = (
    "import sys; from pathlib import Path; from relay.registry.connection import find_registry, open_registry; "
    "print(len(open_registry(find_registry(Path(sys.argv[1]))).search_experiments()))"
)


def test_off_is_no_registry(tmp_path: Path) -> None:
    assert find_registry(tmp_path, "off") is None


@pytest.mark.parametrize("uri", ["sqlite:///mine.db", "/some/folder", "databricks", "file:///x"])
def test_other_stores_are_refused_with_what_is_understood(tmp_path: Path, uri: str) -> None:
    with pytest.raises(UsageError, match="expected http://host:port of an MLflow server, empty for the embedded"):
        find_registry(tmp_path, uri)


@pytest.mark.slow
def test_processes_that_open_a_new_registry_at_once_all_succeed(tmp_path: Path) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(tmp_path)],
            cwd=ROOT,
            env=os.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    ended = [(*process.communicate(timeout=HANG_SECONDS), process.returncode) for process in started]
    assert [(out.strip(), code) for out, _, code in ended] == [("1", 0)] * 3, ended


def test_a_start_that_was_killed_while_the_tables_were_made_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "mlflow").mkdir()
    for name in ("mlflow.db.new", "mlflow.db.new-journal"):
        (tmp_path / "mlflow" / name).write_bytes(b"half a database")
    address = find_registry(tmp_path)
    assert address is not None
    assert open_registry(address).search_registered_models() == []
    assert [path.name for path in address.database.parent.glob("*.new*")] == []


@pytest.mark.counted
@pytest.mark.crash
def test_a_start_that_is_killed_at_any_moment_leaves_a_registry_that_opens(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance, kills = random.Random(20_261_120), share_kills("registry", ways=2)
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", OPEN, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
        deadline = time.monotonic() + HANG_SECONDS
        while not (tmp_path / "mlflow").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 3))
        process.kill()
        process.communicate()
        address = find_registry(tmp_path)
        assert address is not None
        assert open_registry(address).search_registered_models() == []
        shutil.rmtree(tmp_path / "mlflow")
    record_property("kills of the first start of a registry", kills)


@pytest.mark.counted
@pytest.mark.slow
def test_a_full_disk_leaves_no_half_registry(
    larger_disk: SmallDisk, record_property: Callable[[str, object], None]
) -> None:
    address = find_registry(larger_disk.folder)
    assert address is not None
    needed = 80 * BLOCK_BYTES  # an empty one has more
    sizes = spread(needed)
    for size in sizes:
        larger_disk.leave(size)
        with pytest.raises((RegistryAwayError, OSError), match=r"disk is full|unable to open|No space|disk I/O"):
            open_registry(address)
        assert not address.database.exists()
    larger_disk.make_room()
    assert open_registry(address).search_registered_models() == []
    assert address.database.stat().st_size > needed
    record_property("sizes of a full disk at the first start of a registry", len(sizes))


def test_a_server_that_is_not_there_is_named_with_the_next_step() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(RegistryAwayError, match=rf"no MLflow server answers at http://127.0.0.1:{port} .*Start it"):
        probe_server(f"http://127.0.0.1:{port}")


def test_a_server_that_does_not_know_our_name_for_it_says_which_setting_is_missing() -> None:
    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(403)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(RegistryAwayError, match=r"403.*MLFLOW_SERVER_ALLOWED_HOSTS"):
            probe_server(f"http://127.0.0.1:{server.server_port}")


@pytest.mark.parametrize("address", ["embedded"], indirect=True)
def test_an_embedded_registry_finds_its_files_after_its_folder_moved(address, client, register, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    register("travels", b"the bytes of a model")
    shutil.copytree(address.folder.parent, tmp_path / "elsewhere")
    shutil.rmtree(address.artifacts)
    moved = open_registry(find_registry(tmp_path / "elsewhere"))  # type: ignore[arg-type]
    (version,) = list_versions(moved, "travels")
    fetch_version(moved, version, tmp_path / "fetched")
    assert (tmp_path / "fetched" / "model.skops").read_bytes() == b"the bytes of a model"
