"""Rows of a database become a dataset: asked once, kept, bound, read-only, with clear errors."""

import itertools
import signal
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patience import HANG_SECONDS

Desk = Any  # tests/conftest.py
Ask = Callable[[str], list[tuple[Any, ...]]]

postgres = pytest.mark.postgres

RECIPE = """
title = "A test"
[ingest]
source = "sql"
{ingest}
[preprocess]
kind = "table"
[model]
kind = "estimator"
estimator = "sklearn.linear_model.LinearRegression"
[columns]
{columns}
"""

ORDERS = 'id = { type = "int", role = "id" }\nprice = { type = "float", role = "input", null = true }'

MAKE_ORDERS = """
create table orders (id int primary key, price numeric(10, 2), placed_on date, country text);
insert into orders values (1, 1.50, '2024-01-05', 'at'), (2, null, '2024-02-05', 'at'), (3, 3.25, '2024-03-05', 'de')
"""


def write(desk: Desk, ingest: str, columns: str = ORDERS) -> str:
    recipe: str = desk.recipe(RECIPE.format(ingest=ingest, columns=columns))
    return recipe


@pytest.fixture
def shop(desk: Desk, postgres_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk beside a database of orders, whose URL is in SHOP_URL; nothing is published."""
    for statement in MAKE_ORDERS.split(";"):
        ask(statement)
    monkeypatch.setenv("SHOP_URL", postgres_url)
    return desk


SELECT = 'url = "SHOP_URL"\nquery = "select id, price from orders order by id"'


@postgres
def test_a_table_becomes_a_dataset(shop: Desk) -> None:
    recipe = write(shop, 'url = "SHOP_URL"\ntable = "public.orders"\nunexpected = "drop"')
    assert shop.run("ingest", recipe) == 0
    assert shop.rows("raw/desk") == [{"id": 1, "price": 1.5}, {"id": 2, "price": None}, {"id": 3, "price": 3.25}]


@postgres
def test_the_dot_of_a_numeric_is_a_decimal_mark(shop: Desk) -> None:
    columns = 'a = { type = "int", role = "input" }\nb = { type = "float", role = "input" }'
    query = "select '1.000'::numeric(9,3) as a, '1.125'::numeric(9,3) as b"
    assert shop.run("ingest", write(shop, f'url = "SHOP_URL"\nquery = "{query}"', columns)) == 0
    assert shop.rows("raw/desk") == [{"a": 1, "b": 1.125}]
    assert shop.receipt("raw/desk").warnings == []


@postgres
def test_parameters_are_bound_with_their_types(shop: Desk) -> None:
    query = (
        "select id, price from orders where placed_on >= $1 and country = $2 and id < $3 and coalesce(price, 0) < $4"
    )
    more = 'parameters = [2024-01-05, "at", 3, 99.5]'
    assert shop.run("ingest", write(shop, f'url = "SHOP_URL"\nquery = "{query} order by id"\n{more}')) == 0
    assert [row["id"] for row in shop.rows("raw/desk")] == [1, 2]


@postgres
def test_a_parameter_is_never_part_of_the_statement(shop: Desk, ask: Ask) -> None:
    query = "select id, price from orders where country = $1"
    more = 'parameters = ["x\'; drop table orders; --"]'
    assert shop.run("ingest", write(shop, f'url = "SHOP_URL"\nquery = "{query}"\n{more}')) == 1
    assert "no row is left of 0 read" in shop.said("ingest")[-1]
    assert ask("select count(*) from orders") == [(3,)]


@postgres
def test_the_rows_are_kept_and_not_asked_for_again(shop: Desk, ask: Ask) -> None:
    recipe = write(shop, SELECT)
    shop.run("ingest", recipe)
    ask("update orders set price = 9")
    assert (shop.run("ingest", recipe), shop.outcomes("ingest")[-1]) == (0, "unchanged")
    assert shop.run("ingest", recipe, "--force") == 0
    assert shop.rows("raw/desk")[0]["price"] == 1.5


@postgres
def test_rows_that_changed_come_when_the_database_is_asked_again(
    shop: Desk, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write(shop, SELECT)
    shop.run("ingest", recipe)
    monkeypatch.setenv("RELAY_REFRESH", "always")
    assert (shop.run("ingest", recipe), shop.outcomes("ingest")[-1]) == (0, "unchanged")
    ask("update orders set price = 9 where id = 1")
    assert shop.run("ingest", recipe) == 0
    assert shop.rows("raw/desk")[0]["price"] == 9.0
    kept = sorted(path.name for path in (shop.data / "raw/source/desk").iterdir())
    (origin,) = shop.receipt("raw/desk").sources
    assert kept == [f"{origin.sha256[:16]}-rows.parquet", "manifest.json"]


@postgres
def test_the_receipt_names_database_and_table_and_no_user(shop: Desk, postgres_url: str) -> None:
    shop.run("ingest", write(shop, 'url = "SHOP_URL"\ntable = "orders"\nunexpected = "drop"'))
    (origin,) = shop.receipt("raw/desk").sources
    assert origin.where == f"{postgres_url.replace('relay@', '')} orders"


@postgres
def test_another_parameter_is_another_question(shop: Desk) -> None:
    query = 'url = "SHOP_URL"\nquery = "select id, price from orders where id <= $1 order by id"\n'
    shop.run("ingest", write(shop, query + "parameters = [1]"))
    assert shop.run("ingest", write(shop, query + "parameters = [2]")) == 0
    assert [row["id"] for row in shop.rows("raw/desk")] == [1, 2]


@postgres
def test_without_a_url_the_configured_database_is_asked(
    shop: Desk, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    assert shop.run("ingest", write(shop, 'table = "orders"\nunexpected = "drop"')) == 0


@postgres
def test_rows_of_any_number_and_length_come_in_blocks(shop: Desk, ask: Ask) -> None:
    ask("create table many as select n as id, repeat('ä', n % 7000) as name from generate_series(1, 5000) n")
    columns = 'id = { type = "int", role = "id" }\nname = { type = "text", role = "input", null = true }'
    recipe = write(shop, 'url = "SHOP_URL"\nquery = "select * from many order by id"', columns)
    assert shop.run("ingest", recipe) == 0
    rows = shop.rows("raw/desk")
    assert [(row["id"], len(row["name"] or "")) for row in rows] == [(n, n % 7000) for n in range(1, 5001)]


@postgres
@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ('table = "nope"', 'relation "nope" does not exist'),
        ('query = "select pric from orders"', 'column "pric" does not exist'),
        ('query = "selec 1"', 'syntax error at or near "selec"'),
        ('query = "delete from orders returning id, price"', "syntax error"),
        ('query = "select nextval(\'numbers\') as id, 1 as price"', "nextval() in a read-only transaction"),
        ('query = "select pg_sleep(60) as id, 1 as price"\ntimeout = 0.2', "due to statement timeout"),
        ('query = "select 1 as id, interval \'1 day\' as price"', 'column "price" is of the type interval'),
        ('query = "select 1 as id, 5::money as price"', 'column "price" is of the type money'),
        ('query = "select 1 as id"', "column price is missing"),
        ('query = "select 1 as id, 2 as id, 3 as price"', "column id comes more than once"),
        ('query = "select \'infinity\'::timestamptz as id, 1 as price"', "no calendar shows, such as infinity"),
        ('query = "select \'-infinity\'::date as id, 1 as price"', "no calendar shows, such as infinity"),
        ('query = "select \'{1,2}\'::int[] as id, 1 as price"', 'column "id" is of the type _int4'),
        ('query = "select 1 as id, \'1.2.3.4\'::inet as price"', 'column "price" is of the type inet'),
        ('table = "orders"', 'unexpected column "placed_on", "country"'),
        ('query = "select id, price from orders where id = $1"', "there is no parameter $1"),
        ('query = "select id, price from orders"\nparameters = [1]', "has 0 placeholders, and 1 values are given"),
        ('query = "select id, price from orders where id in ($1, $2)"\nparameters = [1]', "2 placeholders, and 1"),
        ('query = "select 1 as id, 2 as price; commit; delete from orders; begin; declare answer cursor for select 1"',
         "cannot insert multiple commands into a prepared statement; correct [ingest] query"),
    ],
)  # fmt: skip
def test_what_the_server_does_not_like_is_said_in_its_words(shop: Desk, ask: Ask, ingest: str, said: str) -> None:
    ask("create sequence numbers")
    assert shop.run("ingest", write(shop, f'url = "SHOP_URL"\n{ingest}')) == 1
    assert said in shop.said("ingest")[-1]
    assert ask("select count(*) from orders") == [(3,)]
    assert [path.name for path in shop.data.rglob("*.part")] == []


@postgres
def test_every_simple_type_becomes_a_value(shop: Desk, ask: Ask) -> None:
    ask("create type mood as enum ('calm', 'glad')")
    values = {
        "i2": "2::int2", "i4": "4::int4", "n": "'12345678901234567890.5'::numeric", "r": "0.1::real", "b": "true",
        "d": "'2024-01-05'::date", "z": "'2024-01-05 10:00+02'::timestamptz", "p": "'2024-01-05 10:00'::timestamp",
        "u": "'00000000-0000-0000-0000-0000000000ff'::uuid", "j": "'[1]'::jsonb", "v": "'x'::varchar",
        "h": "'h'::bytea", "e": "'glad'::mood", "t": "'12:30'::time", "none": "null::int",
    }  # fmt: skip
    kinds = {"i2": "int", "i4": "int", "r": "float", "b": "bool", "d": "time", "z": "time", "p": "time"}
    columns = "\n".join(
        f'{name} = {{ type = "{kinds.get(name, "text")}", role = "input", null = true }}' for name in values
    )
    query = ", ".join(f"{value} as {name}" for name, value in values.items())
    assert shop.run("ingest", write(shop, f'url = "SHOP_URL"\nquery = "select {query}"', columns)) == 0
    day = datetime(2024, 1, 5, tzinfo=UTC)
    assert shop.rows("raw/desk") == [
        {
            "i2": 2, "i4": 4, "n": "12345678901234567890.5", "r": 0.10000000149011612, "b": True,
            "d": day, "z": day.replace(hour=8),
            "p": day.replace(hour=10), "u": "00000000-0000-0000-0000-0000000000ff", "j": "[1]", "v": "x",
            "h": "h", "e": "glad", "t": "12:30:00", "none": None,
        }
    ]  # fmt: skip


@postgres
def test_the_time_limit_is_one_for_all_blocks_of_an_answer(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from relay.handoff.errors import SourceError
    from relay.sources.queries import Question, ask_postgres

    clock = itertools.count(0, 100)
    monkeypatch.setattr("relay.sources.queries.monotonic", lambda: next(clock))
    with pytest.raises(SourceError, match="no end of rows after 60 s"):
        list(ask_postgres(postgres_url, Question("select generate_series(1, 5000)", (), 60)))


@postgres
def test_ctrl_c_ends_a_question_that_takes_long(shop: Desk, ask: Ask) -> None:
    process = shop.start("ingest", write(shop, 'url = "SHOP_URL"\nquery = "select pg_sleep(600) as id, 1 as price"'))
    asked = "select 1 from pg_stat_activity where state = 'active' and query like 'fetch%'"
    while process.poll() is None and not ask(asked):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=HANG_SECONDS)
    assert (process.returncode, "interrupted" in said) == (130, True)
    assert ask(asked) == []


@postgres
def test_a_refusal_leaves_what_is_kept_and_says_how_to_go_on_with_it(
    shop: Desk, guarded_url: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", guarded_url)
    recipe = write(shop, SELECT)
    shop.run("ingest", recipe)
    before = {path.name: path.read_bytes() for path in (shop.data / "raw/source/desk").iterdir()}
    ask("drop table orders")
    monkeypatch.setenv("RELAY_REFRESH", "always")
    assert shop.run("ingest", recipe) == 1
    assert shop.said("ingest")[-1].endswith("are whole: RELAY_REFRESH=never goes on with them")
    assert {path.name: path.read_bytes() for path in (shop.data / "raw/source/desk").iterdir()} == before
    monkeypatch.setenv("RELAY_REFRESH", "never")
    assert shop.run("ingest", recipe, "--force") == 0
    assert [row["id"] for row in shop.rows("raw/desk")] == [1, 2, 3]


@postgres
def test_another_database_is_another_question(
    shop: Desk, postgres_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write(shop, 'url = "SHOP_URL"\nquery = "select 1 as id, length(current_database()) as price"')
    shop.run("ingest", recipe)
    monkeypatch.setenv("SHOP_URL", postgres_server.url("postgres"))
    assert (shop.run("ingest", recipe), shop.rows("raw/desk")[0]["price"]) == (0, len("postgres"))


@postgres
def test_a_server_that_is_away_is_said_without_the_password(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_URL", "postgresql://relay:open%20sesame@127.0.0.1:1/shop")
    recipe = write(shop, SELECT)
    assert shop.run("ingest", recipe) == 1
    said = shop.said("ingest")[-1]
    assert "relay@127.0.0.1:1/shop: connection to server" in said
    assert said.endswith("see that the server runs, and that user, password and database are right")
    assert "sesame" not in said


@postgres
def test_a_url_may_name_the_server_behind_the_question_mark(
    shop: Desk, postgres_server: Any, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, port = postgres_url.rpartition("/")[2], postgres_server.port
    monkeypatch.setenv("SHOP_URL", f"postgresql:///{name}?host={postgres_server.folder}&port={port}&user=relay")
    assert shop.run("ingest", write(shop, SELECT)) == 0
    (origin,) = shop.receipt("raw/desk").sources
    assert origin.where.partition(" query ")[0] == f"postgresql://{postgres_server.folder}:{port}/{name}"


@postgres
@pytest.mark.parametrize("password", ["sesame", "%73esame%zz"])
def test_a_password_that_is_no_good_is_not_shown(
    shop: Desk, postgres_server: Any, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("SHOP_URL", f"postgresql://{password}:{password}@127.0.0.1:{postgres_server.port}/shop")
    assert shop.run("ingest", write(shop, SELECT)) == 1
    assert password not in shop.said("ingest")[-1].partition("/shop: ")[2]


@postgres
def test_a_wrong_password_is_named_as_such(shop: Desk, guarded_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = write(shop, SELECT)
    monkeypatch.setenv("SHOP_URL", guarded_url.replace("p%40ss", "sesame"))
    assert shop.run("ingest", recipe) == 1
    said = shop.said("ingest")[-1]
    assert ('password authentication failed for user "guarded"' in said, "sesame" in said) == (True, False)
    monkeypatch.setenv("SHOP_URL", guarded_url)
    assert shop.run("ingest", recipe) == 0


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ('table = "orders"\nquery = "select 1"', "expected either table or query"),
        ("", "expected either table or query"),
        ('table = "a.b.c"', 'table takes "name" or "schema.name"'),
        ('table = "orders"\nparameters = [1]', "no parameters"),
        ('table = "orders"\nurl = "postgresql://me:sesame@host/shop"', "holds a password"),
        ('table = "orders"\nurl = "mysql://host/shop"', "expected postgresql://"),
        ('table = "orders"\nrefresh = "often"', "neither never, always nor an age"),
        ('query = "select $1"\nparameters = [99999999999999999999]', "a whole number lies within"),
    ],
)
def test_a_recipe_that_cannot_be_right_is_refused_before_anybody_is_asked(
    desk: Desk, capfd: pytest.CaptureFixture[str], ingest: str, said: str
) -> None:
    assert desk.run("ingest", write(desk, ingest), "--check") == 1
    error = capfd.readouterr().err
    assert (said in error, "sesame" in error) == (True, False), error


def test_a_variable_that_is_not_set_is_named(desk: Desk) -> None:
    assert desk.run("ingest", write(desk, 'table = "orders"\nurl = "SHOP_URL_OF_NOBODY"'), "--check") == 2
    assert "SHOP_URL_OF_NOBODY: not a URL of PostgreSQL" in desk.said("ingest")[-1]


def test_without_url_and_database_the_recipe_is_refused(desk: Desk) -> None:
    assert desk.run("ingest", write(desk, 'table = "orders"'), "--check") == 2
    assert "the recipe names no database, and none is configured" in desk.said("ingest")[-1]


def test_a_check_says_when_the_order_is_left_to_the_database(desk: Desk) -> None:
    url = 'url = "postgresql://somebody@nowhere.invalid/shop"\n'
    assert desk.run("ingest", write(desk, url + 'table = "orders"'), "--check") == 0
    assert "without order by: rows in another order count as changed" in desk.said("ingest")[-2]
    assert desk.run("ingest", write(desk, url + 'query = "select 1 ORDER  BY 1"'), "--check") == 0
    assert "order by" not in desk.said("ingest")[-2]


def test_a_file_of_sqlite_becomes_a_dataset(desk: Desk) -> None:
    with sqlite3.connect(desk.data / "shop.db") as connection:
        connection.execute("create table orders (id integer primary key, price)")
        connection.executemany("insert into orders values (?, ?)", [(1, 0.1), (2, None), (3, "7"), (4, "dear")])
    connection.close()
    ingest = 'url = "sqlite:///data/shop.db"\nquery = "select * from orders where id > ? order by id"\nparameters = [0]'
    assert desk.run("ingest", write(desk, f"{ingest}\nmax_rejected_share = 0.5")) == 0
    assert desk.rows("raw/desk") == [{"id": 1, "price": 0.1}, {"id": 2, "price": None}, {"id": 3, "price": 7.0}]
    assert desk.receipt("raw/desk").rejected.reasons == {"price: not a number": 1}


@pytest.mark.parametrize(
    ("path", "written"),
    [
        *(("shop.db", "shop.db"), ("shop.db", "data/shop.db"), ("shop.db", "{data}/shop.db")),
        *(("my shop/ü 店.db", "data/my shop/ü 店.db"), ("my shop/ü.db", "data/my%20shop/%C3%BC.db")),
        *(("a#b?c&[d].db", "data/a#b?c&[d].db"), ("100%.db", "data/100%.db"), ("a%20b.db", "data/a%20b.db")),
    ],
)
def test_a_path_of_sqlite_may_have_any_character(desk: Desk, path: str, written: str) -> None:
    file = (desk.folder if written == "shop.db" else desk.data) / path
    file.parent.mkdir(exist_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute("create table orders as select 1 as id, 2.5 as price")
    connection.close()
    url = f"sqlite:///{written.replace('{data}', str(desk.data))}"
    assert desk.run("ingest", write(desk, f'url = "{url}"\ntable = "orders"')) == 0
    assert desk.rows("raw/desk") == [{"id": 1, "price": 2.5}]
    assert desk.receipt("raw/desk").sources[0].where == f"{url} orders"


def test_values_of_sqlite_keep_the_types_that_it_stored(desk: Desk) -> None:
    with sqlite3.connect(desk.data / "shop.db") as connection:
        connection.execute("create table t (n numeric, x decimal(9, 3), ok boolean, day date, code text, label)")
        rows = [
            (1.0, 1.125, 1, "2024-03-05", "01", 2.0),
            (2, "2.250", 0, "2024-03-05 10:30:00", "1e5", 2),
            (*[None] * 6,),
        ]
        connection.executemany("insert into t values (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    types = {"n": "int", "x": "float", "ok": "bool", "day": "time", "code": "text", "label": "category"}
    columns = "\n".join(f'{name} = {{ type = "{kind}", role = "input", null = true }}' for name, kind in types.items())
    assert desk.run("ingest", write(desk, 'url = "sqlite:///data/shop.db"\ntable = "t"', columns)) == 0
    first = {"n": 1, "x": 1.125, "ok": True, "day": datetime(2024, 3, 5, tzinfo=UTC), "code": "01", "label": "2"}
    other = {
        "n": 2,
        "x": 2.25,
        "ok": False,
        "day": datetime(2024, 3, 5, 10, 30, tzinfo=UTC),
        "code": "1e5",
        "label": "2",
    }
    assert desk.rows("raw/desk") == [first, other, dict.fromkeys(types)]
    assert desk.receipt("raw/desk").warnings == []


def test_the_dot_of_a_number_of_sqlite_is_a_decimal_mark(desk: Desk) -> None:
    with sqlite3.connect(desk.data / "shop.db") as connection:
        connection.execute("create table orders as select 1.125 as id, 1.125 as price union all select 2.0, 1.125")
    connection.close()
    ingest = 'url = "sqlite:///data/shop.db"\ntable = "orders"\nmax_rejected_share = 1'
    assert desk.run("ingest", write(desk, ingest)) == 0
    assert desk.rows("raw/desk") == [{"id": 2, "price": 1.125}]
    receipt = desk.receipt("raw/desk")
    assert (receipt.rejected.reasons, receipt.warnings) == ({"id: not a whole number": 1}, [])


@pytest.mark.parametrize("query", ["attach 'other.db' as other", "vacuum into 'other.db'"])
def test_a_question_to_sqlite_makes_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    monkeypatch.chdir(desk.folder)
    sqlite3.connect(desk.data / "shop.db").execute("create table orders (id)").connection.close()
    assert desk.run("ingest", write(desk, f'url = "sqlite:///data/shop.db"\nquery = "{query}"')) == 1
    assert ("authoriz" in desk.said("ingest")[-1], list(desk.folder.rglob("other.db"))) == (True, [])


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ('url = "sqlite:///nope.db"\ntable = "orders"', "nope.db: put the database there"),
        ('url = "sqlite:///data/shop.db"\ntable = "nope"', "no such table: nope"),
        ('url = "sqlite:///data/shop.db"\nquery = "delete from orders"', "attempt to write a readonly database"),
        ('url = "sqlite:///data/no.db"\ntable = "orders"', "file is not a database"),
        ('url = "sqlite:///data/shop.db"\ntimeout = 0.05\nquery = """with recursive n(id) as (select 1 union all '
         'select id + 1 from n) select count(id) as id, 1 as price from n"""', "no end of rows after 0.05 s"),
    ],
)  # fmt: skip
def test_what_sqlite_does_not_like_is_said_in_its_words(desk: Desk, ingest: str, said: str) -> None:
    sqlite3.connect(desk.data / "shop.db").execute("create table orders (id)").connection.close()
    (desk.data / "no.db").write_text("no database at all, but long enough for a head of one" * 20)
    assert desk.run("ingest", write(desk, ingest)) == 1
    assert said in desk.said("ingest")[-1]


COLUMNS = """
i = { type = "int", role = "input", null = true }
f = { type = "float", role = "input", null = true }
b = { type = "bool", role = "input", null = true }
t = { type = "text", role = "input", null = true }
c = { type = "category", role = "input", null = true }
m = { type = "time", role = "input", null = true }
"""

# An empty text is "no value" to every source, so a dataset holds none.
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
# A category is read without the white space around it.
words = texts.filter(lambda text: pc.utf8_trim_whitespace(pa.scalar(text)).as_py() == text)
moments = st.datetimes(timezones=st.just(UTC))
rows = st.lists(
    st.fixed_dictionaries(
        {
            "i": st.none() | st.integers(-(2**63), 2**63 - 1),
            "f": st.none() | st.floats(),
            "b": st.none() | st.booleans(),
            "t": st.none() | texts,
            "c": st.none() | words,
            "m": st.none() | moments,
        }
    ),
    min_size=1,
)


@postgres
@pytest.mark.property
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows)
def test_any_rows_come_back_from_the_table_as_they_were(postgres_url: str, tmp_path: Path, rows: list[Any]) -> None:
    import tomllib

    import numpy as np
    import pyarrow.parquet as pq

    from relay.handoff.files import Fingerprints
    from relay.handoff.location import DatasetLocation
    from relay.handoff.receipt import Key, Receipt, Rejects
    from relay.handoff.recipe import Column
    from relay.handoff.schema import arrow_schema, describe_schema
    from relay.handoff.writer import Block, DatasetWriter
    from relay.reading.conform import conform
    from relay.sources.queries import Question, ask_postgres
    from relay.tables.connection import Database
    from relay.tables.replace import Publication
    from relay.tables.table import find_table

    columns = {name: Column.model_validate(column) for name, column in tomllib.loads(COLUMNS).items()}
    table = pa.Table.from_pylist(rows, schema=arrow_schema(columns))
    location = DatasetLocation(tmp_path, "raw/any", "ingest")
    with DatasetWriter(location, table.schema, 0) as writer:
        writer.add(Block(table=table, read=len(rows)))
        written, key = writer.finish(), Key(code={}, parameters={}, inputs={})
        writer.commit(
            Receipt(
                stage="ingest",
                recipe="any",
                title="any",
                fingerprint=written.fingerprint,
                bytes=written.bytes,
                rows=len(rows),
                columns=describe_schema(table.schema),
                key=key,
                key_digest=key.digest,
                overrides={},
                sources=[],
                rejected=Rejects(),
                dropped={},
                seed=1,
                versions={},
                started_at_utc="",
                seconds=0,
            )
        )
    with Database(postgres_url) as database:
        Publication(database, find_table(location), location, Fingerprints(tmp_path / ".s", tmp_path), "any").publish()
    batches = list(ask_postgres(postgres_url, Question('select * from raw."any_data" order by ctid', (), 60)))
    found = conform(pa.Table.from_batches(batches), columns, np.arange(len(rows)))
    assert found.rejected.num_rows == 0
    # Bit for bit, minus zero too, which no comparison of values would tell; NaN is no value.
    kept = pq.read_table(location.parquet).to_pylist()
    expected = [row | {"f": None if row["f"] != row["f"] else row["f"]} for row in kept]
    assert repr(found.table.to_pylist()) == repr(expected)
