"""What a result says, as data: `findings.json`. `findings.md` is rendered from it and read by no program.

Imports no numerical library: an unchanged stage reads its findings and nothing else.

    {"findings": [{"topic": "silhouette", "text": "The silhouette of the labels is 0.06 …", "figures": {"mean": 0.06}}],
     "plots": [{"file": "map.png", "caption": "100 chunks by style …"}]}
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from relay.handoff.wording import list_words

FILE = "findings.json"
RENDERED = "findings.md"


class Topic(StrEnum):
    """What a finding is about. Programs choose findings by topic, never by text."""

    DATA = "data"
    """Rows or documents that the result rests on."""
    INGEST_WARNING = "ingest_warning"
    """How a column was read, where that may be wrong."""
    OTHER = "other"
    """Not known: results of version 0.1 have no topics, and later versions may have topics that this one lacks."""

    # Estimators
    SAMPLE = "sample"
    """How many of the table's rows the model was trained and judged on, where these are not all."""
    MEMORY = "memory"
    """How the rows were held while it learned, where that changes what it learned."""
    FORMULA = "formula"
    SCORE = "score"
    THRESHOLD = "threshold"
    CALIBRATION = "calibration"
    IMBALANCE = "imbalance"
    BASELINE = "baseline"
    """The model is no better than its baseline."""
    CROSS_VALIDATION = "cross_validation"
    SEGMENTS = "segments"
    ONNX = "onnx"
    """Why there is no ONNX file."""
    BATCH_TEST = "batch_test"
    """Whether the answer to a row depends on the rows beside it, so that the model cannot be served."""
    FIT_WARNING = "fit_warning"
    LEAK = "leak"
    """An input alone tells the target: it may be the target in another form."""
    COLUMNS = "columns"
    """An input is empty, or its values are rounded."""

    MONITOR = "monitor"
    """What the monitor or the gate cannot see of this model."""

    # Own code
    OWN = "own"
    """A sentence of a user's function."""

    # Authorship
    NEIGHBOURS = "neighbours"
    """How often the nearest chunk of another document has the same label, by distance and on the map."""
    BALANCED_ACCURACY = "balanced_accuracy"
    PERMUTATION_TEST = "permutation_test"
    SILHOUETTE = "silhouette"
    COVERAGE = "coverage"
    """Texts of unknown label that the model cannot judge, and what it takes for a text to be judged."""
    COPIES = "copies"
    """Copies of one text, which do not count as neighbours of each other."""
    SPELLING = "spelling"
    """Forms of letters and apostrophes that count as one, or as different ones."""
    TEXT_LENGTH = "text_length"
    """Chunks are too short or too unequal to compare."""
    STABILITY = "stability"
    """The accuracy with other chunk lengths, features and distances."""
    AXES = "axes"
    TIME_ORDER = "time_order"
    BOUNDARY = "boundary"
    """A change of label in the order of time."""
    ATTRIBUTION = "attribution"
    CANDIDATES = "candidates"
    """The labels that documents of unknown label are compared with."""
    ROLLING = "rolling"
    """Who writes where along one long text, window by window."""
    CONSENSUS = "consensus"
    """A tree of what most feature numbers and cullings agree on, and the unknown documents over the same range."""
    OPPOSE = "oppose"
    """Words that one label uses in more chunks than another, by Zeta."""
    FONTS = "fonts"
    """Texts in the plots that no installed font can draw."""
    EXPORTS = "exports"
    """Files for other programs."""
    IMPOSTERS = "imposters"
    """The General Imposters on the unknown documents, label by label."""
    UNEQUAL = "unequal"
    """Labels with unequal numbers of known documents, and what that does."""
    WORD_RANGE = "word_range"
    """Whom unknown documents are nearest to over a range of feature numbers."""
    CLASSIFIERS = "classifiers"
    """How other classifiers do on the known documents."""
    OTHER_DISTANCES = "other_distances"
    """The attribution by every distance."""
    CAVEAT = "caveat"
    """What else goes with the label, from the recipe."""


OWN_WORDS = (Topic.OWN, Topic.CAVEAT)
"""Topics of texts that the recipe or its own code wrote."""


@dataclass(frozen=True)
class Finding:
    """One sentence with the figures that it states."""

    topic: Topic
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)
    """Name -> number, name or list of them, as JSON has them; empty where the sentence states none."""


@dataclass(frozen=True)
class Plot:
    """A plot in the result folder."""

    file: str
    caption: str


@dataclass(frozen=True)
class Findings:
    """All findings of a result and its plots; the first plot is the one to look at first."""

    findings: tuple[Finding, ...]
    plots: tuple[Plot, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text of every finding."""
        return tuple(finding.text for finding in self.findings)

    def about(self, topics: Collection[Topic]) -> list[Finding]:
        """The findings on any of these topics."""
        return [finding for finding in self.findings if finding.topic in topics]


def format_findings(findings: Findings) -> str:
    """The content of `findings.json`."""
    return json.dumps(asdict(findings), indent=2, ensure_ascii=False) + "\n"


def parse_findings(content: str) -> Findings:
    """The findings in the content of a `findings.json`."""
    found = json.loads(content)
    return Findings(
        findings=tuple(
            Finding(_parse_topic(finding["topic"]), finding["text"], finding["figures"])
            for finding in found["findings"]
        ),
        plots=tuple(Plot(plot["file"], plot["caption"]) for plot in found["plots"]),
    )


def render_findings(findings: Findings) -> str:
    """The content of `findings.md`: one paragraph per sentence, then the plots.

    A label or a title may hold line breaks, which begin paragraphs and headings; a recipe's own words keep theirs.
    """
    said = [one.text if one.topic in OWN_WORDS else join_lines(one.text) for one in findings.findings]
    plots = [f"![{join_lines(plot.caption)}]({plot.file})" for plot in findings.plots]
    return "\n\n".join(["# Findings", *said, *plots]) + "\n"


def join_lines(text: str) -> str:
    """The text on one line."""
    return " ".join(part for line in text.splitlines() if (part := line.strip()))


def read_findings(folder: Path) -> Findings:
    """The findings in a result folder.

    Raises:
        FileNotFoundError: the folder is no result folder.
    """
    try:
        content = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return _read_rendered((folder / RENDERED).read_text(encoding="utf-8"))
    return parse_findings(content)


def read_lines(folder: Path) -> list[str]:
    """The findings of a folder as lines for the log; the last one says where the plot is and what it shows."""
    findings = read_findings(folder)
    if not findings.plots:  # own code may draw nothing
        return list(findings.sentences)
    first, *others = findings.plots
    beside = f" (beside it: {list_words(plot.file for plot in others)})" if others else ""
    return [*findings.sentences, f"the plot {folder / first.file} shows {first.caption}{beside}"]


def _parse_topic(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError:  # of a later version: its sentence is shown like any without a place of its own
        return Topic.OTHER


_PLOT = re.compile(r"!\[(?P<caption>.*)\]\((?P<file>[^()]+)\)")


def _read_rendered(text: str) -> Findings:
    """The findings of a result of version 0.1, which kept them as Markdown only: sentences without a topic."""
    paragraphs = [paragraph for paragraph in text.strip().split("\n\n") if not paragraph.startswith("# ")]
    matches = [(paragraph, _PLOT.fullmatch(paragraph)) for paragraph in paragraphs]
    return Findings(
        findings=tuple(Finding(Topic.OTHER, paragraph) for paragraph, match in matches if match is None),
        plots=tuple(Plot(match["file"], match["caption"]) for _, match in matches if match is not None),
    )
