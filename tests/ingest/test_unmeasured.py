"""A download that came with neither a length nor chunks: what ends inside a row is refused, the rest is said."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from http_server import Page, PageServer, serve

RECIPE = """
title = "Unmeasured"
[columns]
name = {{ type = "text", role = "id" }}
age = {{ type = "int", role = "input" }}
[ingest]
source = "http"
url = "{url}"
max_rejected_share = 0.9
{more}
"""

Fetch = Callable[..., tuple[int, str]]

CUT = {
    "a.csv": (b'name,age\nAda,36\n"Bo,7', "the file ends inside a quoted cell"),
    "b.csv": (b"name,age\nAda,36\nBo", "the last row has 1 of 2 cells, 'Bo'"),
    "c.jsonl": (b'{"name": "Ada", "age": 36}\n{"name": "Bo", "a', "the last line is no JSON"),
    "d.json": (b'[{"name": "Ada", "age": 36}, {"name": "Bo"', "not JSON, or cut"),
}
WHOLE = {
    "a.csv": b"name,age\nAda,36\n",
    "no_break.csv": b"name,age\nAda,36",
    "c.jsonl": b'{"name": "Ada", "age": 36}',
}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[PageServer]:
    """A server on loopback, asked without a proxy."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serve() as one:
        yield one


@pytest.fixture
def fetch(server: PageServer, desk: Any) -> Fetch:
    """Ingests a page; gives the exit code and the log."""

    def run(name: str, body: bytes, more: str = "", **page: Any) -> tuple[int, str]:
        url = server.add(f"/{name}", Page(body, **page))
        code = desk.run("ingest", desk.recipe(RECIPE.format(url=url, more=more)))
        return code, "\n".join(desk.said("ingest"))

    return run


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_ends_inside_a_row_is_refused(fetch: Fetch, name: str) -> None:
    body, message = CUT[name]
    code, said = fetch(name, body, unmeasured=True)
    assert (code, message in said) == (1, True), said


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_ends_behind_a_row_is_read_and_said(fetch: Fetch, desk: Any, name: str) -> None:
    code, said = fetch(name, WHOLE[name], unmeasured=True)
    assert "whether all of it came could not be checked" in said
    assert (code, desk.rows("raw/desk")) == (0, [{"name": "Ada", "age": 36}])
    assert desk.receipt("raw/desk").sources[0].may_be_cut


@pytest.mark.parametrize("page", [{}, {"chunked": True}])
def test_a_file_with_a_length_or_chunks_is_as_the_server_has_it(fetch: Fetch, desk: Any, page: dict[str, bool]) -> None:
    code, _ = fetch("b.csv", CUT["b.csv"][0], **page)
    assert (code, desk.receipt("raw/desk").sources[0].may_be_cut) == (0, False)


def test_a_declared_digest_says_that_all_came(fetch: Fetch, desk: Any) -> None:
    body = CUT["b.csv"][0]
    assert fetch("b.csv", body, unmeasured=True)[0] == 1
    code, _ = fetch("b.csv", body, f'sha256 = "{hashlib.sha256(body).hexdigest()}"', unmeasured=True)
    assert (code, desk.receipt("raw/desk").sources[0].may_be_cut) == (0, False)
