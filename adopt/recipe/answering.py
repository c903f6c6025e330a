"""A draft as the document that programs get."""

from collections.abc import Iterable
from dataclasses import dataclass

from adopt.answer import AdoptAnswer, AnswerColumn, AnswerHistogram, AnswerNote, AnswerProfile, AnswerWarning
from adopt.data.layout import Layout
from adopt.data.profile import ColumnProfile, TableProfile
from adopt.notes import Note
from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.kept import count_kept
from adopt.recipe.nulls import leave_nulls_out
from adopt.recipe.spread import Spread, find_spread
from adopt.recipe.toml_text import list_notes
from relay.reading.cells import write_words

LONGEST_CELL = 500
"""Characters of a cell in the first rows: a table of texts would make megabytes of them."""


@dataclass(frozen=True)
class Outcome:
    """What became of the recipe file."""

    path: str
    toml: str
    next: str
    is_written: bool = False
    problem: str = ""
    taken: str = ""
    """What is there already, so that nothing can be written; empty: nothing is."""
    code: str = ""
    """Of the module beside the recipe; empty: it has none."""
    code_path: str = ""


def make_answer(draft: Draft, layout: Layout, profile: TableProfile, outcome: Outcome) -> AdoptAnswer:
    """The document of `--json`."""
    kept = count_kept(draft, profile.sample)
    columns = tuple(
        _make_column(
            column,
            leave_nulls_out(column, found, cells, draft.ingest),
            find_spread(column, found, cells, draft.ingest),
            rows_kept,
        )
        for column, found, cells, rows_kept in zip(
            draft.columns, profile.columns, profile.sample.columns, kept.by_column, strict=True
        )
    )
    about_columns = {id(note) for column in draft.columns for note in column.notes}
    return AdoptAnswer(
        name=draft.name,
        title=draft.title,
        description=draft.description,
        path=outcome.path,
        is_written=outcome.is_written,
        toml=outcome.toml,
        next=outcome.next,
        shape=layout.shape.value,
        task=draft.task.kind,
        target=draft.task.target,
        ingest=dict(draft.ingest),
        preprocess=dict(draft.task.preprocess),
        model=dict(draft.task.model),
        columns=columns,
        notes=_make_notes(note for note in list_notes(draft) if id(note) not in about_columns),
        warnings=tuple(AnswerWarning(one.kind.value, one.text, one.columns) for one in draft.warnings),
        rows=profile.rows,
        rows_checked=kept.checked,
        rows_kept=kept.rows,
        head=_make_head(profile),
        duplicate_rows=profile.duplicate_rows,
        problem=outcome.problem,
        is_name_taken=bool(outcome.taken),
    )


def _make_column(column: DraftColumn, found: ColumnProfile, spread: Spread, rows_kept: int) -> AnswerColumn:
    """A column of the document; its nulls are counted as empty in the profile."""
    bars = spread.histogram
    named = {"from": column.source} if column.source != column.name else {}
    return AnswerColumn(
        name=column.name,
        source=column.source,
        type=column.type,
        role=column.role,
        keys={**named, **column.keys},
        notes=_make_notes(column.notes),
        profile=AnswerProfile(
            rows=found.rows,
            nulls=found.empty,
            distinct=found.distinct,
            is_distinct_exact=found.is_distinct_exact,
            most_frequent=tuple((_cut(cell), count) for cell, count in found.most_frequent),
            quantiles=spread.quantiles,
            histogram=AnswerHistogram(bars.edges, bars.counts) if bars else None,
            longest=found.longest,
            first=spread.first,
            last=spread.last,
        ),
        rows_kept=rows_kept,
    )


def _make_notes(notes: Iterable[Note]) -> tuple[AnswerNote, ...]:
    return tuple(AnswerNote(note.text, note.is_question, note.choices, note.key) for note in notes)


def _make_head(profile: TableProfile) -> tuple[tuple[str | None, ...], ...]:
    columns = [write_words(column.combine_chunks()).to_pylist() for column in profile.head.columns]
    rows = zip(*columns, strict=True)
    return tuple(tuple(None if cell is None else _cut(str(cell)) for cell in row) for row in rows)


def _cut(cell: str) -> str:
    return cell if len(cell) <= LONGEST_CELL else f"{cell[: LONGEST_CELL - 1]}…"
