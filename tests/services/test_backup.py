"""A backup that is not whole is told before anything is touched."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from postgres_server import postgres_server  # noqa: F401

from services.backup.contents import LIST, BackupError, Part, describe_part, hash_body, read_list, write_list
from services.backup.databases import COMING, FIND
from services.backup.roles import quote

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A whole one, of a volume and a database."""
    (tmp_path / "files.tar").write_bytes(b"of a volume")
    (tmp_path / "relay.dump").write_bytes(b"of a database")
    parts = [
        describe_part(tmp_path / "files.tar", "volume", "files"),
        describe_part(tmp_path / "relay.dump", "database", "relay", "postgres"),
    ]
    write_list(tmp_path, "2026-11-20T10-00-00Z", parts)
    return tmp_path


def test_a_whole_backup_is_read_as_it_was_written(copy: Path) -> None:
    volume, database = (hashlib.sha256(content).hexdigest() for content in (b"of a volume", b"of a database"))
    assert read_list(copy) == [
        Part("files.tar", "volume", "files", 11, volume),
        Part("relay.dump", "database", "relay", 13, database, "postgres"),
    ]


def change(path: Path, old: bytes, new: bytes) -> None:
    """Replace bytes of a file."""
    path.write_bytes(path.read_bytes().replace(old, new))


def list_a_path(folder: Path) -> None:
    """A list that is sound and names a file elsewhere."""
    body = json.loads((folder / LIST).read_text())
    body.pop("sha256")
    body["parts"][0]["file"] = "../files.tar"
    (folder / LIST).write_text(json.dumps(body | {"sha256": hash_body(body)}))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no list": (lambda copy: (copy / LIST).unlink(), "broken off"),
    "half a list": (lambda copy: os.truncate(copy / LIST, 100), "damaged"),
    "an empty list": (lambda copy: (copy / LIST).write_text("[]"), "damaged"),
    "another list": (lambda copy: change(copy / LIST, b'"relay"', b'"relax"'), "damaged"),
    "a part left out": (lambda copy: change(copy / LIST, b'"size": 13', b'"size": 14'), "damaged"),
    "a missing file": (lambda copy: (copy / "relay.dump").unlink(), "relay.dump is missing"),
    "half a file": (lambda copy: os.truncate(copy / "relay.dump", 5), "5 bytes, expected 13"),
    "another file": (lambda copy: (copy / "relay.dump").write_bytes(b"of a databasE"), "SHA-256"),
    "a file elsewhere": (list_a_path, "does not know"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_backup_that_is_not_whole_is_refused(damage: str, copy: Path) -> None:
    spoil, said = DAMAGE[damage]
    spoil(copy)
    with pytest.raises(BackupError, match=said):
        read_list(copy)


def test_the_command_says_it_in_one_line_before_it_asks_docker_for_anything(copy: Path) -> None:
    (copy / "relay.dump").unlink()
    command = [sys.executable, "-m", "services.backup", "restore", str(copy), "--yes"]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n"), "nothing is put back" in done.stderr) == (1, 1, True)


@pytest.mark.postgres
def test_databases_of_any_name_are_found_with_their_owners(postgres_server: Any) -> None:  # noqa: F811
    names = ("my shop", "Größe", f"relay{COMING}")
    for name in names:
        postgres_server.execute(f"create database {quote(name)}")
    try:
        ((found,),) = postgres_server.execute(FIND)
        # A test that shares the server has made those.
        databases = {name: owner for name, owner in json.loads(found).items() if not name.startswith("test_")}
        assert databases == {"Größe": "relay", "my shop": "relay"}
    finally:
        for name in names:
            postgres_server.execute(f"drop database {quote(name)}")


def test_a_name_of_a_database_is_quoted() -> None:
    assert quote('a"; drop database relay; --') == '"a""; drop database relay; --"'
