"""Own code in containers: trained, signed, served after an edit of the code, rolled back, and refused without the key.

One project for the whole module, in a copy of the checkout whose code is edited, with PostgreSQL; each test says which
images and which key it wants, and leaves version 1 in production.
"""

import json
import os
import shutil
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
from engine import ROOT, Docker, compose_in
from load import Load
from patience import HANG_SECONDS

from relay.registry.contract import TOLERANCE

PORTS = {
    "MLFLOW_PORT": "15710",
    "PAGE_PORT": "18710",
    "GATEWAY_PORT": "18720",
    "GATEWAY_API_PORT": "18721",
    "API_PORT": "18722",
    "POSTGRES_PORT": "15732",
}
API = f"http://127.0.0.1:{PORTS['GATEWAY_API_PORT']}"
NAMED = [line.strip("!/") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
FOLDERS = [name for name in NAMED if "/" not in name]
FILES = ("Makefile", ".env.example", ".dockerignore", *(path.name for path in ROOT.glob("docker-compose*.yml")))
RECORDS = [
    {"kind": "city", "size": "M", "age_years": 3.0, "km": None},
    {"kind": "road", "size": None, "age_years": 0.5, "km": 900.0},
    {"kind": "electric", "size": "L", "age_years": 11.0, "km": 21000.0},
]
EDIT = ('"km per year": km / offers["age_years"].clip(lower=0.5)', '"km per year": km * 0')
"""What the model of before would answer with the code of after differs, and so does a model trained with it."""
AS_USER = ("images/entrypoint.py", "python", "-m", "model")
PAGE = """
import json, sys
from page.predict.api import Api
from page.predict.ask import Registry
from page.settings import read_page_settings
settings, records = read_page_settings(), json.load(sys.stdin)
for given in (Api(settings.api_url, "own").answer(records), Registry(settings, "own").answer(records)):
    print(json.dumps([given.version, given.predictions]))
"""
"""How the screen Predict asks, with an API and without one."""


@dataclass(frozen=True)
class Stack:
    """The project: version 1 was trained with the images `before`; `after` hold the edited code."""

    compose: Docker
    checkout: Path
    settings: dict[str, str]
    answers: list[float]
    """Of version 1, by the API, as it was served first."""

    def start(self, tag: str, *, key: str = "secrets/code_key") -> None:
        """Let API and page run with the images of a tag and with a key, as `docker compose up` does it."""
        environment = {"IMAGE_TAG": f"{self.settings['IMAGE_TAG']}-{tag}", "CODE_KEY_FILE": key}
        self.compose("up", "--detach", "--wait", "--no-deps", "api", "model", **environment)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A command of the stage `model`, in a container that trains, with the edited code."""
        environment = {"IMAGE_TAG": f"{self.settings['IMAGE_TAG']}-after"} | environment
        return self.compose("run", "--rm", "--no-deps", "-T", "train", *arguments, **environment)


def ask(path: str, body: Any = None) -> tuple[int, Any]:
    """Status and body of an answer; 0 where none came."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{API}{path}", data, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=HANG_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        content = error.read()
        return error.code, json.loads(content) if content[:1] == b"{" else content
    except OSError as error:
        return 0, error


def wait_for_version(version: str) -> list[float]:
    """The answers of a version, as soon as it is the one that is served."""
    end = time.monotonic() + HANG_SECONDS
    while (answer := ask("/predict", RECORDS))[0] != 200 or answer[1]["model_version"] != version:
        assert time.monotonic() < end, answer
        time.sleep(0.2)
    return list(answer[1]["predictions"])


def find_model(name: str, answer: tuple[int, Any]) -> dict[str, str]:
    """What /health says of a model; nothing while the gateway answers that no API is there yet."""
    found: dict[str, str] = answer[1].get("models", {}).get(name, {}) if isinstance(answer[1], dict) else {}
    return found


def close_to(answers: list[float]) -> Any:
    """Equal within the tolerance of a contract."""
    return pytest.approx(answers, rel=TOLERANCE)


def copy_checkout(folder: Path) -> Path:
    """What a fresh clone holds to build and start the containers; data and logs are of a user of the host."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    for name in ("data", "logs"):
        (folder / name).mkdir()
        os.chown(folder / name, 1000, 1000)
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """`make serve` in a fresh clone, then its code edited and the images built again, both times by `make`."""
    checkout = copy_checkout(tmp_path_factory.mktemp("checkout"))
    settings = {
        **PORTS,
        "COMPOSE_PROJECT_NAME": f"relay-test-own-{os.getpid()}",
        "COMPOSE_PROFILES": "postgres",
        "USE_POSTGRES": "true",
        "DATABASE_URL": "",
        "IMAGE_TAG": f"own-{os.getpid()}",
        "GIT_COMMIT": "a commit",
        "RECIPES": "own",
        "MODEL_URI": "models:/own@production",
        "REGISTRY_POLL_SECONDS": "1",
        "GATEWAY_RATE": "5000",
        "API_URL": "http://api:8000",
        "MLFLOW_TRACKING_URI": "",
    }
    compose = compose_in(checkout, settings["COMPOSE_PROJECT_NAME"], root=checkout, **settings)
    try:
        make(checkout, "serve", **settings | {"IMAGE_TAG": f"{settings['IMAGE_TAG']}-before"})
        answers = wait_for_version("1")
        parts = checkout / "recipes" / "own_parts.py"
        assert EDIT[0] in parts.read_text()
        parts.write_text(parts.read_text().replace(*EDIT))
        make(checkout, "build", **settings | {"IMAGE_TAG": f"{settings['IMAGE_TAG']}-after"})
        yield Stack(compose, checkout, settings | {"COMPOSE_PROFILES": "postgres,serve"}, answers)
    finally:
        compose("--profile", "*", "down", "--remove-orphans", "--volumes", "--timeout", "5")
        ours = ["docker", "images", "--quiet", "--filter", f"reference=relay-*:{settings['IMAGE_TAG']}-*"]
        found = subprocess.run(ours, capture_output=True, text=True, check=True).stdout.split()
        subprocess.run(["docker", "rmi", "--force", *found], capture_output=True, check=False)


def make(checkout: Path, target: str, **settings: str) -> None:
    """Run a command of the Makefile in the checkout."""
    command = ["make", target]
    environment = os.environ | settings
    done = subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_after_an_edit_api_page_and_commands_answer_as_the_version_did_before(stack: Stack, tmp_path: Path) -> None:
    stack.start("after")
    assert wait_for_version("1") == close_to(stack.answers)
    told = json.dumps(RECORDS)
    inside = ask_in_page(stack, told, *AS_USER, "predict", "own", "--json")
    assert json.loads(inside.stdout)["predictions"] == close_to(stack.answers)
    native = os.environ | {
        "DATA_DIR": f"{tmp_path}/data",
        "LOG_DIR": f"{tmp_path}/logs",
        "CODE_KEY_FILE": str(stack.checkout / "secrets" / "code_key"),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{PORTS['MLFLOW_PORT']}",
    }
    command = [sys.executable, "-m", "model", "predict", "own", "--json"]
    outside = subprocess.run(command, cwd=ROOT, env=native, input=told, capture_output=True, text=True, check=True)
    assert json.loads(outside.stdout)["predictions"] == close_to(stack.answers)
    page = ask_in_page(stack, told, "images/entrypoint.py", "python", "-c", PAGE)
    assert [json.loads(line) for line in page.stdout.splitlines()] == [["1", close_to(stack.answers)]] * 2


def ask_in_page(stack: Stack, given: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program in the container of the page, with something on its standard input."""
    container = stack.compose("ps", "--quiet", "model").stdout.strip()
    command = ["docker", "exec", "--interactive", container, "python", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=HANG_SECONDS)


def test_a_command_that_begins_as_a_root_without_rights_takes_those_of_the_folders_owner(stack: Stack) -> None:
    done = ask_in_page(stack, json.dumps(RECORDS), "-m", "model", "predict", "own", "--json")
    assert (done.returncode, json.loads(done.stdout)["predictions"]) == (0, close_to(stack.answers))


def test_the_key_is_in_the_containers_that_train_and_serve_and_in_no_other(stack: Stack) -> None:
    ids = stack.compose("--profile", "*", "ps", "--all", "--quiet").stdout.split()
    shown = subprocess.run(["docker", "inspect", *ids], capture_output=True, text=True, check=True).stdout
    service = "com.docker.compose.service"
    found = {
        (one["Config"]["Labels"][service], mount["Source"].endswith("/secrets/code_key"))
        for one in json.loads(shown)
        for mount in one["Mounts"]
        if "code_key" in mount["Source"] + mount["Destination"] or mount["Destination"] == "/run/secrets"
    }
    assert found == {("model", True), ("train", True), ("api", True)}
    assert len(ids) >= 9  # the pipeline, MLflow, the database and the gateway too
    key = (stack.checkout / "secrets" / "code_key").read_text().strip()
    told = shown + stack.compose("logs").stdout + stack.compose("config").stdout
    assert (len(key), key in told) == (64, False)


def test_a_version_of_the_edited_code_takes_over_and_a_rollback_brings_the_answers_of_before_back(stack: Stack) -> None:
    stack.start("after")
    assert wait_for_version("1") == close_to(stack.answers)
    trained = stack.run("own").stderr
    assert "not signed" not in trained
    with Load(lambda: ask("/predict", RECORDS[0])) as load:
        stack.run("promote", "own", "2")
        edited = wait_for_version("2")
        load.wait(20)
        stack.run("rollback", "own")
        assert wait_for_version("1") == close_to(stack.answers)
        load.wait(20)
    assert edited != close_to(stack.answers)
    assert load.refused == []


def test_without_the_key_the_edited_code_is_not_served_and_health_says_why(stack: Stack) -> None:
    stack.start("after", key="")
    end = time.monotonic() + HANG_SECONDS
    while "why" not in (told := find_model("own", answer := ask("/health"))):
        assert time.monotonic() < end, answer
        time.sleep(0.2)
    assert "the project's key is not here (/run/secrets/code_key)" in told["why"]
    assert "`make status` says how a container gets it" in told["next_step"]
    assert ask("/predict", RECORDS)[0] == 503


def test_without_the_key_the_code_of_the_image_is_served_and_a_training_says_that_it_signs_nothing(
    stack: Stack,
) -> None:
    stack.start("before", key="")
    assert wait_for_version("1") == close_to(stack.answers)
    said = stack.run("own", "--set", "seed=7", CODE_KEY_FILE="", PROMOTE="never").stderr
    assert "is not signed: the project's key is not here" in said
    assert "`make status` says how a container gets it" in said


def test_a_backup_holds_neither_the_key_nor_a_password(stack: Stack, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "services.backup", "backup", "--to", str(tmp_path)]
    environment = os.environ | stack.settings | {"IMAGE_TAG": f"{stack.settings['IMAGE_TAG']}-before"}
    done = subprocess.run(
        command, cwd=stack.checkout, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    copied = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert b"recipes/own_parts.py" in copied  # the code of the versions is there
    secrets = {path.name: path.read_bytes().strip() for path in (stack.checkout / "secrets").iterdir()}
    assert "code_key" in secrets
    assert [name for name, content in secrets.items() if content in copied] == []
