"""The service beside a database: rows to try come from its tables, and `/health` says how it stands."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.postgres

Start = Callable[..., Any]


@pytest.fixture
def published(postgres_server: Any, postgres_url: str) -> Callable[[str], None]:
    """`published("line")`: the processed rows of a recipe, as the stage publishes them."""

    def publish(recipe: str) -> None:
        database = postgres_url.rpartition("/")[2]
        for statement in (
            "create schema processed",
            "create schema relay",
            f"create table processed.{recipe}_data (x float8, y float8, at timestamptz)",
            f"insert into processed.{recipe}_data values (1, 3, '2024-01-05 10:00Z'), (2, 'nan', null), (3, 7, null)",
            "create table relay.datasets (stage text, recipe text, rows bigint)",
            f"insert into relay.datasets values ('preprocess', '{recipe}', 3), ('ingest', '{recipe}', 9)",
        ):
            postgres_server.execute(statement, database)

    return publish


def write_file(server: Any) -> None:
    path = server.data / "processed" / "line.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"x": [5.0], "y": [11.0]}), path)


def test_rows_to_try_come_from_the_table(start: Start, postgres_url: str, published: Callable[[str], None]) -> None:
    published("line")
    server = start("line", DATABASE_URL=postgres_url)
    write_file(server)
    assert server.get("/data/sample?rows=2").json == {
        "recipe": "line",
        "source": "database",
        "rows": 3,
        "sample": [{"x": 1.0, "y": 3.0, "at": "2024-01-05T10:00:00Z"}, {"x": 2.0, "y": None, "at": None}],
    }


def test_without_the_table_the_file_answers_and_says_why(start: Start, postgres_url: str) -> None:
    server = start("line", DATABASE_URL=postgres_url)
    write_file(server)
    name = postgres_url.removeprefix("postgresql://")
    assert server.get("/data/sample").json == {
        "recipe": "line",
        "source": "file",
        "why_not_database": f"the database {name} has no table of the processed rows of line",
        "rows": 1,
        "sample": [{"x": 5.0, "y": 11.0}],
    }


def test_with_neither_the_answer_names_both(start: Start, postgres_url: str) -> None:
    missing = start("line", DATABASE_URL=postgres_url).get("/data/sample")
    assert missing.status == 503
    assert "the processed rows of line are not here" in missing.json["detail"]
    assert "has no table of the processed rows of line" in missing.json["detail"]


def test_a_database_that_is_away_is_said_and_its_password_is_not(start: Start) -> None:
    server = start(
        "line", DATABASE_URL="postgresql://relay:sesame@127.0.0.1:1/relay", PREDICTION_LOG_ON_FAILURE="answer"
    )
    write_file(server)
    sample, health = server.get("/data/sample"), server.get("/health")
    assert (sample.json["source"], sample.json["rows"]) == ("file", 1)
    assert sample.json["why_not_database"].startswith("the database relay@127.0.0.1:1/relay does not give them: ")
    state = health.json["database"]
    assert (state["configured"], state["name"], state["ready"]) == (True, "relay@127.0.0.1:1/relay", False)
    assert b"sesame" not in sample.body + health.body + server.said().encode()


def test_health_tells_how_the_database_stands(start: Start, postgres_url: str) -> None:
    name = postgres_url.removeprefix("postgresql://")
    with_one, without = start("line", DATABASE_URL=postgres_url), start("line")
    assert with_one.get("/health").json["database"] == {"configured": True, "name": name, "ready": True}
    assert without.get("/health").json["database"] == {"configured": False}


def test_the_password_may_be_in_a_file(start: Start, guarded_url: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p@ss/word\n")
    url = guarded_url.replace(":p%40ss%2Fword@", "@")
    told = {"USE_POSTGRES": "true", "POSTGRES_URL": url, "DATABASE_PASSWORD_FILE": str(tmp_path / "password")}
    assert start("line", **told).get("/health").json["database"] == {
        "configured": True,
        "name": url.removeprefix("postgresql://"),
        "ready": True,
    }
