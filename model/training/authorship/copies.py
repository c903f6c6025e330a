"""Copies of one text among the documents: which they are, and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters
from model.training.authorship.documents import Documents
from relay.handoff.wording import count, list_words
from relay.results.findings import Finding, Topic
from stylometry.chunks import Chunks
from stylometry.copies import Apart, Copies, find_copies, find_equal, find_passages

Integers = npt.NDArray[np.int64]

MOST_NAMED = 3
"""Texts, and documents of each, that a finding names; all are in the table `copies`."""

NO_LABEL = "(no label)"


@dataclass(frozen=True)
class Repeats:
    """What among the documents was written once and stands there more than once."""

    copies: Copies
    apart: Apart
    """The same for the chunks, with the passages that a chunk repeats."""

    @property
    def texts(self) -> Integers:
        """For each document the first one that it is a copy of, or itself (documents,)."""
        return self.copies.texts


def find_repeats(documents: Documents, chunks: Chunks, parameters: AuthorshipParameters) -> Repeats:
    """Copies among the documents, and chunks that repeat a passage of another text.

    Chunks of joined documents may hold parts of several, so there each is compared with each other one.
    """
    copies = find_equal(documents.texts()) if parameters.units == "columns" else find_copies(documents.texts())
    is_joined = parameters.chunking == "joined"
    sources = np.arange(len(chunks)) if is_joined else copies.texts[chunks.first_document]
    if parameters.chunking == "whole" and not len(copies.contained):
        return Repeats(copies, Apart(sources, np.zeros((0, 2), np.int64)))
    return Repeats(copies, find_passages(chunks.texts(), sources))


def say_repeats(repeats: Repeats, documents: Documents) -> tuple[Finding, ...]:
    """The copies in words; nothing without any."""
    findings = []
    groups = repeats.copies.groups
    if groups:
        number = sum(map(len, groups))
        text = (
            f"{count(number, 'document')} {'is a copy' if number == 1 else 'are copies'}, exact or almost, of "
            f"{count(len(groups), 'text')}: {_name_groups(groups, documents)}. Copies of one text do not count as "
            "neighbours of each other."
        )
        figures = {"documents": number, "texts": len(groups), "largest": max(map(len, groups))}
        findings.append(Finding(Topic.COPIES, text, figures))
    if mixed := find_mixed(repeats, documents):
        text = (
            f"{count(len(mixed), 'text')} {'has' if len(mixed) == 1 else 'have'} copies with different labels: "
            f"{_name_groups(mixed, documents, with_labels=True)}. Check which label is right."
        )
        findings.append(Finding(Topic.COPIES, text, {"texts_with_several_labels": len(mixed)}))
    if number := len(np.unique(repeats.apart.passages[:, 0])):
        text = (
            f"{count(number, 'chunk')} {'repeats a passage' if number == 1 else 'repeat passages'} of another text: "
            "at least half of the chunk occurs there too. The two do not count as neighbours of each other."
        )
        findings.append(Finding(Topic.COPIES, text, {"chunks": number}))
    return tuple(findings)


def figures_of_repeats(repeats: Repeats, documents: Documents) -> Mapping[str, Any]:
    """The copies as they stand in `metrics.json`."""
    groups = repeats.copies.groups
    return {
        "documents": sum(map(len, groups)),
        "texts": len(groups),
        "texts_with_several_labels": len(find_mixed(repeats, documents)),
        "chunks_with_passages": len(np.unique(repeats.apart.passages[:, 0])),
    }


def tabulate_repeats(repeats: Repeats, documents: Documents) -> dict[str, pa.Table]:
    """The table `copies`, a row a document that has a copy; no table without any."""
    rows = [
        {"text": number, "document": documents.ids[index], "label": documents.labels[index]}
        for number, group in enumerate(repeats.copies.groups, start=1)
        for index in group
    ]
    schema = pa.schema([("text", pa.int64()), ("document", pa.string()), ("label", pa.string())])
    return {"copies": pa.Table.from_pylist(rows, schema)} if rows else {}


def find_mixed(repeats: Repeats, documents: Documents) -> list[list[int]]:
    """The texts whose copies do not all have one label."""
    return [group for group in repeats.copies.groups if len({documents.labels[index] for index in group}) > 1]


def _name_groups(groups: list[list[int]], documents: Documents, *, with_labels: bool = False) -> str:
    """`A and B; C, D and 7 more; 3 more texts`."""
    named = []
    for group in groups[:MOST_NAMED]:
        names = [
            documents.ids[index] + (f" ({documents.labels[index] or NO_LABEL})" if with_labels else "")
            for index in group[:MOST_NAMED]
        ]
        more = [f"{len(group) - MOST_NAMED:,} more"] if len(group) > MOST_NAMED else []
        named.append(list_words([*names, *more]))
    more_texts = [f"{count(len(groups) - MOST_NAMED, 'more text')}"] if len(groups) > MOST_NAMED else []
    return "; ".join([*named, *more_texts])
