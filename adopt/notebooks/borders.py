"""Where notebooks say themselves that a stage begins: by files, `--split`, tags, comments or headings."""

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from adopt.notebooks.plan import BorderSource
from adopt.notebooks.records import Notebook, Stage, Statement
from relay.handoff.errors import UsageError

WORDS = (
    (
        Stage.INGEST,
        r"ingest|load|import\w* (?:the )?data|read\w* (?:the |in )?data|get\w* (?:the )?data|acqui|download",
    ),
    (Stage.PREPROCESS, r"pre-?process|clean|prepar|wrangl|feature|transform|tidy"),
    (Stage.MODEL, r"model|train|cluster|fit|regress|classif|predict|evaluat"),
)
"""What people call the stages in headings and names of files."""
DRAWING = (*WORDS, (Stage.MODEL, r"plot|visuali"))
"""The same for notebooks that draw and fit nothing."""
TAGS = {"ingest": Stage.INGEST, "preprocess": Stage.PREPROCESS, "model": Stage.MODEL, "train": Stage.MODEL}
COMMENT = re.compile(r"#+\s*(?:stage:?\s*|part:?\s*)?(ingest|preprocess|model|train)\b[\s:.-]*$", re.IGNORECASE)
RANGE = re.compile(r"(?P<start>\d+)(?:\.(?P<part>\d+))?(?:-(?P<end>\d+)?(?:\.\d+)?)?")


@dataclass(frozen=True)
class Marks:
    """Where the stages begin; None where nothing says it."""

    source: BorderSource
    preprocess: int | None = None
    """Index of the first statement of preprocess."""
    model: int | None = None


def find_marks(
    notebooks: Sequence[Notebook], statements: Sequence[Statement], *, first_read: int = -1, split: str = ""
) -> Marks:
    """Where the notebooks, or the person who gave them, say that the stages begin.

    Args:
        notebooks: As they were read.
        statements: All of them.
        first_read: The first statement that brings data: headings above it, such as the title, begin no later stage.
        split: The value of `--split`, such as `1-3,4-9,10-`; empty where it was not given.

    Raises:
        UsageError: `--split` names no borders of this notebook.
    """
    if split:
        return _find_given(notebooks, statements, split)
    if len(notebooks) > 1:
        return _find_by_files(notebooks, statements)
    finders: tuple[tuple[BorderSource, Callable[[Statement], Iterable[Stage]]], ...] = (
        (BorderSource.TAGS, lambda one: [TAGS[tag] for tag in one.tags if tag in TAGS]),
        (BorderSource.COMMENTS, _find_commented(notebooks[0])),
        (BorderSource.HEADINGS, lambda one: _find_headed(one.markdown, WORDS)),
        (BorderSource.HEADINGS, lambda one: _find_headed(one.markdown, DRAWING)),
    )
    for source, find in finders:
        marks = _find_starts(source, statements[first_read + 1 :], find)
        if marks.model is not None:
            return marks
    return Marks(BorderSource.PROPOSED)


def _find_starts(
    source: BorderSource, statements: Sequence[Statement], find: Callable[[Statement], Iterable[Stage]]
) -> Marks:
    """The first statement of each stage; a mark of an earlier stage behind a later one counts for nothing."""
    order = list(Stage)
    starts: dict[Stage, int] = {}
    for statement in statements:
        for stage in find(statement):
            if all(order.index(stage) > order.index(other) for other in starts):
                starts[stage] = statement.index
    return Marks(source, starts.get(Stage.PREPROCESS), starts.get(Stage.MODEL))


def _find_commented(notebook: Notebook) -> Callable[[Statement], Iterable[Stage]]:
    """A finder of comments such as `# ingest` on a cell's first line."""
    stages = {}
    for cell in notebook.cells:
        found = COMMENT.match(cell.source.lstrip().split("\n")[0])
        if found:
            stages[cell.number] = TAGS[found[1].lower()]

    def find(statement: Statement) -> Iterable[Stage]:
        at = statement.place
        return [stages[at.cell]] if at.position == 0 and at.cell in stages else []

    return find


def _find_headed(markdown: str, words: Iterable[tuple[Stage, str]]) -> list[Stage]:
    """The stages that headings name, one for each heading."""
    headings = [line.lstrip("# ").strip() for line in markdown.splitlines() if line.lstrip().startswith("#")]
    return [stage for heading in headings for stage in _find_words(heading, words)]


def _find_words(text: str, words: Iterable[tuple[Stage, str]]) -> list[Stage]:
    """The stage that a text names first: "Load training data" is about loading."""
    found = ((re.search(rf"\b(?:{pattern})", text, re.IGNORECASE), stage) for stage, pattern in words)
    places = [(match.start(), stage) for match, stage in found if match is not None]
    return [min(places)[1]] if places else []


def _find_by_files(notebooks: Sequence[Notebook], statements: Sequence[Statement]) -> Marks:
    """Three files are the three stages; otherwise their names decide, and the last one is the model."""
    first = {
        book: next((one.index for one in statements if one.place.book == book), len(statements))
        for book in range(len(notebooks))
    }
    if len(notebooks) == len(Stage):
        return Marks(BorderSource.FILES, first[1], first[2])
    named = [_find_words(re.sub(r"[\d._-]+", " ", notebook.path.stem), DRAWING) for notebook in notebooks]
    by_stage: dict[Stage, int] = {}
    for book, stages in enumerate(named):
        for stage in stages:
            by_stage.setdefault(stage, first[book])
    model = by_stage.get(Stage.MODEL, first[len(notebooks) - 1])
    preprocess = by_stage.get(Stage.PREPROCESS)
    return Marks(BorderSource.FILES, preprocess if preprocess is not None and preprocess < model else None, model)


def _find_given(notebooks: Sequence[Notebook], statements: Sequence[Statement], split: str) -> Marks:
    """The borders of `1-3,4-9,10-`, whose numbers are those of cells; `9.2` is the second statement of cell 9."""
    if len(notebooks) > 1:
        raise UsageError(f"--split {split} is for one notebook, and {len(notebooks)} were given. Leave it out.")
    ranges = [RANGE.fullmatch(part.strip()) for part in split.split(",")]
    if len(ranges) != len(Stage) or None in ranges:
        raise UsageError(f"--split {split}: expected three ranges of cells, such as 1-3,4-9,10-.")
    starts = []
    for before, found in pairwise(ranges):
        if before is None or found is None:
            continue
        place = (int(found["start"]), int(found["part"] or 1) - 1)
        if before["end"] and int(before["end"]) > place[0]:
            raise UsageError(f"--split {split}: {found[0]} begins before {before[0]} ends.")
        index = next((one.index for one in statements if (one.place.cell, one.place.position) >= place), None)
        if index is None:
            last = notebooks[0].cells[-1].number
            raise UsageError(
                f"--split {split}: no code from cell {found['start']} on; the last cell with code is {last}."
            )
        starts.append(index)
    if starts != sorted(set(starts)):
        raise UsageError(f"--split {split}: each range needs at least one statement, and they must be in order.")
    return Marks(BorderSource.GIVEN, *starts)


def find_literal(statement: Statement) -> str:
    """The name to which a statement assigns a literal (`k = 100`); empty where it does not."""
    node = statement.node
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        target, value = node.targets[0].id, node.value
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        target, value = node.target.id, node.value
    else:
        return ""
    try:
        ast.literal_eval(value)
    except ValueError:
        return ""
    return target
