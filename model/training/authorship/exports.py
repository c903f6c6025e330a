"""What a map is made of, as files for other programs: frequencies, list of words, distances, coordinates, network."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from model.style_parameters import AuthorshipParameters
from model.training.authorship.addition import Addition
from model.training.authorship.attribution import MOST_FEATURES
from model.training.authorship.consensus import Texts, name_texts
from model.training.authorship.network import find_edges, tabulate_edges, tabulate_nodes, write_graphml
from relay.handoff.spreadsheet import neutralise
from relay.handoff.wording import list_words
from relay.results.findings import Finding, Topic
from stylometry.delta import find_distance
from stylometry.features import CountTable, most_frequent, relative_frequencies

Floats = npt.NDArray[np.float64]

TITLE, LABEL = "#title", "#label"
"""Columns that no word and no n-gram of at most 5 characters is called."""

MOST_CELLS = 5_000_000
"""Of one table: about 100 MB of CSV."""


@dataclass(frozen=True)
class Measured:
    """What the files hold."""

    texts: Texts
    counts: CountTable
    distances: Floats
    points: Floats


def add_exports(found: Measured, parameters: AuthorshipParameters) -> Addition:
    """The tables that the recipe asks for, each as Parquet and as CSV, and the network as GraphML.

    A table of more than MOST_CELLS cells is left out, and a finding says so.
    """
    if not parameters.exports:
        return Addition()
    names = name_texts(found.texts, np.arange(len(found.texts.chunks)))
    makers: dict[str, Callable[[], dict[str, pa.Table]]] = {
        "frequencies": lambda: tabulate_frequencies(found, names, parameters),
        "distances": lambda: {"distances": tabulate_distances(found, names)},
        "coordinates": lambda: {"coordinates": tabulate_coordinates(found, names)},
        "network": lambda: tabulate_network(found, names),
    }
    too_large = [name for name in parameters.exports if count_cells(name, found, parameters) > MOST_CELLS]
    wanted = [name for name in dict.fromkeys(parameters.exports) if name not in too_large]
    tables = {name: table for one in wanted for name, table in makers[one]().items()}
    files = {f"{name}.csv": write_csv(table) for name, table in tables.items()}
    if "network" in wanted:
        files["network.graphml"] = write_graphml(tables["nodes"], tables["edges"])
    return Addition(findings=_say_exports(sorted(files), too_large), tables=tables, files=files)


def count_cells(name: str, found: Measured, parameters: AuthorshipParameters) -> int:
    """Cells of an export, at most."""
    texts, ngrams = found.counts.matrix.shape
    columns = {"distances": texts, "frequencies": min(ngrams, _limit_features(parameters))}
    return int(texts * columns.get(name, 10))


def tabulate_frequencies(
    found: Measured, names: Sequence[str], parameters: AuthorshipParameters
) -> dict[str, pa.Table]:
    """Relative frequencies, one row per text and one column per n-gram, the most frequent first; and the n-grams."""
    columns = most_frequent(found.counts, _limit_features(parameters), parameters.culling)
    frequencies = relative_frequencies(found.counts, columns)
    all_names = found.counts.ngrams
    ngrams = [all_names[column] for column in columns.tolist()]
    matrix = found.counts.matrix
    totals = np.bincount(matrix.indices, matrix.data, minlength=matrix.shape[1])[columns]
    holders = np.bincount(matrix.indices, minlength=matrix.shape[1])[columns]
    word_list = {
        "rank": np.arange(1, len(ngrams) + 1),
        "ngram": ngrams,
        **({"occurrences": totals.astype(np.int64)} if matrix.dtype.kind == "i" else {}),
        "texts": holders,
    }
    wide = {**_head(found, names), **{ngram: frequencies[:, index] for index, ngram in enumerate(ngrams)}}
    return {"frequencies": pa.table(wide), "word_list": pa.table(word_list)}


def tabulate_distances(found: Measured, names: Sequence[str]) -> pa.Table:
    """The distances, one row and one column per text."""
    columns = {**_head(found, names), **{name: found.distances[:, index] for index, name in enumerate(names)}}
    return pa.table(columns)


def tabulate_coordinates(found: Measured, names: Sequence[str]) -> pa.Table:
    """Where each text stands on the map."""
    return pa.table({**_head(found, names), "x": found.points[:, 0], "y": found.points[:, 1]})


def tabulate_network(found: Measured, names: Sequence[str]) -> dict[str, pa.Table]:
    """The texts, and each one's three nearest of other documents."""
    number = found.texts.copies[found.texts.chunks.first_document]
    edges = find_edges(found.distances, number)
    return {"nodes": tabulate_nodes(names, found.texts.chunks.labels), "edges": tabulate_edges(edges, names)}


def write_csv(table: pa.Table) -> bytes:
    """The table as CSV: UTF-8, commas, a head, numbers with as many digits as they need; no formulas."""
    buffer = io.BytesIO()
    columns = [
        pa.array(map(neutralise, column.to_pylist()), column.type) if pa.types.is_string(column.type) else column
        for column in table.columns
    ]
    csv.write_csv(pa.table(columns, [neutralise(name) for name in table.column_names]).combine_chunks(), buffer)
    return buffer.getvalue()


def _head(found: Measured, names: Sequence[str]) -> dict[str, pa.Array]:
    return {TITLE: pa.array(names, pa.string()), LABEL: pa.array(found.texts.chunks.labels, pa.string())}


def _limit_features(parameters: AuthorshipParameters) -> int:
    return parameters.features or find_distance(parameters.distance).features or MOST_FEATURES


def _say_exports(files: Sequence[str], too_large: Sequence[str]) -> tuple[Finding, ...]:
    findings = []
    if files:
        text = f"For other programs: {list_words(files)}; the tables are there as Parquet too."
        findings.append(Finding(Topic.EXPORTS, text, {"files": list(files)}))
    if too_large:
        text = (
            f"Not written, because a table would have more than {MOST_CELLS:,} cells: {list_words(too_large)}. Cut "
            "longer chunks, or look at fewer features."
        )
        findings.append(Finding(Topic.EXPORTS, text, {"left_out": list(too_large)}))
    return tuple(findings)
