"""What most feature numbers and cullings agree on: a tree of all texts, and whom the unknown ones resemble."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters, ConsensusSection
from model.training.authorship.addition import Addition
from model.training.authorship.attribution import NO_LABEL, rank_labels
from model.training.plots.consensus import draw_consensus
from relay.handoff.wording import count, list_words, show_share, show_span
from relay.results.findings import Finding, Topic
from relay.results.signs import choose_signs
from stylometry.chunks import Chunks
from stylometry.consensus import (
    Choice,
    Group,
    build_consensus,
    find_groups,
    list_groups,
    try_choices,
    write_newick,
)
from stylometry.features import CountTable, count_all
from stylometry.word_choice import ChosenCounts

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_TEXTS = 300
"""Texts of the tree, spread evenly over more: each costs their square, and groups may lie inside each other as deep."""

NEWICK = "consensus.nwk"


@dataclass(frozen=True)
class Texts:
    """The chunks, what is known of them, and the titles of the documents."""

    chunks: Chunks
    known: Chunks
    """The same, without the unknown labels."""
    titles: Sequence[str]
    copies: Integers
    """Number of the text that each document is (documents,)."""


@dataclass(frozen=True)
class Answer:
    """The label that an unknown document is nearest to by one choice."""

    features: int
    culling: float
    document: int
    nearest: str


def add_consensus(counts: CountTable, texts: Texts, parameters: AuthorshipParameters) -> Addition:
    """The consensus tree with its file, and the unknown documents over the same range, where the recipe asks for them.

    Raises:
        StylometryError: no n-gram is left by a culling.
    """
    asked = parameters.consensus
    if asked is None:
        return Addition()
    step = -(-len(texts.chunks) // MOST_TEXTS)
    chosen = np.arange(0, len(texts.chunks), step)
    rows = ChosenCounts(counts.ngrams, counts.matrix[chosen], count_all(counts)[chosen])
    trees: list[list[int]] = []
    numbers: list[int] = []
    answers: list[Answer] = []
    for choice in try_choices(rows, parameters.distance, asked.features, asked.culling):
        trees.append(find_groups(choice.distances))
        numbers.append(choice.features)
        answers += find_nearest(choice, chosen, texts, set(parameters.candidates))
    root = build_consensus(trees, len(chosen), asked.least)
    labels = [texts.chunks.labels[index] for index in chosen.tolist()]
    names = name_texts(texts, chosen)
    signs = choose_signs(texts.chunks.labels)
    title = (
        f"Consensus of {count(len(trees), 'tree')}: groups in more than {show_share(asked.least)}, Ward (R: ward.D2)"
    )
    return Addition(
        findings=(_say_tree(root, labels, numbers=numbers, asked=asked), *say_answers(answers, texts)),
        metrics={"consensus": {"trees": len(trees), "groups": len(list_groups(root)), "texts": len(chosen)}},
        tables={
            "consensus": tabulate_groups(root, names),
            **({"by_features": tabulate_answers(answers, texts)} if answers else {}),
        },
        pictures=(draw_consensus(root, names, labels, signs, title=title),),
        files={NEWICK: (write_newick(root, names) + "\n").encode()},
    )


def name_texts(texts: Texts, chosen: Integers) -> list[str]:
    """Label, title and, where a document has several chunks, the chunk's number: no two names are alike (chosen,)."""
    first = texts.chunks.first_document
    numbers, names = Counter(first.tolist()), []
    seen: Counter[int] = Counter()
    for index, document in enumerate(first.tolist()):
        seen[document] += 1
        part = f" ({seen[document]})" if numbers[document] > 1 else ""
        names.append(f"{texts.chunks.labels[index] or NO_LABEL} {texts.titles[document]}{part}")
    taken: Counter[str] = Counter()
    found = []
    for name in (names[index] for index in chosen.tolist()):
        taken[name] += 1
        found.append(name if taken[name] == 1 else f"{name} [{taken[name]}]")
    return found


def find_nearest(choice: Choice, chosen: Integers, texts: Texts, candidates: set[str]) -> list[Answer]:
    """The nearest candidate of each unknown document: by the mean over its chunks of the nearest text of each label.

    Copies of the document are not compared with it.
    """
    labels = [texts.known.labels[index] for index in chosen.tolist()]
    number = texts.copies[texts.chunks.first_document[chosen]]
    allowed = candidates or {label for label in labels if label is not None}
    columns = {label: np.array([one == label for one in labels]) for label in sorted(allowed & set(labels))}
    answers = []
    for document in dict.fromkeys(number[[label is None for label in labels]].tolist()):
        rows = np.flatnonzero((number == document) & np.array([label is None for label in labels]))
        means = {
            label: choice.distances[np.ix_(rows, is_label & (number != document))].min(axis=1).mean()
            for label, is_label in columns.items()
            if (is_label & (number != document)).any()
        }
        if means and len(rows):
            index = int(texts.chunks.first_document[chosen[rows[0]]])
            answers.append(Answer(choice.features, choice.culling, index, min(means, key=means.__getitem__)))
    return answers


def tabulate_groups(root: Group, names: Sequence[str]) -> pa.Table:
    """One row per group and text in it: number of the group, the share of the trees, its size, the text."""
    rows = [
        {"group": number + 1, "share": group.share, "size": len(group.members), "text": names[member]}
        for number, group in enumerate(list_groups(root))
        for member in group.members
    ]
    schema = pa.schema([("group", pa.int64()), ("share", pa.float64()), ("size", pa.int64()), ("text", pa.string())])
    return pa.Table.from_pylist(rows, schema=schema)


def tabulate_answers(answers: Sequence[Answer], texts: Texts) -> pa.Table:
    """One row per choice and unknown document: the nearest label."""
    return pa.Table.from_pylist(
        [
            {
                "features": one.features,
                "culling": one.culling,
                "document": texts.titles[one.document],
                "group": _group_of(texts, one.document),
                "nearest": one.nearest,
            }
            for one in answers
        ]
    )


def say_answers(answers: Sequence[Answer], texts: Texts) -> tuple[Finding, ...]:
    """For each group of unknown documents, in how many answers each label is the nearest."""
    findings = []
    for group in dict.fromkeys(_group_of(texts, one.document) for one in answers):
        of_group = [one for one in answers if _group_of(texts, one.document) == group]
        nearest = Counter(one.nearest for one in of_group)
        documents = len({one.document for one in of_group})
        settings = len({(one.features, one.culling) for one in of_group})
        shares = list_words(f"{label} {show_share(number / len(of_group))}" for label, number in rank_labels(nearest))
        whose = "without label" if group == NO_LABEL else f"labelled {group}"
        text = (
            f"{count(documents, 'document')} {whose}, share of the answers in {count(settings, 'setting')} of "
            f"features and culling: {shares}."
        )
        figures = {"group": group, "settings": settings, "documents": documents, "nearest": dict(rank_labels(nearest))}
        findings.append(Finding(Topic.CONSENSUS, text, figures))
    return tuple(findings)


def _group_of(texts: Texts, document: int) -> str:
    index = int(np.flatnonzero(texts.chunks.first_document == document)[0])
    return texts.chunks.labels[index] or NO_LABEL


def _say_tree(root: Group, labels: Sequence[str | None], *, numbers: list[int], asked: ConsensusSection) -> Finding:
    """The tree in words; `numbers` has the number of features of each of its trees."""
    trees, cullings = len(numbers), show_span(min(asked.culling), max(asked.culling))
    features = " to ".join(dict.fromkeys(f"{number:,}" for number in (min(numbers), max(numbers))))
    groups = list_groups(root)
    pure = [group for group in groups if len({labels[member] for member in group.members}) == 1]
    largest = max((len(group.members) for group in pure), default=0)
    size = f"; the largest has {count(largest, 'text')}" if pure else ""
    text = (
        f"Bootstrap consensus of {count(trees, 'tree')} ({features} features, culling {cullings}; Ward, in R ward.D2): "
        f"{count(len(groups), 'group')} of at most {len(root.members) - 2:,} {'is' if len(groups) == 1 else 'are'} in "
        f"more than {show_share(asked.least)} of the trees. Groups of one label only: {len(pure):,}{size}."
    )
    figures = {"trees": trees, "groups": len(groups), "of_one_label": len(pure), "largest_of_one_label": largest}
    return Finding(Topic.CONSENSUS, text, figures)
