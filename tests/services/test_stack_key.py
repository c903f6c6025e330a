"""`make .env` makes the key that signs own code, and `make status` says whether containers get it, never the key."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from relay.handoff.settings import CODE_KEY_FILE
from relay.registry import code_key
from services.stack import key as check_key

ROOT = Path(__file__).parents[2]
GIVEN = {"CODE_KEY_FILE": "secrets/code_key"}
KEY = "k" * 64 + "\n"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key as `make .env` makes it; Docker is not asked."""
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets" / "code_key").write_text(KEY)
    (tmp_path / "secrets" / "code_key").chmod(0o644)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(check_key, "find_containers", dict)
    return tmp_path


def describe(settings: dict[str, str] = GIVEN, **environment: str) -> str:
    """The one line that is said of the key."""
    [line] = check_key.describe_key(settings, environment)
    assert KEY.strip() not in line
    return line


def test_a_key_that_is_as_it_should_be_is_named(checkout: Path) -> None:
    assert describe() == "secrets/code_key, closed to other users; containers that train and serve get it"


def test_the_check_agrees_with_the_library() -> None:
    assert (check_key.SHORTEST, check_key.LONGEST) == (code_key.SHORTEST, code_key.LONGEST)
    assert (CODE_KEY_FILE.name, CODE_KEY_FILE.default) == (check_key.VARIABLE, ROOT / check_key.DEFAULT)
    assert Path(check_key.MOUNTED).parent == code_key.MOUNTED


@pytest.mark.parametrize("folder", [0o700, 0o710, 0o750, 0o705, 0o770, 0o707, 0o1777, 0o701])
@pytest.mark.parametrize("file", [0o644, 0o600, 0o640, 0o606, 0o660, 0o604])
def test_the_check_finds_open_what_the_library_finds_open(folder: int, file: int, checkout: Path) -> None:
    path = checkout / "secrets" / "code_key"
    path.chmod(file)
    path.parent.chmod(folder)
    assert (check_key.find_others(path) != "") == is_refused(path)


def is_refused(path: Path) -> bool:
    """Whether the library finds that others can use the key."""
    try:
        code_key.require_closed(path)
    except code_key.CodeKeyError:
        return True
    return False


def test_a_missing_key_is_said_with_what_it_means_and_what_makes_it(checkout: Path) -> None:
    (checkout / "secrets" / "code_key").unlink()
    said = "secrets/code_key is missing. To make it: `make .env`. "
    assert describe({}).startswith(f"{said}Without it containers do not sign")
    assert describe().startswith(f"{said}Until then compose does not start")


@pytest.mark.parametrize(
    ("content", "said"), [("", "is empty"), ("short\n", "has 6 bytes, expected 32"), ("k" * 5000, "has 5000")]
)
def test_a_key_that_is_none_is_named_with_the_command_that_makes_another(
    content: str, said: str, checkout: Path
) -> None:
    (checkout / "secrets" / "code_key").write_text(content)
    assert (f"secrets/code_key {said}" in describe(), "`rm secrets/code_key`, then `make .env`" in describe()) == (
        True,
        True,
    )


def test_a_key_that_others_can_read_is_named_with_what_closes_it(checkout: Path) -> None:
    (checkout / "secrets").chmod(0o755)
    said = "users of its group on this machine can read secrets/code_key. To close its folder: `chmod 700 secrets`."
    assert describe().startswith(said)
    (checkout / "secrets").chmod(0o700)
    assert "closed to other users" in describe()
    (checkout / "secrets").rename(checkout / "vault")
    (checkout / "vault").chmod(0o755)
    assert "Move it to a folder of mode 700" in describe({"CODE_KEY_FILE": "vault/code_key"})


def test_a_key_that_the_user_of_the_containers_cannot_read_is_named(checkout: Path) -> None:
    (checkout / "secrets" / "code_key").chmod(0o600)
    (checkout / "data").mkdir()
    os.chown(checkout / "data", 4321, 4321)
    assert "containers cannot read secrets/code_key" in describe()
    assert describe().endswith("`chmod 700 secrets && chmod 644 secrets/code_key`")


def test_an_env_without_the_line_is_named_with_the_line(checkout: Path) -> None:
    said = (
        "containers do not get secrets/code_key. Add CODE_KEY_FILE=secrets/code_key to .env. Start the containers again"
    )
    assert describe({}).startswith(said)
    assert describe(GIVEN, CODE_KEY_FILE="").startswith(said)


def test_two_keys_on_one_machine_are_named(checkout: Path) -> None:
    (checkout / "other").write_text(KEY)
    assert describe({"CODE_KEY_FILE": "other"}).startswith(
        "containers get other, trainings on this machine use secrets/"
    )
    assert describe({"CODE_KEY_FILE": "other"}, CODE_KEY_FILE="secrets/code_key").startswith("secrets/code_key, closed")


def test_a_key_elsewhere_needs_none_in_the_checkout(checkout: Path) -> None:
    (checkout / "secrets").rename(checkout / "vault")
    assert describe({"CODE_KEY_FILE": "vault/code_key"}).startswith("vault/code_key, closed to other users")


def test_containers_that_run_with_another_key_are_named(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = checkout / "secrets" / "code_key"
    written = key.stat().st_mtime
    running = {"api": ("/empty", written + 9), "page": (str(key), written - 9), "new": (str(key), written + 9)}
    monkeypatch.setattr(check_key, "find_containers", lambda: running)
    without, older = check_key.describe_key(GIVEN, {})
    assert without.startswith("api started without secrets/code_key. Start the containers again")
    assert older == "secrets/code_key is newer than what page started with: `docker restart page`"


def make_env(folder: Path) -> str:
    """What `make .env` says in a folder."""
    done = subprocess.run(
        ["make", ".env"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={"PATH": os.environ["PATH"]},
    )
    return done.stdout + done.stderr


def test_make_env_makes_a_key_and_gives_it_to_the_containers(tmp_path: Path) -> None:
    for name in ("Makefile", ".env.example"):
        shutil.copy(ROOT / name, tmp_path / name)
    said = make_env(tmp_path)
    path = tmp_path / "secrets" / "code_key"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o644, 0o700)
    key = code_key.read_key(path)
    assert key is not None
    assert (len(key), key.decode() in said) == (64, False)
    lines = (tmp_path / ".env.example").read_text().replace("CODE_KEY_FILE=\n", "CODE_KEY_FILE=secrets/code_key\n")
    lines = lines.replace("\nAIRFLOW_PASSWORD_FILE=\n", "\nAIRFLOW_PASSWORD_FILE=secrets/airflow_password\n")
    assert (tmp_path / ".env").read_text() == lines

    # What is there stays; what is missing is made, beside an .env that stays too.
    (tmp_path / ".env").write_text("IMAGE_TAG=2\n")
    make_env(tmp_path)
    assert code_key.read_key(path) == key
    path.unlink()
    make_env(tmp_path)
    assert (code_key.read_key(path) not in (None, key), (tmp_path / ".env").read_text()) == (True, "IMAGE_TAG=2\n")
    assert [one.name for one in path.parent.iterdir() if one.name.endswith(".new")] == []


def test_compose_gives_the_key_to_who_trains_and_who_serves_and_to_no_other() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    given = {name for name, service in services.items() if "code_key" in service.get("secrets", [])}
    told = {name for name, one in services.items() if check_key.MOUNTED in one.get("environment", {}).values()}
    # Compose sees a change of the label alone: it makes the containers again when the key comes or goes.
    labelled = {name for name, service in services.items() if "CODE_KEY_FILE" in str(service.get("labels"))}
    assert given == told == labelled == {"model", "train", "api"}
    others = [path for path in ROOT.glob("docker-compose.*.yml") if "code_key" in path.read_text(encoding="utf-8")]
    assert others == []


def test_for_development_what_runs_stages_the_monitor_and_the_api_read_the_recipes_of_the_folder() -> None:
    written = yaml.safe_load((ROOT / "docker-compose.recipes.yml").read_text(encoding="utf-8"))["services"]
    assert set(written) == {"ingest", "preprocess", "model", "train", "monitor", "api", "dask-worker"}
    assert {tuple(service["volumes"]) for service in written.values()} == {("./recipes:/app/recipes:ro",)}
