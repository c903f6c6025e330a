"""Texts as a network: each with the three that are nearest to it, for Gephi and other programs of networks."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NEAREST = 3
"""Edges of a text, which weigh 3, 2 and 1.

Source: Eder: Visualization in stylometry: cluster analysis using networks, Digital Scholarship in the Humanities 32
(2017), pp. 50-64: the nearest neighbour and two runners-up.
"""

ROWS = 1_000
"""Texts whose neighbours are looked for at a time."""

GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="name" for="node" attr.name="label" attr.type="string"/>
<key id="group" for="node" attr.name="group" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="double"/>
<key id="distance" for="edge" attr.name="distance" attr.type="double"/>
<graph edgedefault="directed">
"""


@dataclass(frozen=True)
class Edges:
    """From each text to those nearest to it, the nearest first."""

    sources: Integers
    targets: Integers
    distances: Floats
    weights: Integers


def find_edges(distances: Floats, documents: Integers) -> Edges:
    """The three nearest texts of other documents of each; fewer where there are not so many.

    Args:
        distances: distances between the texts (texts, texts).
        documents: number of each one's document, copies of one text with one number (texts,).
    """
    sources, targets = [], []
    for start in range(0, len(distances), ROWS):
        part = distances[start : start + ROWS].copy()
        part[documents[start : start + ROWS, np.newaxis] == documents] = np.inf
        order = np.argsort(part, axis=1, kind="stable")[:, :NEAREST]
        sources.append(np.repeat(np.arange(start, start + len(part)), order.shape[1]))
        targets.append(np.where(np.isfinite(np.take_along_axis(part, order, axis=1)), order, -1).ravel())
    one, other = np.concatenate(sources), np.concatenate(targets)
    kept = other >= 0
    one, other = one[kept], other[kept]
    ranks = np.arange(len(one)) - np.searchsorted(one, one)
    return Edges(one, other, distances[one, other], NEAREST - ranks)


def tabulate_nodes(names: Sequence[str], labels: Sequence[str | None]) -> pa.Table:
    """One row per text, in the column names that Gephi reads."""
    return pa.table(
        {
            "Id": np.arange(len(names)),
            "Label": pa.array(names, pa.string()),
            "Group": pa.array(labels, pa.string()),
        }
    )


def tabulate_edges(edges: Edges, names: Sequence[str]) -> pa.Table:
    """One row per edge, in the column names that Gephi reads."""
    return pa.table(
        {
            "Source": edges.sources,
            "Target": edges.targets,
            "Type": pa.array(["Directed"] * len(edges.sources), pa.string()),
            "Weight": edges.weights,
            "distance": edges.distances,
            "source_name": pa.array([names[index] for index in edges.sources.tolist()], pa.string()),
            "target_name": pa.array([names[index] for index in edges.targets.tolist()], pa.string()),
        }
    )


def write_graphml(nodes: pa.Table, edges: pa.Table) -> bytes:
    """Both tables as GraphML.

    Source: Brandes, Eiglsperger, Lerner: GraphML Primer (2004), http://graphml.graphdrawing.org/primer/.
    """
    lines = [GRAPHML]
    for row in nodes.to_pylist():
        group = "" if row["Group"] is None else f'<data key="group">{_write_text(row["Group"])}</data>'
        lines.append(f'<node id="{row["Id"]}"><data key="name">{_write_text(row["Label"])}</data>{group}</node>\n')
    lines += [
        f'<edge source="{row["Source"]}" target="{row["Target"]}"><data key="weight">{row["Weight"]}</data>'
        f'<data key="distance">{row["distance"]!r}</data></edge>\n'
        for row in edges.to_pylist()
    ]
    lines.append("</graph>\n</graphml>\n")
    return "".join(lines).encode()


def _write_text(text: str) -> str:
    """The text as XML has it: signs that XML does not allow become blanks."""
    return escape("".join(sign if sign.isprintable() else " " for sign in text))
