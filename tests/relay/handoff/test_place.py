"""Commands that messages name are accepted as they are written, natively and as one types them for containers."""

import ast
import os
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from relay.handoff import place, verbs
from relay.handoff.command import make_parser
from relay.handoff.errors import RelayError, UsageError
from relay.handoff.place import SERVICES, VARIABLE, become_owner, word_commands

ROOT = Path(__file__).parents[3]
PACKAGES = ("relay", "ingest", "preprocess", "model", "serve", "page", "adopt")
COMMAND = re.compile(r"(?:`|^|Example: .*?)python -m (ingest|preprocess|model|adopt)\b([^`|]*)")
VALUES = {"VERSION": "1", "…": "credit"}
"""What stands for a value in a message -> a value; every other one is a name."""


def list_advised() -> Iterator[tuple[str, str]]:
    """Place in the code and command, of all strings but docstrings."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "python" not in text:  # every process of pytest-xdist reads them all
                continue
            nodes = list(ast.walk(ast.parse(text)))
            docs = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
            inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
            for node in nodes:
                if id(node) in docs or id(node) in inner:
                    continue
                for found in COMMAND.finditer(read(node)):
                    command = found[0].rpartition("python")[2].partition(". ")[0].strip()
                    if command != "-m adopt":  # the program, no command
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", f" {command}"


def read(node: ast.AST) -> str:
    """The text of a string, with a name in place of each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "credit" for one in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


ADVISED = [(place, f"python{command}") for place, command in list_advised()]


def test_the_commands_of_messages_are_found() -> None:
    assert len({command for _, command in ADVISED}) > 12


def accept(program: str, words: list[str]) -> None:
    """Let the parser of a program read a command line.

    Raises:
        UsageError: it does not accept it.
    """
    main = import_module(f"{program}.__main__")
    known = getattr(main, "VERBS", {})
    if words and words[0] in known and known[words[0]].module:
        verb, name, words = known[words[0]], words[0], words[1:]
    elif program == "adopt":
        verb, name = main.NOTEBOOKS if any(".ipynb" in word for word in words) else main.DATA, ""
    else:
        make_parser(main.STAGE, is_json=True).parse_args(words)
        return
    module = import_module(verb.module)
    verbs._make_parser(program, name, verb, module, known, is_json=True).parse_args(words)  # type: ignore[arg-type]


def split(command: str) -> list[str]:
    """The words of a command, with values for what stands for one; what is read or written by the shell is left out."""
    text = re.split(r" [<>] ", command)[0]
    return [VALUES.get(word, word if not word.isupper() else "credit") for word in shlex.split(text)]


@pytest.mark.parametrize(("where", "command"), ADVISED, ids=[f"{place} {command}" for place, command in ADVISED])
def test_an_advised_command_is_accepted_natively_and_in_a_container(where: str, command: str) -> None:
    _, _, program, *words = split(command)
    if "--help" not in words:
        accept(program, words)
    there = word_commands(f"`{command}`", {VARIABLE: "1"})
    if program == "adopt":
        assert there == f"`docker compose exec model {command}`"
        return
    kept = command.removeprefix(f"python -m {program}")
    assert there in [f"`docker compose run --rm{more} {SERVICES[program]}{kept}`" for more in ("", " -T")]
    assert ("-T" in there) == ("<" in command)


def test_a_run_of_all_stages_is_that_of_their_containers() -> None:
    said = "No version yet: `make run RECIPE=credit`, then `python -m model list credit`"
    assert word_commands(said, {}) == said
    expected = "`make train RECIPE=credit`, then `docker compose run --rm train list credit`"
    assert word_commands(said, {VARIABLE: "1"}) == f"No version yet: {expected}"


def test_a_command_without_its_version_is_refused() -> None:
    with pytest.raises(UsageError, match="VERSION"):
        accept("model", ["promote", "credit"])


def test_each_service_of_a_command_runs_its_stage() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    model = services["model"]["build"]
    for stage, service in SERVICES.items():
        build = services[service].get("build", model)
        [entry] = re.findall(r"^ENTRYPOINT (.*)$", (ROOT / build["dockerfile"]).read_text(encoding="utf-8"), re.M)
        words = services[service].get("entrypoint", yaml.safe_load(entry))
        assert words == [*yaml.safe_load(entry)[:-1], stage]


def test_every_image_of_a_program_says_that_it_is_one() -> None:
    files = [path for path in ROOT.glob("*/*.Dockerfile") if "images/entrypoint.py" in path.read_text(encoding="utf-8")]
    assert len(files) == 4
    assert [path.name for path in files if f" {VARIABLE}=1 " not in path.read_text(encoding="utf-8")] == []


def test_an_error_in_a_container_names_the_command_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    natively = RelayError("no model yet", next_step="Run `python -m model credit`")
    monkeypatch.setenv(VARIABLE, "1")
    there = RelayError("no model yet", next_step="Run `python -m model credit`")
    assert str(natively) == "no model yet. Run `python -m model credit`"
    assert str(there) == "no model yet. Run `docker compose run --rm train credit`"
    assert there.record.next == "Run `docker compose run --rm train credit`"
    assert str(RelayError(there.message, next_step=there.next_step)) == str(there)


@pytest.mark.parametrize(
    ("uid", "variable", "is_there"), [(0, "1", True), (10001, "1", True), (0, "", True), (0, "1", False)]
)
def test_the_root_of_a_container_becomes_the_owner_of_the_folder(
    uid: int, variable: str, is_there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, ran = tmp_path / "entrypoint.py", []
    if is_there:
        entry.touch()
    monkeypatch.setattr(place, "ENTRY_POINT", entry)
    monkeypatch.setenv(VARIABLE, variable)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(os, "execv", lambda _, command: ran.append(command))
    become_owner("model", ["list", "linear"])
    expected = [sys.executable, str(entry), sys.executable, "-m", "model", "list", "linear"]
    assert ran == ([expected] if (uid, variable, is_there) == (0, "1", True) else [])
