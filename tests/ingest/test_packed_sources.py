"""Packed files from the sources `http` and `file`: named, fetched, in the key."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from http_server import Page, PageServer, serve

from ingest.parameters import FileSection
from relay.handoff.receipt import Unpacked

Desk = Any  # tests/conftest.py

CSV = b"age\n1\n2\n"

RECIPE = """
title = "Packed"
[ingest]
source = "http"
url = "URL"
MORE
[columns]
age = { type = "int", role = "input" }
"""


@pytest.fixture
def server() -> Iterator[PageServer]:
    """A server on loopback."""
    with serve() as running:
        yield running


def make_zip(**files: bytes) -> bytes:
    """A ZIP archive; `a_csv` is `a.csv`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name.replace("_", "."), body)
    return content.getvalue()


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/rows.csv.gz", Page(gzip.compress(CSV))),
        ("/rows.csv.gz", Page(CSV, gzipped=True)),  # many servers say so of a .gz file: then it comes unpacked
        ("/rows.zip", Page(make_zip(a_csv=b"age\n1\n", b_csv=b"age\n2\n"))),
    ],
)
def test_a_packed_file_behind_a_url_is_read_and_kept_as_it_came(
    desk: Desk, server: PageServer, path: str, page: Page
) -> None:
    recipe = desk.recipe(RECIPE.replace("URL", server.add(path, page)).replace("MORE", ""))
    assert [desk.run("ingest", recipe, "--check"), desk.run("ingest", recipe)] == [0, 0]
    assert [row["age"] for row in desk.rows("raw/desk")] == [1, 2]
    (origin,) = desk.receipt("raw/desk").sources
    assert origin.bytes == len(page.body)


def test_the_receipt_names_what_was_in_a_file_as_it_came(desk: Desk, server: PageServer) -> None:
    url = server.add("/rows.csv.gz", Page(gzip.compress(CSV)))
    assert desk.run("ingest", desk.recipe(RECIPE.replace("URL", url).replace("MORE", ""))) == 0
    assert desk.receipt("raw/desk").sources[0].unpacked == [Unpacked(name="rows.csv", bytes=8)]


def test_the_advice_on_a_packed_file_that_came_cut_fetches_it_again(
    desk: Desk, server: PageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = desk.recipe(
        RECIPE.replace("URL", server.add("/a.csv.gz", Page(gzip.compress(CSV)[:-4]))).replace("MORE", "")
    )
    assert desk.run("ingest", recipe) == 1
    advice = "its end is missing; fetch it again: RELAY_REFRESH=always"
    assert desk.said("ingest")[-1].endswith(advice)
    server.add("/a.csv.gz", Page(gzip.compress(CSV)))
    monkeypatch.setenv(*advice.rpartition(" ")[2].split("="))
    assert desk.run("ingest", recipe) == 0


def test_the_items_of_urls_stay_those_of_archives_with_one_file(desk: Desk, server: PageServer) -> None:
    for year in ("2023", "2024"):
        url = server.add(f"/{year}.zip", Page(make_zip(text_txt=year.encode())))
    columns = 'item = { type = "text", role = "id" }\ntext = { type = "text", role = "input" }'
    recipe = RECIPE.replace('age = { type = "int", role = "input" }', columns)
    recipe = recipe.replace("URL", url.replace("2024", "{item}")).replace("MORE", 'items = ["2023", "2024"]')
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    assert desk.rows("raw/desk") == [{"item": "2023", "text": "2023"}, {"item": "2024", "text": "2024"}]


def test_equal_names_in_two_archives_are_different_items(desk: Desk) -> None:
    for name in ("hamilton", "madison"):
        (desk.folder / f"{name}.zip").write_bytes(make_zip(a_txt=name.encode(), b_txt=b"x"))
    columns = 'item = { type = "text", role = "id" }\ntext = { type = "text", role = "input" }'
    recipe = RECIPE.replace('age = { type = "int", role = "input" }', columns).replace("http", "file")
    recipe = recipe.replace('url = "URL"', 'path = "*.zip"').replace("MORE", "")
    assert desk.run("ingest", desk.recipe(recipe)) == 0
    assert [row["item"] for row in desk.rows("raw/desk")] == ["hamilton/a", "hamilton/b", "madison/a", "madison/b"]


def test_the_choice_of_files_wakes_the_stage_and_the_limit_does_not(desk: Desk) -> None:
    (desk.folder / "x.zip").write_bytes(make_zip(a_csv=b"age\n1\n", b_csv=b"age\n2\n"))
    recipe = RECIPE.replace("http", "file").replace('url = "URL"', 'path = "x.zip"')
    for more in ("", "max_unpacked_bytes = 1000", 'member = "b.csv"'):
        assert desk.run("ingest", desk.recipe(recipe.replace("MORE", more))) == 0
    assert desk.outcomes("ingest") == ["ran", "unchanged", "ran"]
    assert 'ingest desk: runs, parameter member (none) -> "b.csv"' in desk.said("ingest")
    assert [row["age"] for row in desk.rows("raw/desk")] == [2]


def test_keys_that_a_recipe_does_not_declare_are_in_no_key() -> None:
    dumped = FileSection(source="file", path="x.zip", max_unpacked_bytes=7).model_dump(mode="json")
    assert {"member", "max_unpacked_bytes"} & {*dumped} == set()
