"""The service of Airflow's components: what they are told, and that they start and end together as real processes."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patience import HANG_SECONDS, wait_for

from services.airflow.clean import remove_logs
from services.airflow.start_airflow import make_environment

ROOT = Path(__file__).resolve().parent.parent.parent

# A component that starts a process of its own, says both numbers, and ends on SIGTERM (unless it is stubborn).
COMPONENT = """
import os, signal, subprocess, sys, time
name, how = sys.argv[1:]
with open(name + ".saw", "w") as file:
    file.write(str(os.path.exists("ready")))
if how == "slow":
    time.sleep(0.5)
    open("ready", "w").close()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
def end(*_):
    open(name + ".ended", "w").close()
    child.kill()
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "stubborn" else end)
with open(name + ".part", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(name + ".part", name + ".pids")
while not (how == "short" and os.path.exists("all run")):
    time.sleep(0.05)
sys.exit(3)
"""

SERVICE = """
import os, sys
from services.airflow import start_airflow
start_airflow.STOP_SECONDS = float(os.environ["STOP_SECONDS"])
commands = tuple((sys.executable, "component.py", *pair.split(":")) for pair in sys.argv[1:])
os.chdir(os.environ["FOLDER"])
ready = os.path.exists if os.environ.get("READY") else lambda _: True
sys.exit(start_airflow.run_together(commands, dict(os.environ), lambda: ready(os.environ.get("READY"))))
"""


def start_service(
    folder: Path, *components: str, stop_seconds: float = HANG_SECONDS
) -> tuple[subprocess.Popen[str], list[int]]:
    """The service and the numbers of all processes below it, once they run."""
    (folder / "component.py").write_text(COMPONENT)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FOLDER": str(folder), "STOP_SECONDS": str(stop_seconds)}
    command = [sys.executable, "-c", SERVICE, *components]
    service = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    files = [folder / f"{component.partition(':')[0]}.pids" for component in components]
    wait_for(lambda: all(file.exists() for file in files), "the components")
    (folder / "all run").touch()
    return service, [int(pid) for file in files for pid in file.read_text().split()]


def find_living(pids: list[int]) -> list[int]:
    """Those that run; one that ended and was not buried counts as ended."""
    stats = [Path(f"/proc/{pid}/stat") for pid in pids]
    return [pid for pid, stat in zip(pids, stats, strict=True) if stat.exists() and ") Z " not in stat.read_text()]


def test_when_one_ends_all_end_and_nothing_is_left(tmp_path: Path) -> None:
    service, pids = start_service(tmp_path, "web:steady", "scheduler:short", "parser:steady")
    output, _ = service.communicate(timeout=2 * HANG_SECONDS)
    assert (service.returncode, find_living(pids)) == (1, [])
    assert "scheduler short ended with 3: the service ends with it" in output
    assert [name for name in ("web", "parser") if (tmp_path / f"{name}.ended").exists()] == ["web", "parser"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ended_from_outside_all_are_told_and_that_is_no_failure(number: signal.Signals, tmp_path: Path) -> None:
    service, pids = start_service(tmp_path, "web:steady", "scheduler:steady")
    service.send_signal(number)
    service.communicate(timeout=2 * HANG_SECONDS)
    assert (service.returncode, find_living(pids)) == (0, [])
    assert [name for name in ("web", "scheduler") if (tmp_path / f"{name}.ended").exists()] == ["web", "scheduler"]


def test_one_that_does_not_end_is_ended_by_force_with_all_that_it_started(tmp_path: Path) -> None:
    service, pids = start_service(tmp_path, "web:stubborn", "scheduler:steady", stop_seconds=1.0)
    service.send_signal(signal.SIGTERM)
    service.communicate(timeout=2 * HANG_SECONDS)
    assert (service.returncode, find_living(pids)) == (0, [])


def test_the_others_start_when_the_first_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READY", str(tmp_path / "ready"))
    service, pids = start_service(tmp_path, "web:slow", "scheduler:steady")
    service.send_signal(signal.SIGTERM)
    service.communicate(timeout=2 * HANG_SECONDS)
    saw = [(tmp_path / f"{name}.saw").read_text() for name in ("web", "scheduler")]
    assert (saw, find_living(pids)) == (["False", "True"], [])


def test_when_the_first_ends_before_it_is_ready_no_other_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READY", str(tmp_path / "never"))
    (tmp_path / "scheduler.pids").write_text("")
    service, pids = start_service(tmp_path, "web:short", "scheduler:steady")
    output, _ = service.communicate(timeout=2 * HANG_SECONDS)
    assert (service.returncode, find_living(pids), (tmp_path / "scheduler.pids").read_text()) == (1, [], "")
    assert "did not get ready: the service ends" in output


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """Variables that name the files of two passwords."""
    (tmp_path / "login").write_text("pass'word\n")
    (tmp_path / "database").write_text("p@ss/word\n")
    return {"AIRFLOW_PASSWORD_FILE": str(tmp_path / "login"), "DATABASE_PASSWORD_FILE": str(tmp_path / "database")}


def test_the_keys_are_made_once_and_only_this_user_may_read_them(secrets: dict[str, str], tmp_path: Path) -> None:
    first, second = (make_environment(secrets, tmp_path, tmp_path / "memory") for _ in range(2))
    keys = ["AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__CORE__FERNET_KEY"]
    assert (first, sorted(json.loads((tmp_path / "keys.json").read_text()))) == (second, keys)
    login = tmp_path / "memory" / "passwords.json"
    assert json.loads(login.read_text()) == {"admin": "pass'word"}
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "keys.json", login)] == ["0o600", "0o600"]


def test_with_postgresql_the_password_is_in_the_address_of_the_components_alone(
    secrets: dict[str, str], tmp_path: Path
) -> None:
    made = make_environment(secrets | {"USE_POSTGRES": "True"}, tmp_path, tmp_path / "memory")
    address = "postgresql+psycopg2://airflow:p%40ss%2Fword@postgres:5432/airflow"
    assert made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == address
    without = make_environment(secrets, tmp_path, tmp_path / "memory")
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" not in without


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ({"AIRFLOW_USER": "a:b"}, "AIRFLOW_USER=a:b: expected letters"),
        ({"AIRFLOW_PASSWORD_FILE": "/nowhere"}, "/nowhere cannot be read"),
        ({"AIRFLOW_PASSWORD_FILE": "/dev/null"}, "/dev/null is empty"),
        ({"USE_POSTGRES": "yes"}, "USE_POSTGRES=yes: expected true or false"),
    ],
)
def test_without_a_sound_setting_the_service_does_not_start(
    setting: dict[str, str], why: str, secrets: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=why):
        make_environment(secrets | setting, tmp_path, tmp_path / "memory")


def test_logs_of_old_runs_go_with_their_folders(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for name, days in {"old/a/1.log": 40, "old/2.log": 40, "new/1.log": 40, "new/2.log": 1}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
        written = (now - timedelta(days=days)).timestamp()
        os.utime(path, (written, written))
    remove_logs(tmp_path, now - timedelta(days=30))
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.log")) == ["new/2.log"]
