"""Airflow's components as one service: the database is brought to this version, then all start, and end, together.

`airflow standalone` would leave its components behind when it is ended, and takes more of them than are needed here.
"""

import base64
import http.client
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

COMPONENTS = (
    ("airflow", "api-server"),
    # The web server reads the tasks' logs from the same folder: nobody needs another server for them.
    ("airflow", "scheduler", "--skip-serve-logs"),
    ("airflow", "dag-processor"),
    (sys.executable, "-m", "services.airflow.clean"),
)
READY_SECONDS = 180.0
STOP_SECONDS, BURY_SECONDS = 10.0, 5.0
"""For the components to end by themselves, and then by force; less than compose gives the container.

A task that follows a container would wait for its end: it is cut short, and its next attempt follows the same one.
"""

USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")


class EndedError(Exception):
    """Somebody ends the service."""


def main() -> int:
    """Run until a component ends or the service is ended; gives the exit code."""
    home = Path(os.environ["AIRFLOW_HOME"])
    environment = {**os.environ, **make_environment(os.environ, home, Path("/tmp/airflow"))}  # noqa: S108 - see there
    migrated = subprocess.run(["airflow", "db", "migrate"], env=environment, check=False)  # noqa: S607 - the image's own
    if migrated.returncode != 0:
        return migrated.returncode
    return run_together(COMPONENTS, environment, is_web_ready)


def make_environment(environment: Mapping[str, str], home: Path, scratch: Path) -> dict[str, str]:
    """What the components know besides the image's settings: the keys, the log-in and the database.

    Args:
        environment: of the service.
        home: Airflow's volume, where the keys are kept.
        scratch: a folder in memory.
    """
    user = environment.get("AIRFLOW_USER") or "admin"
    if not USER.fullmatch(user):
        sys.exit(f"AIRFLOW_USER={user}: expected letters, digits and . _ @ -")
    made = read_keys(home / "keys.json") | {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{user}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(write_login(environment, user, scratch)),
    }
    if is_true(environment.get("USE_POSTGRES", "")):
        password = quote(read_secret(environment, "DATABASE_PASSWORD_FILE"), safe="")
        location = environment.get("AIRFLOW_DATABASE") or "postgres:5432/airflow"
        made["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = f"postgresql+psycopg2://airflow:{password}@{location}"
    return made


def read_keys(path: Path) -> dict[str, str]:
    """The keys by which the components trust each other, made once: others would end every session."""
    if not path.exists():
        keys = {
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(48),
            "AIRFLOW__API__SECRET_KEY": secrets.token_urlsafe(48),
        }
        write_private(path, json.dumps(keys))
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write_login(environment: Mapping[str, str], user: str, scratch: Path) -> Path:
    """The file that Airflow checks passwords against, in memory: it holds them in plain words and wants to write it."""
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = scratch / "passwords.json"
    write_private(path, json.dumps({user: read_secret(environment, "AIRFLOW_PASSWORD_FILE")}))
    return path


def read_secret(environment: Mapping[str, str], variable: str) -> str:
    """What a mounted secret says; an empty one ends the service, for it would be no password at all."""
    path = environment[variable]
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        sys.exit(f"{variable}: {path} cannot be read ({error.strerror}): `make .env` makes it in secrets/")
    if not secret:
        sys.exit(f"{variable}: {path} is empty: remove it in secrets/, and `make .env` makes a new one")
    return secret


def write_private(path: Path, content: str) -> None:
    """Write a file, whole or not at all, that this user alone may read."""
    part = path.with_name(f"{path.name}.new")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(content, encoding="utf-8")
    part.rename(path)


def is_true(said: str) -> bool:
    """Whether a switch is on."""
    if said.lower() not in ("", "true", "false"):
        sys.exit(f"USE_POSTGRES={said}: expected true or false")
    return said.lower() == "true"


def is_web_ready() -> bool:
    """Whether the web server answers the tasks, which give up after some seconds.

    The first answer takes it longest: asked for here, no task waits for it.
    """
    server = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("AIRFLOW__API__PORT") or 8080), timeout=60)
    try:
        server.request("GET", "/execution/health")
        return server.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        server.close()


def run_together(
    commands: tuple[tuple[str, ...], ...], environment: Mapping[str, str], is_first_ready: Callable[[], bool]
) -> int:
    """Run all until one ends or the service is ended; none is left. 0 when the service was ended, else 1.

    Args:
        commands: the components; the others need the first.
        environment: theirs.
        is_first_ready: whether they may start.
    """
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    running: dict[int, str] = {}
    try:
        for command in commands:
            # Each in a group of its own, so that what it leaves behind is found.
            started = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603 - see COMPONENTS
            running[started.pid] = " ".join(command[-2:])
            if len(running) == 1 and not _await_ready(running, is_first_ready):
                return 1
        _await_end(running)
    except EndedError:
        return 0
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _end_all(running)
    return 1


def _await_ready(running: dict[int, str], is_ready: Callable[[], bool]) -> bool:
    """Wait until the first component is ready; False when it ended or took too long."""
    end = time.monotonic() + READY_SECONDS
    while not is_ready():
        if os.waitpid(-1, os.WNOHANG)[0] in running or time.monotonic() > end:
            print(f"{next(iter(running.values()))} did not get ready: the service ends", flush=True)  # noqa: T201
            return False
        time.sleep(0.2)
    return True


def _await_end(running: dict[int, str]) -> None:
    """Wait until one of them ends; as process 1 of a container, bury the orphans of others too."""
    while True:
        pid, status = os.wait()
        if pid in running:
            print(  # noqa: T201 - the service's log
                f"{running[pid]} ended with {os.waitstatus_to_exitcode(status)}: the service ends with it", flush=True
            )
            return


def _end_all(running: dict[int, str]) -> None:
    """End what runs, in order, and then by force with all that it started."""
    for pid in running:
        _send(os.kill, pid, signal.SIGTERM)
    end = time.monotonic() + STOP_SECONDS
    while time.monotonic() < end and _count_children() > 0:
        time.sleep(0.1)
    for pid in running:
        _send(os.killpg, pid, signal.SIGKILL)
    if os.getpid() == 1:  # in a container all that is left is ours, tasks in groups of their own too
        _send(os.kill, -1, signal.SIGKILL)
    end = time.monotonic() + BURY_SECONDS
    while time.monotonic() < end and _count_children() > 0:
        time.sleep(0.05)


def _count_children() -> int:
    """How many of our children are left, those that ended buried: 1 stands for any number."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    except ChildProcessError:
        return 0
    return 1


def _send(kill: object, pid: int, number: signal.Signals) -> None:
    try:
        kill(pid, number)  # type: ignore[operator]
    except ProcessLookupError:
        return


def _end(*_: object) -> None:
    raise EndedError


if __name__ == "__main__":
    sys.exit(main())
