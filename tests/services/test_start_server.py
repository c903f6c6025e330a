"""The database of the MLflow server is made whole, whatever an earlier start left."""

import sqlite3
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "services" / "mlflow"


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
