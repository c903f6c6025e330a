"""The report of an adoption: what was compared, how the notebooks were divided, what was left out."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from adopt.notebooks.plan import CellRef
from adopt.notebooks.verdicts import Item, ItemKind, Verdict
from relay.handoff.wording import list_words

PLURALS = {ItemKind.FRAME: "frames", ItemKind.METRIC: "metrics", ItemKind.FIGURE: "figures"}


@dataclass(frozen=True)
class PartLine:
    """A stage, and the cells that it comes from."""

    stage: str
    function: str
    """Of the written module."""
    cells: tuple[CellRef, ...]
    border: str = ""
    """Where the border above it comes from, and why it moved."""


@dataclass(frozen=True)
class LeftOutLine:
    """A statement that no result needs."""

    cell: CellRef
    text: str
    """Its first line."""
    reason: str


@dataclass(frozen=True)
class StaleCell:
    """A cell whose stored output is not what it gives now."""

    cell: CellRef
    stored: str
    now: str


@dataclass(frozen=True)
class RemarkLine:
    """Something to know that stops nothing."""

    kind: str
    text: str
    cells: tuple[CellRef, ...] = ()


@dataclass(frozen=True)
class TwiceLine:
    """A metric with and without the leak."""

    name: str
    notebook: str
    """As the notebook shows it."""
    corrected: str
    """Of the recipe that fits on the training rows only."""


@dataclass(frozen=True)
class Report:
    """Everything that the report says."""

    name: str
    """Of the recipe."""
    notebooks: tuple[str, ...]
    """File names."""
    items: tuple[Item, ...]
    parts: tuple[PartLine, ...] = ()
    left_out: tuple[LeftOutLine, ...] = ()
    stale: tuple[StaleCell, ...] = ()
    remarks: tuple[RemarkLine, ...] = ()
    without_leak: tuple[TwiceLine, ...] = ()
    """Each metric twice, where the written recipe does without the notebook's leak."""
    runs: tuple[str, ...] = ()
    """What was run for the proof, one sentence each."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path of each written file, as one types it -> SHA-256."""

    @property
    def is_settled(self) -> bool:
        """Whether all is equal, or its difference is accepted."""
        return bool(self.items) and all(item.is_settled for item in self.items)

    @property
    def open_items(self) -> tuple[Item, ...]:
        """What is neither equal nor accepted."""
        return tuple(item for item in self.items if not item.is_settled)

    def name_cell(self, cell: CellRef) -> str:
        """The cell, with its notebook where there are several."""
        of = f" of {self.notebooks[cell.book]}" if len(self.notebooks) > 1 else ""
        return f"cell {cell.cell}{of}"

    def name_cells(self, cells: Iterable[CellRef]) -> str:
        """Cells of one or more notebooks, such as `1.ingest.ipynb: 2, 4`."""
        by_book: dict[int, list[int]] = {}
        for cell in sorted(set(cells), key=lambda one: (one.book, one.cell)):
            by_book.setdefault(cell.book, []).append(cell.cell)
        several = len(self.notebooks) > 1
        return "; ".join(
            (f"{self.notebooks[book]}: " if several else "") + ", ".join(map(str, numbers))
            for book, numbers in by_book.items()
        )


def summarise(report: Report) -> str:
    """The outcome in one sentence."""
    if not report.items:
        return "Nothing was compared."
    counts = Counter(item.kind for item in report.items)
    compared = list_words(_count(counts[kind], kind) for kind in ItemKind if counts[kind])
    if report.open_items:
        return f"Not equal: {len(report.open_items)} of {len(report.items)} comparisons ({compared})."
    accepted = [item for item in report.items if item.accepted]
    seeded = any(item.verdict == Verdict.SEEDED for item in report.items)
    end = f", {len(accepted)} with an accepted difference" if accepted else ""
    return f"Equal{' when seeded' if seeded else ''}: {compared}{end}."


def _count(number: int, kind: ItemKind) -> str:
    return f"{number} {kind if number == 1 else PLURALS[kind]}"


def write_json(report: Report) -> str:
    """The report as a JSON document, without images."""
    document = asdict(report)
    for item, told in zip(report.items, document["items"], strict=True):
        del told["images"]
        told["is_equal"] = item.is_equal
    document |= {"outcome": "equal" if report.is_settled else "not_equal", "summary": summarise(report)}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read_written(text: str) -> dict[str, str]:
    """Path -> SHA-256 of the files that the adoption wrote which a `report.json` is about; empty for another text."""
    try:
        files: Any = json.loads(text).get("files", {})
    except (ValueError, AttributeError):
        return {}
    return {str(path): str(digest) for path, digest in files.items()} if isinstance(files, dict) else {}


def write_lines(report: Report) -> list[str]:
    """The report for the terminal: a line for each comparison, and what to look at."""
    width = max((len(item.label) for item in report.items), default=0)
    lines = [f"  {part.stage:<{width}}  {_say_part(report, part)}" for part in report.parts]
    lines += [f"  {item.label:<{width}}  {_say(item)}" for item in report.items]
    lines += [f"  {'metric ' + one.name:<{width}}  {_say_twice(one)}" for one in report.without_leak]
    for item in report.open_items:
        lines += [f"    {item.label}: {text}" for text in item.differences[:3]]
    lines += [f"  {remark.text}{_where(report, remark.cells)}" for remark in report.remarks]
    if report.stale:
        cells = report.name_cells(one.cell for one in report.stale)
        lines.append(f"  The stored output of these cells is not what they give now: {cells}")
    return [*lines, summarise(report)]


def _say_part(report: Report, part: PartLine) -> str:
    if not part.cells:
        return "no cell: it hands the rows on as they are"
    cells = f"{'cells' if len(part.cells) > 1 else 'cell'} {report.name_cells(part.cells)}"
    return f"{cells}{f' ({part.border})' if part.border else ''}"


def _say_twice(line: TwiceLine) -> str:
    return f"{line.notebook} in the notebook, {line.corrected} without the leak"


def _say(item: Item) -> str:
    why = f" ({item.why})" if item.why else ""
    accepted = f", accepted: {item.accepted}" if item.accepted else ""
    return f"{item.verdict}{why}{accepted}"


def _where(report: Report, cells: tuple[CellRef, ...]) -> str:
    return f" ({'cells' if len(cells) > 1 else 'cell'} {report.name_cells(cells)})" if cells else ""
