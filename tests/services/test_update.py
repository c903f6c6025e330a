"""Replicas are replaced one after the other, wherever an earlier update was broken off. Docker is played here."""

import fcntl
import itertools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from services.update import __main__ as program
from services.update import docker
from services.update.docker import UpdateError
from services.update.replicas import describe_health

FRONT = "shop_front"
OLD, NEW = "sha256:old", "sha256:new"
STEPS = 70
"""More commands than an update of three replicas gives."""


class Killed(BaseException):
    """What kill -9 is to a program: nothing that it would still do happens."""


@dataclass
class Container:
    """One replica, as Docker keeps it."""

    id: str
    name: str
    image: str
    state: str = "running"
    aliases: list[str] | None = field(default_factory=lambda: ["api"])
    """In the gateway's network; None outside of it."""
    restarts: int = 0

    def inspect(self) -> dict[str, Any]:
        networks = {} if self.aliases is None else {FRONT: {"Aliases": self.aliases}}
        return {
            "Id": self.id,
            "Name": f"/{self.name}",
            "Created": f"2026-01-01T00:00:{int(self.id[:2], 16):02}Z",
            "Image": self.image,
            "RestartCount": self.restarts,
            "State": {"Status": self.state, "ExitCode": 1 if self.restarts else 0},
            "Config": {"Labels": {"com.docker.compose.config-hash": "one"}},
            "NetworkSettings": {"Networks": networks | {"shop_back": {"Aliases": ["api"]}}},
        }


class Engine:
    """Docker with a project of some replicas; it keeps the lowest number of replicas that took requests."""

    def __init__(self, replicas: int, image: str = OLD) -> None:
        self.image = NEW
        """Of the containers that compose makes."""
        self.numbers = itertools.count(1)
        self.there: dict[str, Container] = {}
        for _ in range(replicas):
            self.make(image)
        self.steps_left = 10**6
        self.lowest = replicas
        self.most = replicas
        self.ready_after = 2
        self.looks = 0
        self.crashed = ""
        """The state of a new replica whose program ends at once."""

    def make(self, image: str, state: str = "running") -> Container:
        number = next(self.numbers)
        made = Container(f"{number:02x}" + "0" * 62, f"shop-api-{number}", image, state)
        self.there[made.id] = made
        return made

    def serving(self) -> list[Container]:
        return [one for one in self.there.values() if one.state == "running" and one.aliases is not None]

    def run(self, *command: str) -> tuple[int, str, str]:
        if self.steps_left == 0:
            raise Killed
        self.steps_left -= 1
        words = list(command[1:])
        answer = self._answer(words) if words[0] in ("compose", "ps", "inspect", "exec", "logs") else self._obey(words)
        self.lowest = min(self.lowest, len(self.serving()))
        self.most = max(self.most, len(self.serving()))
        return 0, answer, ""

    def _answer(self, words: list[str]) -> str:
        match words:
            case ["compose", *_, "config", "--format", "json"]:
                return json.dumps({"name": "shop", "networks": {"front": {"name": FRONT}}})
            case ["compose", "create", "--no-recreate", "--no-build", "--scale", scale, "api"]:
                assert scale == f"api={len(self.there) + 1}"
                self.make(self.image, "created")
            case ["ps", "--all", "--quiet", "--no-trunc", *_]:
                return "\n".join(self.there)
            case ["inspect", *ids]:
                return json.dumps([self.there[one].inspect() for one in ids])
            case ["exec", one, *_]:
                return self._tell_health(self.there[one])
            case ["logs", *_]:
                return "API_MAX_ROWS=1.5: expected a whole number\n"
            case _:
                raise AssertionError(words)
        return ""

    def _obey(self, words: list[str]) -> str:
        match words:
            case ["network", "disconnect", _, one]:
                self.there[one].aliases = None
            case ["network", "connect", "--alias", first, "--alias", second, network, one]:
                assert network == FRONT
                self.there[one].aliases = [first, second]
            case ["start", one]:
                self.there[one].state, self.looks = self.crashed or "running", 0
                self.there[one].restarts = 1 if self.crashed else 0
            case ["stop", one]:
                self.there[one].state = "exited"
            case ["rm", *rest]:
                for one in rest[rest[:1] == ["--force"] :]:
                    assert rest[:1] == ["--force"] or self.there[one].state != "running"
                    del self.there[one]
            case _:
                raise AssertionError(words)
        return ""

    def _tell_health(self, asked: Container) -> str:
        if asked.aliases is None:
            self.looks += 1
            if self.looks <= self.ready_after:
                return json.dumps([503, {"models": {"line": {"why": "fetching"}}, "prediction_log": {"ready": True}}])
        return json.dumps([200, {"models": {"line": {"ready": True}}, "prediction_log": {"ready": True}}])


@pytest.fixture(autouse=True)
def lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No pauses, and the file that an update locks."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "lock").touch()
    monkeypatch.setattr(program, "LOCK", tmp_path / "lock")
    return tmp_path / "lock"


def play(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Engine:
    monkeypatch.setattr(docker, "run", engine.run)
    return engine


def find_images(engine: Engine) -> list[str]:
    return [one.image for one in engine.there.values()]


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_as_many_replicas_as_before_are_new_and_never_fewer_serve(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], replicas: int
) -> None:
    engine = play(monkeypatch, Engine(replicas))
    assert program.main([]) == 0
    assert (find_images(engine), len(engine.serving())) == ([NEW] * replicas, replicas)
    assert (engine.lowest, engine.most) == (replicas, replicas + 1)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith(f"{replicas} replica")
    assert [line for line in told if re.search(rf"\(\d of {replicas}\)", line)] == told[2:-1:2]


@pytest.mark.parametrize("step", range(STEPS))
def test_an_update_that_is_killed_at_any_command_is_finished_by_the_next(
    monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    engine = play(monkeypatch, Engine(3))
    engine.steps_left = step
    try:
        program.main([])
    except Killed:
        assert len(engine.serving()) >= 3
    engine.steps_left = 10**6
    assert program.main([]) == 0
    assert (find_images(engine), len(engine.serving()), engine.lowest) == ([NEW] * 3, 3, 3)
    assert engine.most <= 4


def test_replicas_of_now_are_left_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    engine = play(monkeypatch, Engine(2, image=NEW))
    before = list(engine.there)
    assert program.main([]) == 0
    assert list(engine.there) == before
    assert "2 replicas already run the image and the settings of now" in capsys.readouterr().out


def test_only_those_that_are_old_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = play(monkeypatch, Engine(1, image=NEW))
    kept = next(iter(engine.there))
    engine.make(OLD)
    assert program.main([]) == 0
    assert (find_images(engine), kept in engine.there) == ([NEW, NEW], True)


@pytest.mark.parametrize("fault", ["never ready", "restarting", "running again"])
def test_a_version_that_never_gets_ready_leaves_the_old_ones_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    engine = play(monkeypatch, Engine(3))
    before = list(engine.there)
    engine.ready_after = 10**6
    engine.crashed = {"never ready": "", "restarting": "restarting", "running again": "running"}[fault]
    assert program.main(["--wait", "0.01"]) == 1
    assert (list(engine.there), len(engine.serving())) == (before, 3)
    told = capsys.readouterr().err
    words = {
        "never ready": "was not ready within 0 s: line: fetching",
        "restarting": "ended with exit code 1 before it was ready",
        "running again": "ended before it was ready",
    }
    assert (words[fault] in told, "API_MAX_ROWS=1.5" in told, "`make update` again" in told) == (True, True, True)


def test_without_a_replica_the_command_that_starts_them_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, Engine(0))
    assert (program.main([]), "`make serve` starts it" in capsys.readouterr().err) == (1, True)


def test_one_update_runs_at_a_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lock: Path
) -> None:
    engine = play(monkeypatch, Engine(2))
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert (program.main([]), "Another update runs" in capsys.readouterr().err) == (1, True)
    assert (find_images(engine), program.main([])) == ([OLD] * 2, 0)


def test_what_docker_refuses_is_said_in_its_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docker, "run", lambda *_: (1, "", "Cannot connect to the Docker daemon"))
    assert (program.main([]), "Cannot connect to the Docker daemon" in capsys.readouterr().err) == (1, True)


def test_a_docker_that_is_not_there_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UpdateError, match="docker cannot be started: No such file"):
        docker.ask("docker", "ps")


def test_a_health_names_what_is_not_ready() -> None:
    states: dict[str, dict[str, object]] = {"a": {"ready": True}, "b": {"why": "no version"}, "c": {}}
    health = describe_health(503, states)
    assert (health.ready, health.why) == (frozenset({"a"}), "b: no version; c: not ready")
