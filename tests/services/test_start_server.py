"""The database of the MLflow server is made whole, whatever an earlier start left."""

import os
import runpy
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "services" / "mlflow"


@pytest.mark.slow
def test_a_database_is_made_anew_where_a_killed_start_left_a_part(tmp_path: Path) -> None:
    for name in ("mlflow.db.new", "mlflow.db.new-journal"):
        (tmp_path / name).write_text("a part")
    code = "import pathlib, sys, start_server; start_server.create_database(pathlib.Path(sys.argv[1]))"
    # In a process of its own: importing MLflow's server sets its environment.
    subprocess.run([sys.executable, "-c", code, tmp_path / "mlflow.db"], cwd=FOLDER, check=True, capture_output=True)
    assert [path.name for path in tmp_path.iterdir()] == ["mlflow.db"]
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("select name, artifact_location from experiments").fetchall() == [
            ("Default", "mlflow-artifacts:/0")
        ]


def test_a_database_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("of a user")
    (tmp_path / "mlflow").write_text(f"#!{sys.executable}\nimport sys\nprint(*sys.argv[1:])\n")
    (tmp_path / "mlflow").chmod(0o755)
    environment = {"PATH": str(tmp_path), "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    command = [sys.executable, FOLDER / "start_server.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout, (tmp_path / "mlflow.db").read_text()) == ("server\n", "of a user")


ADDRESSES = {
    "nothing": ({}, "sqlite:////var/lib/mlflow/database/mlflow.db"),
    "empty variables": (
        {"USE_POSTGRES": "", "MLFLOW_BACKEND_STORE_URI": "", "MLFLOW_BACKEND_STORE_URI_FILE": ""},
        "sqlite:////var/lib/mlflow/database/mlflow.db",
    ),
    "not used": ({"USE_POSTGRES": "False", "POSTGRES_URL": "postgresql://mlflow@db/mlflow"}, None),
    "used": (
        {"USE_POSTGRES": "True", "POSTGRES_URL": "postgresql://mlflow@db/mlflow"},
        "postgresql://mlflow:of%20a%40%2F%3A%27s@db/mlflow",
    ),
    "used, natively": ({"USE_POSTGRES": "true"}, "postgresql://mlflow:of%20a%40%2F%3A%27s@localhost:5432/mlflow"),
    "named": (
        {"USE_POSTGRES": "true", "MLFLOW_BACKEND_STORE_URI": "postgresql://other@host:1/db?sslmode=require"},
        "postgresql://other:of%20a%40%2F%3A%27s@host:1/db?sslmode=require",
    ),
    "named with its password": (
        {"USE_POSTGRES": "true", "MLFLOW_BACKEND_STORE_URI": "postgresql://other:own@host/db"},
        "postgresql://other:own@host/db",
    ),
    "named without a user": (
        {"MLFLOW_BACKEND_STORE_URI": "postgresql://host/db?user=a@b"},
        "postgresql://host/db?user=a@b",
    ),
    "SQLite": ({"USE_POSTGRES": "true", "MLFLOW_BACKEND_STORE_URI": "sqlite:////a/b"}, "sqlite:////a/b"),
}


def read_address(environment: dict[str, str]) -> str:
    """The address that the server would use."""
    return str(runpy.run_path(str(FOLDER / "start_server.py"))["read_address"](environment))


@pytest.mark.parametrize("case", ADDRESSES)
def test_the_address_is_the_one_that_is_named_else_postgres_where_it_is_used_else_sqlite(
    case: str, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("of a@/:'s\n")
    environment, address = ADDRESSES[case]
    expected = address or ADDRESSES["nothing"][1]
    assert read_address(environment | {"DATABASE_PASSWORD_FILE": str(tmp_path / "password")}) == expected


def test_the_address_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("postgresql://other:own@host/db\n")
    assert (
        read_address({"MLFLOW_BACKEND_STORE_URI_FILE": str(tmp_path / "address")}) == "postgresql://other:own@host/db"
    )


def test_an_empty_file_is_no_password(tmp_path: Path) -> None:
    (tmp_path / "password").touch()
    environment = {"USE_POSTGRES": "true", "DATABASE_PASSWORD_FILE": str(tmp_path / "password")}
    assert read_address(environment) == "postgresql://mlflow@localhost:5432/mlflow"


@pytest.mark.parametrize(
    ("environment", "said"),
    [({"USE_POSTGRES": "yes"}, "'yes', neither true nor false"), ({"DATABASE_PASSWORD_FILE": "/no/such"}, "/no/such")],
)
def test_what_cannot_be_read_is_told_in_one_line(environment: dict[str, str], said: str) -> None:
    more = {"MLFLOW_BACKEND_STORE_URI": "postgresql://other@host/db"}
    command = [sys.executable, FOLDER / "start_server.py"]
    done = subprocess.run(command, env=more | environment, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr, done.stderr.count("\n")) == (1, True, 1)


def test_the_server_gets_its_address_in_the_environment_alone(tmp_path: Path) -> None:
    (tmp_path / "mlflow").write_text(
        f"#!{sys.executable}\nimport os, sys\nprint(*sys.argv[1:], os.environ['MLFLOW_BACKEND_STORE_URI'])\n"
    )
    (tmp_path / "mlflow").chmod(0o755)
    (tmp_path / "password").write_text("secret\n")
    environment = {
        "PATH": str(tmp_path),
        "USE_POSTGRES": "true",
        "DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
    }
    command = [sys.executable, FOLDER / "start_server.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "server postgresql://mlflow:secret@localhost:5432/mlflow\n"


def test_upgrade_brings_a_database_to_this_version_and_starts_no_server(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db"):
        pass
    command = [sys.executable, FOLDER / "start_server.py", "upgrade"]
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path}/mlflow.db"}
    subprocess.run(command, env=environment, capture_output=True, check=True)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        assert database.execute("select count(*) from alembic_version").fetchall() == [(1,)]


POSTGRES = {"USE_POSTGRES": "true", "POSTGRES_URL": "postgresql://mlflow@postgres:5432/mlflow"}
"""Settings of the services' own PostgreSQL."""


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A volume whose registry holds a run, and a server that only says that it started."""
    (tmp_path / "mlflow").write_text(f"#!{sys.executable}\nprint('started')\n")
    (tmp_path / "mlflow").chmod(0o755)
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("create table runs (name text)")
        database.execute("create table model_versions (name text)")
        database.execute("insert into runs values ('one')")
    return tmp_path


def start(volume: Path, **settings: str) -> tuple[str, str]:
    """What a start prints, and what it says when it refuses."""
    environment = {"PATH": str(volume), "STORE_NOTE": str(volume / "store"), **settings}
    command = [sys.executable, FOLDER / "start_server.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == int(bool(done.stderr))
    return done.stdout, done.stderr


def test_a_start_with_another_store_is_refused_with_the_way_back_and_the_way_on(volume: Path) -> None:
    (volume / "store").write_text("SQLite\n")
    out, refused = start(volume, **POSTGRES)
    assert out == ""
    assert "are in SQLite, and this start would use postgresql://postgres:5432/mlflow" in refused
    assert "USE_POSTGRES= (empty), and COMPOSE_PROFILES without postgres, in .env" in refused
    assert (volume / "store").read_text() == "SQLite\n"
    assert start(volume, **POSTGRES, STORE_CHANGE="allow") == ("started\n", "")
    assert start(volume, **POSTGRES) == ("started\n", "")
    out, refused = start(volume)
    assert "To go on with postgresql://postgres:5432/mlflow: USE_POSTGRES=true and COMPOSE_PROFILES=postgres" in refused


def test_a_registry_without_a_run_may_be_left(volume: Path) -> None:
    with sqlite3.connect(volume / "mlflow.db") as database:
        database.execute("delete from runs")
    (volume / "store").write_text("SQLite\n")
    assert start(volume, **POSTGRES) == ("started\n", "")


def test_the_first_start_and_a_native_one_are_refused_nothing(volume: Path) -> None:
    assert start(volume, **POSTGRES)[0] == "started\n"
    native = {"STORE_NOTE": "/no/such/folder/store", "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{volume}/mlflow.db"}
    assert start(volume, **native) == ("started\n", "")
    assert (volume / "store").read_text() == "postgresql://postgres:5432/mlflow\n"


@pytest.mark.parametrize(
    ("address", "store"),
    [
        ("postgresql+psycopg2://user:p%40ss@db:5432/mlflow?sslmode=require", "postgresql://db:5432/mlflow"),
        ("postgresql://db/mlflow", "postgresql://db/mlflow"),
        ("sqlite:////var/lib/mlflow/database/mlflow.db", "SQLite"),
    ],
)
def test_the_note_names_the_store_without_user_and_password(address: str, store: str) -> None:
    assert runpy.run_path(str(FOLDER / "start_server.py"))["describe_store"](address) == store
