"""PostgreSQL behind MLflow and the prediction log: who may see what, what outlives what, and copies put back.

One project for the whole module, whose database is stopped, killed, emptied and filled again by one test after
another; each test leaves it at work.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from engine import ROOT, Docker, build_image, compose_in, find_users, list_variables
from load import Load
from patience import HANG_SECONDS

PORTS = {
    "MLFLOW_PORT": "15510",
    "PAGE_PORT": "18510",
    "GATEWAY_PORT": "18521",
    "GATEWAY_API_PORT": "18522",
    "API_PORT": "18523",
    "POSTGRES_PORT": "15532",
}
API = f"http://127.0.0.1:{PORTS['GATEWAY_API_PORT']}"
PASSWORDS = ("postgres", "mlflow_database", "relay_database", "api_database", "monitor_database", "airflow_database")
COUNTS = {
    "mlflow": "select (select count(*) from runs), (select count(*) from model_versions)",
    "relay": "select count(*) from prediction_log.predictions",
}


@dataclass(frozen=True)
class Stack:
    """The project, its settings and its folder."""

    compose: Docker
    settings: dict[str, str]
    folder: Path

    def psql(self, database: str, statement: str) -> str:
        """The rows of a statement, as the superuser."""
        return self.compose(
            "exec", "-T", "postgres", "psql", "-qAt", "-U", "postgres", database, "-c", statement
        ).stdout

    def count(self) -> dict[str, str]:
        """How much is in MLflow's tables and in the prediction log."""
        return {database: self.psql(database, statement).strip() for database, statement in COUNTS.items()}

    def back_up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`make backup` or `make restore`, on this project."""
        environment = os.environ | self.settings | {"COMPOSE_PROFILES": ""}
        command = [sys.executable, "-m", "services.backup", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
        )


@pytest.fixture(scope="module")
def stack(images: dict[str, str], server_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything that uses the database, ready."""
    assert images
    assert server_image
    build_image("relay-serve", "serve/serve.Dockerfile")
    folder = tmp_path_factory.mktemp("stack")
    for name in ("data", "logs", "secrets"):
        (folder / name).mkdir()
    for name in PASSWORDS:
        (folder / "secrets" / f"{name}_password").write_text(f"password of {name}, with @/:%' in it\n")
    settings = {
        **PORTS,
        "COMPOSE_PROJECT_NAME": f"relay-test-postgres-{os.getpid()}",
        "COMPOSE_PROFILES": "postgres,serve",
        "USE_POSTGRES": "true",
        "DATABASE_URL": "",
        "MLFLOW_BACKEND_STORE_URI": "",
        "RELAY_SECRETS": f"{folder}/secrets",
        "MODEL_URI": "models:/linear@production",
        "REGISTRY_POLL_SECONDS": "1",
        "GATEWAY_RATE": "5000",
    }
    compose = compose_in(folder, settings["COMPOSE_PROJECT_NAME"], **settings)
    try:
        compose("up", "--detach", "--wait")
        wait_until_ready()
        yield Stack(compose, settings, folder)
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")


def ask(path: str, body: Any = None) -> tuple[int, Any]:
    """Status and body of an answer; 0 where none came."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{API}{path}", data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=HANG_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        return 0, error


def wait_until_ready(seconds: float = HANG_SECONDS) -> None:
    """Until the API predicts."""
    end = time.monotonic() + seconds
    while (answer := predict())[0] != 200:
        assert time.monotonic() < end, answer
        time.sleep(0.2)


def read_logged() -> set[str]:
    """The ids of all predictions in the log."""
    ids: set[str] = set()
    after = ""
    while after is not None:
        _, page = ask(f"/predictions?limit=1000&after={after}")
        ids |= {row["prediction_id"] for row in page["predictions"]}
        after = page["next"]
    return ids


def predict() -> tuple[int, Any]:
    """One prediction."""
    return ask("/predict", {"values": [5]})


def containers(stack: Stack) -> list[str]:
    """The ids of all containers, of those that have ended too."""
    return stack.compose("ps", "--all", "--quiet").stdout.split()


def test_runs_and_predictions_are_in_the_database_and_in_no_file(stack: Stack) -> None:
    before = int(stack.count()["relay"])
    assert ask("/predict", {"values": [5]})[0] == 200
    counts = stack.count()
    assert (counts["mlflow"], int(counts["relay"])) == ("1|1", before + 1)
    find = "import pathlib; print(*[p for p in pathlib.Path('/var/lib').rglob('*') if p.suffix in ('.db', '.sqlite')])"
    for service in ("mlflow", "api"):
        assert stack.compose("exec", "-T", service, "python", "-c", find).stdout == "\n"


def test_the_stages_datasets_are_tables_that_the_api_may_read(stack: Stack) -> None:
    published = stack.psql("relay", "select stage, recipe, rows from relay.datasets order by 1").split()
    assert published == ["ingest|linear|100", "preprocess|linear|100"]
    as_the_api = "set role relay_api; select count(*) from processed.linear_data join raw.linear_data using (x)"
    assert stack.psql("relay", as_the_api).strip() == "100"


def test_no_password_is_in_what_docker_tells_or_in_a_log(stack: Stack) -> None:
    shown = subprocess.run(["docker", "inspect", *containers(stack)], capture_output=True, text=True, check=True).stdout
    shown += stack.compose("logs").stdout + stack.compose("config").stdout
    assert ("password of" in shown, "password%20of" in shown, "postgresql://mlflow@postgres" in shown) == (
        False,
        False,
        True,
    )


def test_the_database_runs_as_its_own_user_with_no_rights_and_asks_for_a_password(stack: Stack) -> None:
    container = stack.compose("ps", "--quiet", "postgres").stdout.strip()
    assert "0" not in find_users(container, "pg_isready")
    status = stack.compose("exec", "-T", "postgres", "cat", "/proc/1/status").stdout
    assert [line.split()[1] for line in status.splitlines() if line.startswith(("CapEff", "CapBnd", "NoNewPrivs"))] == [
        "0" * 16,
        "0" * 16,
        "1",
    ]
    over_the_network = ("exec", "-T", "-e", "PGPASSWORD=wrong", "postgres", "psql", "-h", "127.0.0.1")
    for role in ("postgres", "mlflow", "relay"):
        refused = stack.compose(*over_the_network, "-U", role, "-d", "postgres", "-c", "select 1", check=False)
        assert (refused.returncode, "password authentication failed" in refused.stderr) == (2, True)
    with socket.create_connection(("127.0.0.1", int(PORTS["POSTGRES_PORT"])), timeout=5):
        pass


def test_a_password_that_is_changed_counts_from_the_next_start(stack: Stack) -> None:
    for name in PASSWORDS:
        (stack.folder / "secrets" / f"{name}_password").write_text(f"another password of {name}\n")
    before = stack.count()
    stack.compose("down")
    stack.compose("up", "--detach", "--wait")
    assert stack.count() == before
    wait_until_ready()


def test_a_database_that_is_killed_loses_no_answer_and_is_used_again_when_it_is_back(stack: Stack) -> None:
    postgres = stack.compose("ps", "--quiet", "postgres").stdout.strip()
    with Load(predict) as load:
        load.wait(200)
        subprocess.run(["docker", "kill", "--signal", "KILL", postgres], capture_output=True, check=True)
        time.sleep(8)
        stack.compose("start", "postgres")
        load.wait(200)
    assert {status for status, _ in load.refused} == {503}
    assert set(load.answered) - read_logged() == set()
    assert stack.count()["mlflow"] == "1|1"
    answer = urllib.request.urlopen(  # MLflow comes back by itself too
        f"http://127.0.0.1:{PORTS['MLFLOW_PORT']}/api/2.0/mlflow/registered-models/get?name=linear",
        timeout=HANG_SECONDS,
    )
    assert answer.status == 200


def test_a_copy_is_put_back_where_everything_was_deleted(stack: Stack, tmp_path: Path) -> None:
    with Load(predict) as load:
        load.wait(50)
        done = stack.back_up("backup", "--to", str(tmp_path))
        load.wait(50)
    assert (done.returncode, load.refused) == (0, []), done.stderr
    [copy] = tmp_path.iterdir()
    assert copy.stat().st_mode & 0o777 == 0o700

    stack.compose("--profile", "*", "down", "--volumes", "--timeout", "5")
    done = stack.back_up("restore", str(copy), "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    stack.compose("up", "--detach", "--wait", "--no-deps", "postgres")
    assert stack.count()["mlflow"] == "1|1"
    stack.compose("up", "--detach", "--wait")
    wait_until_ready()
    # The copy is of one moment: what was answered before it is there, and nothing that came after it.
    logged = read_logged()
    assert set(load.answered[:50]) - logged == set()
    assert len(set(load.answered) - logged) >= 50 - 6


def test_a_backup_that_is_ended_leaves_nobody_frozen_and_no_part(stack: Stack, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.backup", "backup", "--to", tmp_path]
    frozen = ["docker", "ps", "--quiet", "--filter", "status=paused"]
    frozen += ["--filter", f"label=com.docker.compose.project={stack.settings['COMPOSE_PROJECT_NAME']}"]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | stack.settings) as process:
        while len(subprocess.run(frozen, capture_output=True, check=True).stdout.split()) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
    assert process.returncode == 1
    assert (subprocess.run(frozen, capture_output=True, check=True).stdout, list(tmp_path.iterdir())) == (b"", [])
    left = [
        "docker",
        "ps",
        "--all",
        "--quiet",
        "--filter",
        f"label=relay.backup={stack.settings['COMPOSE_PROJECT_NAME']}",
    ]
    assert subprocess.run(left, capture_output=True, check=True).stdout == b""
    assert ask("/predict", {"values": [5]})[0] == 200


def test_a_copy_that_does_not_go_in_whole_replaces_nothing(stack: Stack, tmp_path: Path) -> None:
    assert stack.back_up("backup", "--to", str(tmp_path)).returncode == 0
    [copy] = tmp_path.iterdir()
    assert ask("/predict", {"values": [6]})[0] == 200
    before = stack.count()
    dump = copy / "relay.dump"
    dump.write_bytes(dump.read_bytes()[:-400])
    refused = stack.back_up("restore", str(copy), "--yes")
    assert (refused.returncode, "is damaged" in refused.stderr, stack.count()) == (1, True, before)

    # Damaged before the list was written: nothing but PostgreSQL sees it, in the middle.
    body = json.loads((copy / "contents.json").read_text())
    for part in body["parts"]:
        content = (copy / part["file"]).read_bytes()
        part |= {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    del body["sha256"]
    body["sha256"] = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    (copy / "contents.json").write_text(json.dumps(body))
    failed = stack.back_up("restore", str(copy), "--yes")
    assert (failed.returncode, "pg_restore" in failed.stderr) == (1, True), failed.stdout + failed.stderr
    assert "Nothing is replaced" in failed.stdout
    # Nobody writes yet.
    stack.compose("up", "--detach", "--wait", "--no-deps", "postgres")
    names = stack.psql("postgres", "select datname from pg_database where not datistemplate order by 1").split()
    assert (names, stack.count()) == (["airflow", "mlflow", "postgres", "relay"], before)
    stack.compose("up", "--detach", "--wait")
    wait_until_ready()


@pytest.mark.parametrize(
    ("profiles", "command"),
    [
        ("postgres", "up --detach --no-build"),
        ("postgres,serve", "up --detach --no-build"),
        ("dev,postgres", "up --detach --no-build"),
        ("full,postgres", "up --detach --no-build"),
        ("dev,postgres", "up --detach --no-build --wait grafana postgres"),
        ("full,postgres", "create --no-build"),
        ("postgres", "run --rm train"),
    ],
)
def test_the_profile_without_its_switch_starts_nothing_and_says_what_to_add(
    profiles: str, command: str, folder: Path, every_image: None
) -> None:
    assert every_image is None
    # Every password is missing too: of the services that refuse at once compose would name the quickest.
    settings = {"COMPOSE_PROFILES": profiles, "USE_POSTGRES": "", "RELAY_SECRETS": f"{folder}/none"}
    compose = compose_in(folder, f"relay-test-no-switch-{os.getpid()}", **settings)
    try:
        done = compose(*command.split(), check=False)
        assert (done.returncode, "Add USE_POSTGRES=true to .env" in done.stderr) == (1, True), done.stderr
        assert compose("--profile", "*", "ps", "--all", "--quiet").stdout == ""
    finally:
        compose("--profile", "*", "down", "--volumes", "--timeout", "5")


@pytest.mark.parametrize("switch", ["", "true"])
def test_no_volume_is_left_whether_the_switch_is_still_on_or_not(switch: str, folder: Path) -> None:
    project = f"relay-test-no-volume-{os.getpid()}"
    (folder / "secrets").mkdir()
    for name in PASSWORDS:
        (folder / "secrets" / f"{name}_password").write_text("a password\n")
    settings = {
        "RELAY_SECRETS": f"{folder}/secrets",
        "COMPOSE_PROFILES": "",
        "COMPOSE_FILE": f"{ROOT}/docker-compose.yml",
    }
    compose = compose_in(folder, project, **settings)
    volumes = ["docker", "volume", "ls", "--quiet", "--filter", f"label=com.docker.compose.project={project}"]
    try:
        compose("create", "postgres-setup", USE_POSTGRES="true")
        made = subprocess.run(volumes, capture_output=True, text=True, check=True).stdout.split()
        assert {f"{project}_postgres-data", f"{project}_postgres-socket"} <= set(made)
        environment = list_variables(folder, project, **settings, USE_POSTGRES=switch, PYTHONPATH=str(ROOT))
        command = [sys.executable, "-m", "services.stack", "stop", "--volumes"]
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True, timeout=HANG_SECONDS)
        assert subprocess.run(volumes, capture_output=True, text=True, check=True).stdout == ""
    finally:
        compose("--profile", "*", "down", "--volumes", "--timeout", "5", USE_POSTGRES="true")


def test_a_start_without_any_password_stops_where_one_is_needed_alone(folder: Path) -> None:
    compose = compose_in(folder, f"relay-test-no-secrets-{os.getpid()}", RELAY_SECRETS=f"{folder}/none")
    try:
        compose("--profile", "serve", "create", USE_POSTGRES="")
        done = compose("create", "postgres", check=False, USE_POSTGRES="true")
        assert (done.returncode != 0, "postgres_password" in done.stderr) == (True, True)
        assert not (folder / "none").exists()
    finally:
        compose("--profile", "*", "down", "--volumes", "--timeout", "5")
