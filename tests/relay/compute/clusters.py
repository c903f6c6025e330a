"""A Dask scheduler and workers as processes on loopback."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from patience import wait_for

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
QUICK = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "4s",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__GIL__ENABLED": "False",
}


class Cluster:
    """Starts and ends processes; `close` ends all of them."""

    def __init__(self, folder: Path, data_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder, self.data_dir = folder, data_dir
        folder.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, **QUICK, "PYTHONPATH": f"{ROOT}:{HERE}", **(environment or {})}
        self.environment.pop("DASK_SCHEDULER_ADDRESS", None)
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_scheduler(self, *options: str) -> str:
        """The address of a new scheduler."""
        file = self.folder / "scheduler.json"
        file.unlink(missing_ok=True)
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file), *options
        )
        wait_for(lambda: file.exists() and file.read_text().endswith("}"), "the scheduler")
        self.address: str = json.loads(file.read_text())["address"]
        return self.address

    def start_worker(self, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """A worker with one thread below a nanny; it sees the data folder unless DATA_DIR says otherwise."""
        variables = {"DATA_DIR": str(self.data_dir), **environment}
        name = f"w{len(self.workers)}"
        worker = self._start(
            "worker", self.address, "--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
            "--name", name, "--local-directory", str(self.folder / name), *options, environment=variables,
        )  # fmt: skip
        self.workers.append(worker)
        return worker

    def find_children(self, worker: subprocess.Popen[bytes]) -> list[int]:
        """The processes that a nanny has started, in which tasks run."""
        import psutil

        children = psutil.Process(worker.pid).children(recursive=True)
        return [one.pid for one in children if "resource_tracker" not in " ".join(one.cmdline())]

    def _start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{arguments[0]}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            env={**self.environment, **(environment or {})},
            cwd=self.folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process with all that it started."""
        for number in (signal.SIGCONT, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
        process.wait(30)

    def close(self) -> None:
        """End all of them."""
        for process in reversed(self.processes):
            self.end(process)


def make_certificates(folder: Path) -> dict[str, str]:
    """A CA with one certificate for all sides, as the variables that Dask reads."""
    ca, key, certificate = (folder / one for one in ("ca.pem", "cluster.key", "cluster.pem"))
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", ca, "-subj", "/CN=ca"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    subprocess.run(
        ["openssl", "req", "-x509", *curve, "-keyout", key, "-out", certificate, "-subj", "/CN=cluster",
         "-CA", ca, "-CAkey", folder / "ca.key"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    sides = {
        f"DASK_DISTRIBUTED__COMM__TLS__{side}__{part}": str(path)
        for side in ("SCHEDULER", "WORKER", "CLIENT")
        for part, path in (("CERT", certificate), ("KEY", key))
    }
    return {
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(ca),
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
    } | sides
