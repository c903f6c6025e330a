"""Which database is meant, by the environment alone."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.handoff.database import add_password, name_database, read_database_url
from relay.handoff.errors import UsageError
from relay.handoff.settings import read_settings

HERE = "postgresql://relay@localhost:5432/relay"
THERE = "postgresql://me:secret@host:5433/shop"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, ""),
        ({"USE_POSTGRES": "", "DATABASE_URL": ""}, ""),
        ({"USE_POSTGRES": "false", "POSTGRES_URL": THERE}, ""),
        ({"USE_POSTGRES": "False"}, ""),
        ({"USE_POSTGRES": "true"}, HERE),
        ({"USE_POSTGRES": "TRUE", "POSTGRES_URL": ""}, HERE),
        ({"USE_POSTGRES": "true", "POSTGRES_URL": THERE}, THERE),
        ({"DATABASE_URL": THERE}, THERE),
        ({"USE_POSTGRES": "true", "POSTGRES_URL": HERE, "DATABASE_URL": THERE}, THERE),
        ({"USE_POSTGRES": "false", "DATABASE_URL": THERE}, THERE),
    ],
)
def test_the_address_goes_before_the_switch(environment: dict[str, str], url: str) -> None:
    assert read_database_url(environment) == url


def test_a_url_without_a_password_gets_that_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("p@ss: /word%\n")
    given_file = {"DATABASE_PASSWORD_FILE": str(file)}
    assert read_database_url({"USE_POSTGRES": "true", **given_file}) == (
        "postgresql://relay:p%40ss%3A%20%2Fword%25@localhost:5432/relay"
    )
    assert read_database_url({"DATABASE_URL": THERE, **given_file}) == THERE


def test_without_a_database_the_file_of_its_password_need_not_be_there(tmp_path: Path) -> None:
    assert read_database_url({"DATABASE_PASSWORD_FILE": str(tmp_path / "nothing")}) == ""


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"USE_POSTGRES": "yes"}, "USE_POSTGRES=yes: expected true or false"),
        ({"DATABASE_URL": "mysql://me:sesame@host/shop"}, "DATABASE_URL: not a URL of PostgreSQL"),
        ({"DATABASE_URL": "postgresql://me:ses@ame:x@host:port/shop"}, "DATABASE_URL: not a URL of PostgreSQL"),
        ({"DATABASE_URL": "postgresql://me:sesame@host"}, "DATABASE_URL: not a URL of PostgreSQL"),
        ({"DATABASE_URL": "postgresql://me:sesame@[host/shop"}, "DATABASE_URL: not a URL of PostgreSQL"),
        ({"USE_POSTGRES": "true", "POSTGRES_URL": "relay"}, "POSTGRES_URL: not a URL of PostgreSQL"),
    ],
)
def test_what_no_variable_may_hold_is_refused_and_never_shown(environment: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as error:
        read_database_url(environment)
    assert (said in str(error.value), "sesame" in str(error.value)) == (True, False)


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_file_without_a_password_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(UsageError, match=f"DATABASE_PASSWORD_FILE={file}"):
        read_database_url({"USE_POSTGRES": "true", "DATABASE_PASSWORD_FILE": str(file)})


@pytest.mark.property
@given(password=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_password_comes_out_of_the_url_as_it_went_in(password: str) -> None:
    url = add_password(HERE, password)
    assert (unquote(urlsplit(url).password or ""), name_database(url)) == (password, "relay@localhost:5432/relay")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://me:sesame@db.example.org:6543/shop", "me@db.example.org:6543/shop"),
        ("postgresql:///shop", "localhost:5432/shop"),
        ("postgresql:///shop?host=/run/postgresql&user=me", "me@/run/postgresql:5432/shop"),
        ("postgresql://me@first/shop?host=second&port=1&dbname=other", "me@second:1/other"),
    ],
)
def test_a_database_goes_by_the_name_of_the_server_that_is_meant(url: str, name: str) -> None:
    assert name_database(url) == name


def test_settings_do_not_print_the_address() -> None:
    settings = read_settings({"DATABASE_URL": THERE})
    assert (settings.database_url, "secret" in repr(settings)) == (THERE, False)
