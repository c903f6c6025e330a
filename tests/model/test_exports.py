"""Tables for other programs, as a recipe asks for them."""

import csv as csv_module
import io
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from projects import DOCUMENTS, document_columns, make_project
from pyarrow import csv

from model.training.authorship import exports
from model.training.authorship.network import find_edges, tabulate_edges, tabulate_nodes, write_graphml
from model.training.result import render_files
from relay.results.findings import Topic

ALL = 'exports = ["frequencies", "distances", "coordinates", "network"]'
RECIPE = DOCUMENTS.replace(
    "chunk_chars = 300",
    f'chunking = "whole"\nunits = "words"\nngram = 1\ndistance = "cosine_delta"\nfeatures = 20\n{ALL}',
)
TABLES = ("frequencies", "word_list", "distances", "coordinates", "nodes", "edges")
NAMESPACE = "{http://graphml.graphdrawing.org/xmlns}"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return render_files(make_project(tmp_path_factory.mktemp("exports"), RECIPE, document_columns()).train())


def read_csv(files: dict[str, bytes], name: str) -> pa.Table:
    return csv.read_csv(io.BytesIO(files[f"{name}.csv"]))


@pytest.mark.parametrize("name", TABLES)
def test_csv_and_parquet_hold_the_same(files: dict[str, bytes], name: str) -> None:
    stored = pq.read_table(io.BytesIO(files[f"{name}.parquet"]))
    assert read_csv(files, name).cast(stored.schema).equals(stored)


def test_no_name_in_a_csv_is_a_formula_and_the_parquet_keeps_it() -> None:
    table = pa.table(
        {"#title": ["=1+1 a", "Ann b", None], "-x": [-1.0, 0.5, 2.0], "@y": ["+1", "-x", "\N{FULLWIDTH PLUS SIGN}1"]}
    )
    assert list(csv_module.reader(io.StringIO(exports.write_csv(table).decode()))) == [
        ["#title", "'-x", "'@y"],
        ["'=1+1 a", "-1", "+1"],
        ["Ann b", "0.5", "'-x"],
        ["", "2", "'\N{FULLWIDTH PLUS SIGN}1"],
    ]


def test_frequencies_are_those_of_the_texts(files: dict[str, bytes]) -> None:
    rows, columns = read_csv(files, "frequencies").to_pylist(), document_columns()
    assert [row["#title"] for row in rows] == [
        f"{author} {name}" for author, name in zip(columns["author"], columns["document"], strict=True)
    ]
    words = [row["ngram"] for row in read_csv(files, "word_list").to_pylist()]
    assert len(words) == 20
    for row, text in zip(rows, columns["text"], strict=True):
        assert {word: row[word] for word in words} == pytest.approx(
            {word: text.split().count(word) / len(text.split()) for word in words}
        )


def test_words_that_the_recipe_leaves_out_are_no_columns_and_count_for_the_length(tmp_path: Any) -> None:
    recipe = RECIPE.replace(ALL, 'exports = ["frequencies"]\nwithout = ["the"]\n[model.consensus]\nfeatures = [9]')
    results = make_project(tmp_path, recipe, document_columns()).train()
    rows, (first, *_) = results.tables["frequencies"].to_pylist(), document_columns()["text"]
    assert "the" in first.split()
    assert "the" not in rows[0]
    word = results.tables["word_list"]["ngram"][0].as_py()
    assert [row[word] for row in rows] == [text.split().count(word) / 160 for text in document_columns()["text"]]
    assert len(first.split()) == 160
    assert results.metrics["consensus"]["trees"] == 2  # no word stands in two texts of five


def test_the_list_of_words_counts_their_occurrences(files: dict[str, bytes]) -> None:
    all_words = " ".join(document_columns()["text"]).split()
    listed = read_csv(files, "word_list").to_pylist()
    assert {row["ngram"]: row["occurrences"] for row in listed} == {
        row["ngram"]: all_words.count(row["ngram"]) for row in listed
    }
    assert [row["rank"] for row in listed] == list(range(1, 21))


def test_distances_are_a_square_of_the_texts(files: dict[str, bytes]) -> None:
    table = read_csv(files, "distances")
    titles = table["#title"].to_pylist()
    square = np.array([table[title].to_pylist() for title in titles])
    assert np.allclose(square, square.T, rtol=0, atol=1e-12)
    assert not square.diagonal().any()


def test_each_text_has_edges_to_the_three_nearest_of_other_documents() -> None:
    places = np.array([0.0, 1.0, 3.0, 7.0, 15.0])
    distances = np.abs(np.subtract.outer(places, places))
    edges = find_edges(distances, np.array([0, 0, 1, 2, 3]))
    of_first = edges.targets[edges.sources == 0].tolist()
    assert (of_first, edges.weights[edges.sources == 0].tolist()) == ([2, 3, 4], [3, 2, 1])
    assert edges.targets[edges.sources == 2].tolist() == [1, 0, 3]
    assert edges.distances[edges.sources == 2].tolist() == [2, 3, 4]


def test_with_few_documents_there_are_fewer_edges_and_none_to_itself() -> None:
    edges = find_edges(np.array([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]]), np.array([0, 0, 1]))
    assert list(zip(edges.sources.tolist(), edges.targets.tolist(), edges.weights.tolist(), strict=True)) == [
        (0, 2, 3), (1, 2, 3), (2, 0, 3), (2, 1, 2),
    ]  # fmt: skip


def test_the_network_comes_back_from_graphml() -> None:
    names = ["<A> & 'b'", 'q"\x01\x0bx', "ברא"]
    edges = find_edges(np.array([[0.0, 0.1, 2], [0.1, 0, 3], [2, 3, 0]]), np.arange(3))
    content = write_graphml(tabulate_nodes(names, ["<A>", None, "ב"]), tabulate_edges(edges, names))
    (graph,) = ET.fromstring(content).iter(f"{NAMESPACE}graph")
    nodes = [{data.get("key"): data.text for data in node} for node in graph.iter(f"{NAMESPACE}node")]
    assert nodes == [{"name": "<A> & 'b'", "group": "<A>"}, {"name": 'q"  x'}, {"name": "ברא", "group": "ב"}]
    found = [
        (edge.get("source"), edge.get("target"), *(float(data.text or "") for data in edge))
        for edge in graph.iter(f"{NAMESPACE}edge")
    ]
    assert found[:2] == [("0", "1", 3.0, 0.1), ("0", "2", 2.0, 2.0)]
    assert len(found) == 6


def test_a_table_that_is_too_large_is_left_out_and_said(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_CELLS", 150)
    results = make_project(tmp_path, RECIPE, document_columns()).train()
    said, left_out = (finding for finding in results.findings if finding.topic == Topic.EXPORTS)
    assert left_out.figures == {"left_out": ["frequencies"]}
    assert "frequencies" not in results.tables
    assert "distances.csv" in said.figures["files"]
