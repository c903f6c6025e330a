"""Finished datasets become tables, each as a whole: by the real stages on a real PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.postgres

Desk = Any  # tests/conftest.py
Ask = Callable[[str], list[tuple[Any, ...]]]

RECIPE = """
title = "A test"
[ingest]
source = "file"
path = "data/rows.csv"
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
[columns]
id = { type = "int", role = "id" }
size = { type = "float", role = "input", null = true, unit = "m", description = "How tall" }
name = { type = "text", role = "input", null = true }
is_new = { type = "bool", role = "input", null = true }
at = { type = "time", role = "time", null = true }
"""

ROWS = """id,size,name,is_new,at
1,1.5,"Ärger, 漢字",true,2024-01-05T10:00:00+02:00
2,,,,
3,-0.25,"a ""b""
c\\d",false,0001-01-01
"""


def write_rows(desk: Desk, rows: str = ROWS, *, more: str = "", name: str = "desk") -> str:
    (desk.data / "rows.csv").write_text(rows, encoding="utf-8")
    recipe: str = desk.recipe(RECIPE + more, name)
    return recipe


def listed(ask: Ask) -> list[tuple[Any, ...]]:
    return ask('select stage, recipe, "table", fingerprint, rows from relay.datasets order by stage')


def test_both_datasets_are_tables_with_the_rows_of_the_files(publishing: Desk, ask: Ask) -> None:
    recipe = write_rows(publishing)
    assert [publishing.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    for address, table in (("raw/desk", "raw.desk_data"), ("processed/desk", "processed.desk_data")):
        rows = [tuple(row.values()) for row in publishing.rows(address)]
        assert (len(rows), ask(f"select * from {table} order by id")) == (3, rows)


def test_the_parts_of_a_dataset_are_one_table(publishing: Desk, ask: Ask) -> None:
    recipe = write_rows(publishing)
    assert [publishing.run(stage, recipe) for stage in ("ingest", "preprocess")] == [0, 0]
    tables = ("raw.desk_data", "processed.desk_data")
    whole = [ask(f"select * from {table} order by id") for table in tables]
    parts = ("--set", "ingest.part_rows=2")
    assert [publishing.run(stage, recipe, *parts) for stage in ("ingest", "preprocess")] == [0, 0]
    assert [len(publishing.receipt(address).parts.files) for address in ("raw/desk", "processed/desk")] == [2, 2]
    assert [ask(f"select * from {table} order by id") for table in tables] == whole
    found = [(fingerprint, rows) for *_, fingerprint, rows in listed(ask)]
    assert found == [(publishing.receipt(address).fingerprint, 3) for address in ("raw/desk", "processed/desk")]


def test_the_list_names_each_table_with_fingerprint_and_receipt(publishing: Desk, ask: Ask) -> None:
    recipe = write_rows(publishing)
    for stage in ("ingest", "preprocess"):
        publishing.run(stage, recipe)
    raw, processed = publishing.receipt("raw/desk"), publishing.receipt("processed/desk")
    assert listed(ask) == [
        ("ingest", "desk", "raw.desk_data", raw.fingerprint, 3),
        ("preprocess", "desk", "processed.desk_data", processed.fingerprint, 3),
    ]
    assert ask("select receipt->>'key_digest' from relay.datasets where stage = 'ingest'") == [(raw.key_digest,)]


def test_columns_carry_their_description_and_unit(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    words = "select col_description('raw.desk_data'::regclass, 1), col_description('raw.desk_data'::regclass, 2)"
    assert ask(words) == [(None, "How tall; m")]


def test_an_unchanged_stage_publishes_nothing_anew(publishing: Desk, ask: Ask) -> None:
    recipe = write_rows(publishing)
    publishing.run("ingest", recipe)
    before = ask("select published_at, xmin::text from relay.datasets")
    assert publishing.run("ingest", recipe) == 0
    assert ask("select published_at, xmin::text from relay.datasets") == before


@pytest.mark.parametrize(
    "loss",
    ["drop table raw.desk_data", "delete from relay.datasets", "drop schema relay cascade", "drop schema raw cascade"],
)
def test_what_the_database_lost_is_published_by_an_unchanged_stage(publishing: Desk, ask: Ask, loss: str) -> None:
    recipe = write_rows(publishing)
    publishing.run("ingest", recipe)
    digest, before = publishing.bytes("raw/desk"), publishing.receipt("raw/desk")
    ask(loss)
    assert publishing.run("ingest", recipe) == 0
    assert (publishing.bytes("raw/desk"), publishing.receipt("raw/desk")) == (digest, before)
    assert ask("select count(*) from raw.desk_data") == [(3,)]
    assert len(listed(ask)) == 1


def test_new_rows_replace_the_old_ones_and_views_and_rights_stay(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    ask("create role reader")
    try:
        ask("grant select on raw.desk_data to reader")
        ask("create view names as select name from raw.desk_data where id > 1")
        publishing.run("ingest", write_rows(publishing, "id,size,name,is_new,at\n7,1,x,true,\n"))
        assert ask("select id from raw.desk_data") == [(7,)]
        assert ask("select * from names") == [("x",)]
        assert ask("select has_table_privilege('reader', 'raw.desk_data', 'select')") == [(True,)]
    finally:
        ask("drop owned by reader")
        ask("drop role reader")


def test_other_columns_make_another_table_with_the_rights_of_the_old_one(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    ask("create role reader")
    try:
        ask("grant select on raw.desk_data to reader")
        more = 'weight = { type = "int", role = "input" }\n'
        recipe = write_rows(publishing, "id,size,name,is_new,at,weight\n7,1,x,true,,80\n", more=more)
        assert publishing.run("ingest", recipe) == 0
        assert ask("select id, weight from raw.desk_data") == [(7, 80)]
        assert ask("select has_table_privilege('reader', 'raw.desk_data', 'select')") == [(True,)]
        assert ask("select relname from pg_class where relnamespace = 'raw'::regnamespace and relkind = 'r'") == [
            ("desk_data",)
        ]
    finally:
        ask("drop owned by reader")
        ask("drop role reader")


WIDER = 'weight = { type = "int", role = "input" }\n'
WIDER_ROWS = "id,size,name,is_new,at,weight\n7,1,x,true,,80\n"


def test_rights_that_were_taken_or_given_for_columns_outlive_other_columns(publishing: Desk, ask: Ask) -> None:
    ask("create schema raw")
    ask("create role reader")
    ask("create role clerk")
    try:
        ask("alter default privileges in schema raw grant select on tables to reader, public")
        publishing.run("ingest", write_rows(publishing))
        ask("revoke select on raw.desk_data from reader, public")
        ask("grant select (id, is_new) on raw.desk_data to clerk")
        ask("alter table raw.desk_data enable row level security")
        assert publishing.run("ingest", write_rows(publishing, WIDER_ROWS, more=WIDER)) == 0
        rights = ask("""select has_any_column_privilege('reader', 'raw.desk_data', 'select'),
            array(select attname::text from pg_attribute where attrelid = 'raw.desk_data'::regclass and attnum > 0
                  and has_column_privilege('clerk', attrelid, attnum, 'select') order by attnum),
            relrowsecurity from pg_class where oid = 'raw.desk_data'::regclass""")
        assert (rights, ask("select weight from raw.desk_data")) == ([(False, ["id", "is_new"], True)], [(80,)])
    finally:
        ask("drop owned by reader, clerk")
        ask("drop role reader, clerk")


@pytest.mark.parametrize(
    "make",
    [
        "create table raw.desk_data as select 1 as id, 'dear' as name",
        "create table raw.desk_data as select 1::bigint as id, null::float8 as size, 'dear' as name, true as is_new, "
        "now() as at",
        "create view raw.desk_data as select 1 as id, 'dear' as name",
    ],
    ids=["other columns", "the same columns", "a view"],
)
def test_a_table_of_somebody_else_is_left_as_it_is(publishing: Desk, ask: Ask, make: str) -> None:
    ask("create schema raw")
    ask(make)
    recipe = write_rows(publishing)
    assert publishing.run("ingest", recipe) == 1
    assert "there is a raw.desk_data that was not published from here" in publishing.said("ingest")[-1]
    assert ask("select id, name from raw.desk_data") == [(1, "dear")]
    ask(f"alter {make.split()[1]} raw.desk_data rename to mine")
    assert (publishing.run("ingest", recipe), ask("select count(*) from raw.desk_data")) == (0, [(3,)])


def test_a_column_whose_name_postgres_would_cut_is_named(publishing: Desk, ask: Ask) -> None:
    name = "ä" * 32
    recipe = write_rows(publishing, f"id,{name}\n1,2\n", more="")
    text = RECIPE.partition("[columns]")[0] + '[columns]\nid = { type = "int", role = "id" }\n'
    recipe = publishing.recipe(f'{text}"{name}" = {{ type = "int", role = "input" }}\n')
    assert publishing.run("ingest", recipe) == 1
    said = publishing.said("ingest")[-1]
    assert ("names of at most 63 bytes" in said, name in said, "relation" in said) == (True, True, False)
    assert ask("select 1 from pg_class where relnamespace = 'raw'::regnamespace") == []


def test_a_view_of_columns_that_change_is_named_and_the_old_table_stays(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    ask("create view names as select name from raw.desk_data")
    more = 'weight = { type = "int", role = "input" }\n'
    recipe = write_rows(publishing, "id,size,name,is_new,at,weight\n7,1,x,true,,80\n", more=more)
    assert publishing.run("ingest", recipe) == 1
    said = publishing.said("ingest")[-1]
    assert "view names depends on table raw.desk_data" in said
    assert "a view uses the old ones: drop the view" in said
    assert (ask("select count(*) from names"), publishing.rows("raw/desk")[0]["id"]) == ([(3,)], 7)
    ask("drop view names")
    assert publishing.run("ingest", recipe) == 0
    assert publishing.outcomes("ingest")[-1] == "unchanged"
    assert ask("select id from raw.desk_data") == [(7,)]


def test_a_session_that_holds_the_old_columns_is_not_waited_for_for_ever(
    publishing: Desk, postgres_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relay.tables.connection import Database

    monkeypatch.setattr("relay.tables.replace.LOCK_SECONDS", 0.2)
    publishing.run("ingest", write_rows(publishing))
    more = 'weight = { type = "int", role = "input" }\n'
    recipe = write_rows(publishing, "id,size,name,is_new,at,weight\n7,1,x,true,,80\n", more=more)
    with Database(postgres_url) as reader, reader.transaction():
        reader.execute("select 1 from raw.desk_data")
        assert publishing.run("ingest", recipe) == 1
    assert "a session has used raw.desk_data for more than 0.2 s: end its transaction" in publishing.said("ingest")[-1]
    assert ask("select count(*) from raw.desk_data") == [(3,)]


def test_a_role_without_rights_is_told_so(
    publishing: Desk, postgres_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("create role stranger login")
    try:
        monkeypatch.setenv("DATABASE_URL", postgres_url.replace("//relay@", "//stranger@"))
        assert publishing.run("ingest", write_rows(publishing)) == 1
        assert "permission denied for database" in publishing.said("ingest")[-1]
    finally:
        ask("drop role stranger")


def test_a_role_that_owns_the_schemas_alone_publishes(
    publishing: Desk, postgres_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("create role publisher login")
    try:
        for schema in ("raw", "processed", "relay"):
            ask(f"create schema {schema} authorization publisher")
        monkeypatch.setenv("DATABASE_URL", postgres_url.replace("//relay@", "//publisher@"))
        recipe = write_rows(publishing)
        assert publishing.run("ingest", recipe) == 0
        assert publishing.run("ingest", write_rows(publishing, "id,size,name,is_new,at\n7,1,x,true,\n")) == 0
        assert [publishing.run("preprocess", recipe), len(listed(ask))] == [0, 2]
    finally:
        ask("drop owned by publisher")
        ask("drop role publisher")


@pytest.mark.parametrize("name", ["2024-sales", "select", "a-b_c", "0"])
def test_a_name_that_sql_would_read_otherwise_becomes_a_table(publishing: Desk, ask: Ask, name: str) -> None:
    assert publishing.run("ingest", write_rows(publishing, name=name)) == 0
    assert ask(f'select count(*) from raw."{name}_data"') == [(3,)]
    assert publishing.run("ingest", write_rows(publishing, WIDER_ROWS, more=WIDER, name=name)) == 0
    assert ask(f'select weight from raw."{name}_data"') == [(80,)]


def test_a_name_that_postgres_would_cut_is_refused(publishing: Desk) -> None:
    assert publishing.run("ingest", write_rows(publishing, name="n" * 59)) == 2
    assert "PostgreSQL takes 63" in publishing.said("ingest")[-1]


def test_u_0000_is_refused_with_column_and_count_and_the_old_rows_stay(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    rows = {"id": [1, 2, 3], "size": [None] * 3, "name": ["a\0b", "c", "\0"], "is_new": [None] * 3, "at": [None] * 3}
    pq.write_table(pa.table(rows), publishing.data / "rows.parquet")
    recipe = publishing.recipe(RECIPE.replace("rows.csv", "rows.parquet"))
    assert publishing.run("ingest", recipe) == 1
    said = publishing.said("ingest")[-1]
    assert "raw.desk_data: the character U+0000 stands in cells: 2 of column name" in said
    assert ask("select count(*) from raw.desk_data where name like '%漢字'") == [(1,)]


def test_a_very_long_text_comes_whole(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing, f"id,size,name,is_new,at\n1,,{'ä' * 3_000_000},,\n"))
    assert ask("select length(name), md5(name) = md5(repeat('ä', 3000000)) from raw.desk_data") == [(3_000_000, True)]


def test_a_database_of_another_encoding_holds_the_same_texts_or_is_told(
    desk: Desk, postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.execute("create database latin encoding 'LATIN1' template template0")
    try:
        monkeypatch.setenv("DATABASE_URL", postgres_server.url("latin"))
        codes = [desk.run("ingest", write_rows(desk, f"id,size,name,is_new,at\n1,,{name},,\n")) for name in "Ä漢"]
        rows = [tuple(row) for row in postgres_server.execute("select name from raw.desk_data", "latin")]
    finally:
        postgres_server.execute("drop database latin with (force)")
    assert (codes, rows) == ([0, 1], [("Ä",)])
    assert 'has no equivalent in encoding "LATIN1"' in desk.said("ingest")[-1]


def test_a_server_that_is_away_fails_the_stage_and_the_next_run_only_publishes(
    desk: Desk, postgres_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_rows(desk)
    monkeypatch.setenv("DATABASE_URL", "postgresql://relay:open%20sesame@127.0.0.1:1/relay")
    assert desk.run("ingest", recipe) == 1
    said = desk.said("ingest")[-1]
    assert said.startswith(f"ingest {recipe}: relay@127.0.0.1:1/relay: connection to server at")
    assert f"The dataset is whole in {desk.data}/raw/desk.parquet, but not published as raw.desk_data" in said
    assert "Connection refused" in said
    assert "python -m ingest" in said
    before = desk.bytes("raw/desk")
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    assert desk.run("ingest", recipe) == 0
    assert (desk.bytes("raw/desk"), desk.outcomes("ingest")[-1]) == (before, "unchanged")
    assert ask("select count(*) from raw.desk_data") == [(3,)]


def test_the_password_stands_in_no_file_and_no_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://relay:sesame%2Fopen@127.0.0.1:1/relay")
    desk.run("ingest", write_rows(desk))
    texts = [path.read_bytes() for path in desk.folder.rglob("*") if path.is_file()] + [capfd.readouterr().err.encode()]
    assert b"127.0.0.1:1" in texts[-1]
    assert [text for text in texts if b"sesame" in text] == []


def test_one_line_says_how_many_rows_went_where(publishing: Desk, ask: Ask) -> None:
    publishing.run("ingest", write_rows(publishing))
    said = publishing.said("ingest")[-1]
    (name,) = ask("select current_database()")[0]
    assert said.startswith("ingest desk: 3 rows published as raw.desk_data in relay@127.0.0.1:")
    assert f"/{name}, " in said
