"""`make doctor` names what does not fit with the command that mends it, changes nothing, and shows no secret."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.stack import ports
from services.stack.__main__ import main
from services.stack.docker import StackError, check_docker
from services.stack.images import NOT_COPIED, list_sources
from services.stack.secret_files import KEY, OWN_USER
from tests.services.fake_docker import CHANGES, FakeDocker

ROOT = Path(__file__).parents[2]
LATER = "2100-01-01T00:00:00.123456789Z"
PASSWORD = "hidden-word"
ENVIRONMENT = {"USE_POSTGRES": "", "RECIPES": "linear", "POSTGRES_URL": "postgresql://relay@postgres:5432/relay"}


def make_service(image: str, port: str = "", **more: Any) -> dict[str, Any]:
    """A service as `docker compose config` gives it."""
    published = [{"host_ip": "127.0.0.1", "published": port, "target": 80}] if port else []
    return {
        "image": f"relay-{image}:latest",
        "build": {"context": ".", "dockerfile": f"{image}.Dockerfile"},
        "environment": dict(ENVIRONMENT),
        "mem_limit": "1073741824",
        "restart": "unless-stopped",
        "ports": published,
        "volumes": [{"type": "bind", "source": str(Path.cwd() / "data"), "target": "/app/data"}],
        **more,
    }


def make_config() -> dict[str, Any]:
    """What compose says of a stack of three services."""
    return {
        "services": {
            "model": make_service("model", "48501", secrets=[{"source": "airflow_password"}]),
            "mlflow": make_service("mlflow", "48500"),
            "api": make_service("serve", profiles=["serve"]),
        },
        "secrets": {
            "airflow_password": {"file": str(Path.cwd() / "secrets" / "airflow_password")},
            KEY: {"file": str(Path.cwd() / "secrets" / "code_key")},
        },
    }


def make_container(name: str, service: dict[str, Any]) -> dict[str, Any]:
    """What `docker inspect` says of a container that runs as compose would start it."""
    return {
        "Name": f"/relay-{name}-1",
        "Image": f"sha256:{service['image']}",
        "State": {"Status": "running", "StartedAt": LATER},
        "Config": {
            "Env": [f"{key}={value}" for key, value in service["environment"].items()] + ["PATH=/usr/bin"],
            "Labels": {
                "com.docker.compose.service": name,
                "com.docker.compose.project.working_dir": str(Path.cwd()),
            },
        },
        "HostConfig": {
            "Memory": int(service["mem_limit"]),
            "PortBindings": {
                f"{one['target']}/tcp": [{"HostIp": one["host_ip"], "HostPort": one["published"]}]
                for one in service["ports"]
            },
        },
        "Mounts": [
            *({"Source": one["source"], "Destination": one["target"]} for one in service["volumes"]),
            {"Source": str(Path.cwd() / "secrets/code_key"), "Destination": "/run/secrets/code_key"},
        ],
    }


def make_image(service: dict[str, Any], **labels: str) -> dict[str, Any]:
    """What `docker image inspect` says."""
    return {
        "Id": f"sha256:{service['image']}",
        "RepoTags": [service["image"]],
        "Created": "2020-01-01T00:00:00Z",
        "Metadata": {"LastTagTime": LATER},
        "Config": {"Labels": labels},
    }


class Stack:
    """A checkout and the answers of Docker, which a test changes before it asks the doctor."""

    def __init__(self, docker: FakeDocker, capsys: pytest.CaptureFixture[str]) -> None:
        """Everything runs and fits."""
        self.docker, self.capsys = docker, capsys
        self.config = make_config()
        self.containers = {
            name: make_container(name, one) for name, one in self.config["services"].items() if name != "api"
        }
        self.images = [make_image(one) for one in self.config["services"].values()]
        self.health = "healthy"

    def examine(self) -> tuple[int, list[str]]:
        """The exit code, and the lines that are not `ok`."""
        docker = self.docker
        docker.answer("config", self.config)
        docker.answer("inspect", list(self.containers.values()))
        docker.answer("images", self.images)
        docker.answer("running", "\n".join(self.containers))
        shown = [
            {"Service": name, "Name": f"relay-{name}-1", "State": one["State"]["Status"], "Health": self.health}
            for name, one in self.containers.items()
        ]
        docker.answer("ps", shown)
        code = main(["doctor"])
        self.all = self.capsys.readouterr().out.splitlines()
        return code, [line for line in self.all[:-1] if not line.startswith("ok ")]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stack:
    """A stack in which everything fits."""
    folder = tmp_path / "checkout"
    (folder / "data").mkdir(parents=True)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "secrets").mkdir(mode=0o700)
    for name in ("code_key", "airflow_password"):
        (folder / "secrets" / name).write_text("k" * 48)
        (folder / "secrets" / name).chmod(0o644)
    (folder / ".env").write_text("CODE_KEY_FILE=secrets/code_key\nPAGE_PORT=48501\nMLFLOW_PORT=48500\n")
    (folder / ".env.example").write_text((ROOT / ".env.example").read_text())
    for name in ("model", "mlflow", "serve"):
        (folder / f"{name}.Dockerfile").write_text(f"FROM scratch\nCOPY {name} {name}\n")
        (folder / name).mkdir()
        (folder / name / "a.py").write_text("")
    for name in ("COMPOSE_PROFILES", "USE_POSTGRES", "CODE_KEY_FILE", "GIT_COMMIT", "COMPOSE_FILE", "RELAY_REVISION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    # Other programs of this machine may hold any port.
    monkeypatch.setattr(ports, "is_free", lambda _address, _port: True)
    docker = FakeDocker(tmp_path / "docker", monkeypatch)
    docker.answer("compose", "2.26.1-4\n")
    docker.answer("engine", "26.1.5\n")
    docker.answer("memory", "8000000000\n")
    docker.answer("root", "/\n")
    return Stack(docker, capsys)


def test_what_fits_is_said_with_exit_code_0_and_nothing_is_changed(stack: Stack) -> None:
    assert stack.examine() == (0, [])
    said = "\n".join(stack.all)
    assert "Docker 26.1.5, compose 2.26.1-4" in said
    assert "Running: mlflow, model" in said
    assert "MLflow keeps runs and models in SQLite on a volume" in said
    assert stack.all[-1] == "Nothing to mend, 0 to note"
    words = {word for line in stack.docker.list_asked() for word in line.split()}
    assert words.isdisjoint(CHANGES)


def name_one(stack: Stack, *words: str, level: str = "mend") -> str:
    """The only line that is said, which has these words."""
    code, said = stack.examine()
    assert len(said) == 1, said
    assert (code, said[0][:4]) == (int(level == "mend"), level)
    assert [word for word in words if word not in said[0]] == [], said
    return said[0]


@pytest.mark.parametrize(
    ("name", "there", "now", "words"),
    [
        ("RECIPES", "linear", "credit", "model runs with RECIPES=linear instead of credit. `make up`"),
        ("RECIPES", "linear", "", "RECIPES=linear instead of (empty)"),
        ("DATABASE_URL", f"postgresql://u:{PASSWORD}@h/d", "", "model runs with another DATABASE_URL than now"),
        ("API_KEY_SHA256", "", PASSWORD, "another API_KEY_SHA256 than now"),
        ("TEST", "a$b", "a$$c", "TEST=a$b instead of a$c"),
    ],
)
def test_a_value_that_the_container_does_not_have_is_named_unless_it_is_secret(
    name: str, there: str, now: str, words: str, stack: Stack
) -> None:
    stack.config["services"]["model"]["environment"][name] = now
    environment = ENVIRONMENT | {name: there}
    stack.containers["model"]["Config"]["Env"] = [f"{key}={value}" for key, value in environment.items()]
    name_one(stack, words)
    assert PASSWORD not in "\n".join(stack.all)


def test_ports_folders_and_limits_that_differ_are_named_for_their_service(stack: Stack) -> None:
    model = stack.config["services"]["model"]
    model["ports"][0]["published"] = "48502"
    model["mem_limit"] = "2147483648"
    model["volumes"][0]["source"] = "/elsewhere"
    name_one(
        stack,
        "port 127.0.0.1:48501 instead of 127.0.0.1:48502",
        "instead of /elsewhere",
        "a limit of 1,024 MiB of memory instead of 2,048 MiB",
    )


def test_two_stores_are_named(stack: Stack) -> None:
    on = ENVIRONMENT | {"USE_POSTGRES": "true"}
    service = stack.config["services"]["api"]
    service |= {"environment": on, "profiles": []}
    stack.containers["api"] = make_container("api", service)
    name_one(stack, "MLflow and the API use different stores. `make up`")
    assert any("prediction log in PostgreSQL (postgres:5432/relay)" in line for line in stack.all)


def test_an_address_of_its_own_is_shown_without_its_password(stack: Stack) -> None:
    for one in (stack.config["services"]["mlflow"]["environment"],):
        one["MLFLOW_BACKEND_STORE_URI"] = f"postgresql://me:{PASSWORD}@db.example.org/runs"
    stack.containers["mlflow"] = make_container("mlflow", stack.config["services"]["mlflow"])
    assert stack.examine() == (0, [])
    assert "postgresql://…@db.example.org/runs" in "\n".join(stack.all)
    assert PASSWORD not in "\n".join(stack.all)


def test_what_runs_beside_the_profiles_and_what_does_not_run_is_named(stack: Stack) -> None:
    stack.containers["api"] = make_container("api", stack.config["services"]["api"])
    name_one(stack, "api run although COMPOSE_PROFILES", "`make down`", level="note")
    del stack.containers["api"], stack.containers["mlflow"]
    name_one(stack, "mlflow should run and do not. `make up`")


def test_a_container_that_is_not_well_is_named_with_its_reason(stack: Stack) -> None:
    stack.containers["model"]["State"]["Status"] = "restarting"
    stack.docker.answer("logs", "12:00:00 ERROR   no such recipe\n")
    name_one(stack, "model ends and is started again and again", "no such recipe. More: `docker logs relay-model-1`")


def test_containers_of_another_checkout_are_named(stack: Stack) -> None:
    stack.containers["model"]["Config"]["Labels"]["com.docker.compose.project.working_dir"] = "/other"
    name_one(stack, "model were started from /other", "`make down` there", "COMPOSE_PROJECT_NAME")


def test_nothing_that_runs_is_a_note(stack: Stack) -> None:
    stack.containers.clear()
    name_one(stack, "No container runs. `make up`", level="note")


def test_images_older_than_their_files_are_named_with_the_file(stack: Stack) -> None:
    for image in stack.images:
        image["Metadata"]["LastTagTime"] = "0001-01-01T00:00:00Z"
        image["Created"] = "2100-01-01T00:00:00+02:00"
    assert stack.examine() == (0, [])
    stack.images[1]["Created"] = "2020-01-01T00:00:00Z"
    os.utime("mlflow/a.py", (4e9, 4e9))
    name_one(stack, "relay-mlflow:latest was built before mlflow/a.py changed. `make up`", "`make build`")


def test_an_old_image_of_a_service_that_is_off_is_no_finding(stack: Stack) -> None:
    (index,) = (number for number, one in enumerate(stack.images) if one["RepoTags"] == ["relay-serve:latest"])
    stack.images[index]["Metadata"]["LastTagTime"] = "0001-01-01T00:00:00Z"
    os.utime("serve.Dockerfile", (4e9, 4e9))
    assert stack.examine() == (0, [])


def test_a_container_of_the_image_before_the_last_build_is_named(stack: Stack) -> None:
    stack.images[0]["Id"] = "sha256:new"
    name_one(stack, "model run images from before the last build. `make up`")


def test_images_that_are_not_built_are_a_note(stack: Stack) -> None:
    del stack.images[0]
    name_one(stack, "Not built yet: relay-model:latest. `make build`", level="note")


def test_an_image_of_another_commit_is_named_and_whether_its_files_differ(stack: Stack) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "-q")
    git("add", "model", "model.Dockerfile")
    git("commit", "-qm", "one")
    first = git("rev-parse", "HEAD")
    stack.images[0] = make_image(stack.config["services"]["model"], **{"org.opencontainers.image.revision": first})
    assert stack.examine() == (0, [])
    git("add", ".env.example")
    git("commit", "-qm", "two")
    name_one(stack, f"names commit {first[:12]}, whose files equal", level="note")
    Path("model/a.py").write_text("changed = 1\n")
    git("add", "model")
    git("commit", "-qm", "three")
    name_one(stack, f"is of commit {first[:12]}; its files differ", "`make up`")
    stack.images[0]["Config"]["Labels"]["org.opencontainers.image.revision"] = ""
    name_one(stack, "names no commit", "`make build`", level="note")


@pytest.mark.parametrize("file", sorted(path.name for path in ROOT.glob("*/*.Dockerfile")))
def test_the_files_of_each_image_are_known(file: str) -> None:
    [path] = ROOT.glob(f"*/{file}")
    sources = list_sources(ROOT, str(path.relative_to(ROOT)))
    assert ROOT / "relay" / "handoff" in sources or ROOT / "relay" in sources
    assert [source for source in sources if not source.exists()] == []


def test_files_that_no_image_gets_make_none_old() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("**/")]
    assert ignored
    files = [line.replace("**/", "a/").replace("*", "b").replace("__pycache__", "__pycache__/b.py") for line in ignored]
    assert [file for file in files if not NOT_COPIED.search(file)] == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("chmod 755 secrets", ["users of its group on this machine can read secrets/airflow_password", "chmod 700"]),
        ("chmod 640 secrets/airflow_password", ["`chmod 644 secrets/airflow_password`"]),
        ("cp /dev/null secrets/airflow_password", ["secrets/airflow_password is empty", "`make .env`"]),
        ("rm secrets/airflow_password", ["Missing: secrets/airflow_password", "`make .env`"]),
    ],
)
def test_secrets_that_others_read_or_containers_do_not_are_named(spoil: str, words: list[str], stack: Stack) -> None:
    subprocess.run(spoil.split(), check=True)
    os.chown("data", 4321, 4321)
    _, said = stack.examine()
    assert all(line.startswith("mend") for line in said)
    assert [word for word in words if word not in said[0]] == []


def test_the_images_that_take_the_rights_of_the_folder_are_known() -> None:
    files = [*ROOT.glob("*/*.Dockerfile"), *ROOT.glob("services/*/*.Dockerfile")]
    entered = {
        f"relay-{path.stem}" for path in files if "images/entrypoint.py" in path.read_text().split("ENTRYPOINT")[-1]
    }
    assert set(OWN_USER) == entered


@pytest.mark.parametrize(
    ("line", "words", "level"),
    [
        ("API_MAX_BODY=7", "The variable API_MAX_BODY is now called API_MAX_BODY_BYTES", "note"),
        ("BIND_ADRESS=0.0.0.0", "Nothing reads BIND_ADRESS of .env. Did you mean BIND_ADDRESS?", "note"),
        ("COMPOSE_PROJECT_NAME=mine", "", ""),
        ("COMPOSE_PROFILES=postgres", "Set USE_POSTGRES=true in .env", "mend"),
        ("PAGE_PORT=abc", "PAGE_PORT=abc: expected a port", "mend"),
    ],
)
def test_lines_of_env_that_are_wrong_are_named(line: str, words: str, level: str, stack: Stack) -> None:
    with Path(".env").open("a") as file:
        file.write(f"{line}\n")
    if level:
        name_one(stack, words, level=level)
    else:
        assert stack.examine() == (0, [])


def test_an_old_compose_and_a_silent_engine_are_named_with_what_still_works(stack: Stack) -> None:
    stack.docker.answer("compose", "v2.23.9\n")
    name_one(stack, "`compose` has version v2.23.9, expected 2.24 or newer", "make run")
    with pytest.raises(StackError, match=r"expected 2\.24"):
        check_docker()
    stack.docker.answer("compose", "5.0.0\n")
    stack.docker.fail("engine", "permission denied while trying to connect\n")
    name_one(stack, "Docker's engine does not answer: permission denied", "make run")


def test_settings_that_compose_refuses_are_named(stack: Stack) -> None:
    stack.docker.fail("config", "warning: one\ninvalid hostPort: abc\n")
    name_one(stack, "Compose cannot read the settings: invalid hostPort: abc", "Correct .env")


def test_a_port_of_another_program_is_named(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda _address, port: port != 48501)
    assert stack.examine() == (0, [])  # our own container holds it
    stack.containers.clear()
    code, said = stack.examine()
    assert (code, said[0]) == (
        1,
        "mend  Port 48501 for the page is in use by another program. Stop it, or choose another port: PAGE_PORT=48502 "
        "in .env",
    )


def test_too_little_memory_is_a_note(stack: Stack) -> None:
    stack.docker.answer("memory", "900000000\n")
    name_one(stack, "0.9 GB of memory for containers, but model, mlflow may take up to 1.1 GB", level="note")


def test_without_docker_it_says_so_and_what_works(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    name_one(stack, "Docker is not installed", "make run", level="note")
