"""A container that refuses to pause is tried again; how a backup ended is left for Prometheus."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.backup import project
from services.backup.contents import BackupError
from services.backup.figures import FILE, LAST_SUCCESS, SUCCESS, find_logs, note_end, read_last
from services.backup.project import PAUSE_TRIES, hold_writers

ROOT = Path(__file__).parents[2]
PROGRAM = """#!/bin/sh
here=%s
echo "$*" >> "$here/asked"
case "$1" in
  ps) echo one ;;
  pause)
    [ "$(grep -c ^pause "$here/asked")" -le "$(cat "$here/refusals")" ] || exit 0
    echo "Cannot pause container one: OCI runtime pause failed: device or resource busy" >&2; exit 7 ;;
  inspect) case "$3" in *State.Status*) cat "$here/state" ;;
    *Health*) if grep -q ^unpause "$here/asked"; then sed 1q "$here/health"; sed -i 1d "$here/health";
      else echo healthy; fi ;; *) echo mlflow ;; esac ;;
  unpause) ;;
  *) echo "the engine is away" >&2; exit 1 ;;
esac
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the answers of a program `docker` are."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(PROGRAM % tmp_path)
    (tmp_path / "bin" / "docker").chmod(0o755)
    (tmp_path / "state").write_text("running\n")
    (tmp_path / "health").write_text("unhealthy\nunhealthy\nhealthy\nnot asked\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(project, "PAUSE_SECONDS", 0.0)
    return tmp_path


def hold(docker: Path, refusals: int) -> list[str]:
    """What Docker is asked when it refuses to pause so many times."""
    (docker / "refusals").write_text(str(refusals))
    with hold_writers(["mlflow-data"]):
        pass
    return [line.split()[0] for line in (docker / "asked").read_text().splitlines()]


def test_a_container_that_refuses_for_a_moment_is_tried_again(docker: Path) -> None:
    asked = hold(docker, PAUSE_TRIES - 1)
    assert (asked.count("pause"), asked.count("unpause")) == (PAUSE_TRIES, 1)
    # Docker takes it for unhealthy until its next check.
    assert (docker / "health").read_text() == "not asked\n"


def test_one_that_refuses_each_time_is_named_with_exit_code_and_what_docker_said(docker: Path) -> None:
    with pytest.raises(BackupError) as error:
        hold(docker, PAUSE_TRIES)
    assert "mlflow cannot be paused, tried 6 times: `docker pause` ended with exit code 7" in str(error.value)
    assert "device or resource busy. No copy was made" in str(error.value)
    assert "unpause one" in (docker / "asked").read_text()


@pytest.mark.parametrize("state", ["exited", ""])
def test_one_that_ended_meanwhile_writes_no_more(state: str, docker: Path) -> None:
    (docker / "state").write_text(state)
    assert hold(docker, PAUSE_TRIES).count("pause") == 1


def read_figures(logs: Path) -> dict[str, float]:
    lines = (logs / FILE).read_text().splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}


def test_a_failed_backup_keeps_the_time_of_the_last_that_succeeded(tmp_path: Path) -> None:
    note_end(tmp_path, is_success=False)
    assert read_figures(tmp_path) == {SUCCESS: 0, LAST_SUCCESS: 0}
    note_end(tmp_path, is_success=True)
    last = read_last(tmp_path / FILE)
    note_end(tmp_path, is_success=False)
    assert read_figures(tmp_path) == {SUCCESS: 0, LAST_SUCCESS: last}
    assert last > 1e9
    assert ((tmp_path / FILE).stat().st_mode & 0o777, len(list((tmp_path / FILE).parent.iterdir()))) == (0o644, 1)


def test_the_command_leaves_that_it_failed(docker: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOST_LOG_DIR": str(docker / "logs")}
    command = [sys.executable, "-m", "services.backup", "backup"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "the engine is away" in done.stderr) == (1, True)
    assert read_figures(docker / "logs")[SUCCESS] == 0


def test_the_folder_of_the_logs_is_that_of_compose(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    assert find_logs({}, env) == Path("logs")
    env.write_text('RELAY_LOGS=/old\nHOST_LOG_DIR="/srv/logs"\n')
    assert find_logs({}, env) == Path("/srv/logs")
    assert find_logs({"HOST_LOG_DIR": "/other"}, env) == Path("/other")
