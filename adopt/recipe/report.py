"""What a person reads of a draft on a terminal of 80 columns: profile, questions, warnings, and what to do next."""

from collections.abc import Iterator, Sequence
from itertools import islice

from adopt.data.profile import ColumnProfile, TableProfile
from adopt.notes import Note
from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.kept import Kept
from adopt.recipe.nulls import leave_nulls_out
from adopt.recipe.spread import Spread, find_spread
from adopt.recipe.terminal import WIDTH, cut, draw_bars, measure, pad, show, show_number, show_numbers, show_share, wrap
from adopt.recipe.toml_text import find_questions
from relay.handoff.wording import count

NAME_WIDTH = 20
BAR_COUNT = 8
MOST_SHOWN = 60
"""Columns with a line of their own: of a table of thousands the recipe has the rest."""
MOST_LISTED = 20
"""Questions and warnings with a paragraph of their own."""
TASKS = {
    "binary": "one of two classes",
    "classes": "one of several classes",
    "regression": "a number",
    "authorship": "by the style of a text",
    "clustering": "groups of similar rows (no column looks like a target)",
    "none": "no model: no column looks like a target",
}
UNLEARNED = "no model: {} cannot be learned from what is left, see the recipe"


def write_report(draft: Draft, profile: TableProfile, where: str, *, kept: Kept | None = None) -> str:
    """The whole report.

    Args:
        draft: of the recipe.
        profile: of its columns, in the same order.
        where: what was read, as a person gave it.
        kept: the rows that a person's corrections keep; None: nothing was corrected.
    """
    head = f"{count(profile.rows, 'row')}, {count(len(draft.columns), 'column')} in {show(where)}"
    lines = [cut(head, WIDTH), "", *_write_columns(draft, profile)]
    if kept is not None:
        lines += ["", *wrap(_say_kept(kept))]
    questions = find_questions(draft)
    if questions:
        lines += ["", _count(len(questions), "guess is uncertain", "guesses are uncertain") + " (--ask asks):"]
        lines += _list_paragraphs([show(_name_place(draft, note)) for note in questions])
    if draft.warnings:
        lines += ["", _count(len(draft.warnings), "warning", "warnings") + ":"]
        lines += _list_paragraphs([show(warning.text) for warning in draft.warnings])
    lines += ["", *wrap(_describe_task(draft))]
    return "\n".join(lines)


def _say_kept(kept: Kept) -> str:
    """How many rows can be read as corrected, and keep the rules."""
    what = f"{kept.rows:,} of {count(kept.checked, 'row')}"
    share = f" ({show_share(kept.rows, kept.checked)})" if 0 < kept.rows < kept.checked else ""
    return f"With the corrections, {what}{share} can be read and keep all rules."


def _name_place(draft: Draft, note: Note) -> str:
    """A note behind the column that it is about."""
    name = next((column.name for column in draft.columns if any(one is note for one in column.notes)), "")
    is_named = not name or note.text.startswith((f"{name}:", f"{name} "))
    return note.text if is_named else f"{name}: {note.text}"


def _describe_task(draft: Draft) -> str:
    task = draft.task
    if task.target is None or not task.model:
        return f"Task: {TASKS[task.kind] if task.target is None else UNLEARNED.format(task.target)}."
    use = task.model.get("use")
    others = [name for name in task.model.get("estimators", {}) if name != use]
    by = f", by {use}" if use else ""
    rest = f" (also offered: {', '.join(others)})" if others else ""
    return f"Task: predict {task.target}, {TASKS[task.kind]}{by}{rest}."


def _write_columns(draft: Draft, profile: TableProfile) -> Iterator[str]:
    columns = draft.columns
    shown = list(islice(zip(columns, profile.columns, profile.sample.columns, strict=True), MOST_SHOWN))
    width = min(NAME_WIDTH, max([measure(column.name) for column, _, _ in shown] + [6]))
    yield _join(width, ("column", "type", "role", "nulls", "distinct"), ["values"])
    for column, found, cells in shown:
        spread = find_spread(column, found, cells, draft.ingest)
        found = leave_nulls_out(column, found, cells, draft.ingest)
        nulls = show_share(found.empty, found.rows)
        distinct = f"{'' if found.is_distinct_exact else '~'}{_show_count(found.distinct)}"
        yield _join(
            width, (column.name, column.type, column.role, nulls, distinct), _describe_values(column, found, spread)
        )
    if len(columns) > MOST_SHOWN:
        yield f"and {len(columns) - MOST_SHOWN:,} more columns: see the recipe"


def _join(width: int, cells: tuple[str, str, str, str, str], values: Sequence[str]) -> str:
    """One line: the cells, and the longest of the descriptions that fits beside them."""
    name, kind, role, nulls, distinct = cells
    left = f"{pad(name, width)} {pad(kind, 8)} {pad(role, 6)} {pad(nulls, 5, is_right=True)}"
    left = f"{left} {pad(distinct, 8, is_right=True)}  "
    room = WIDTH - measure(left)
    fitting = next((one for one in values if measure(one) <= room), cut(values[-1], room))
    return f"{left}{fitting}".rstrip()


def _describe_values(column: DraftColumn, found: ColumnProfile, spread: Spread) -> list[str]:
    """The distribution of numbers, the length of long texts, or the most frequent cells; the most telling first."""
    if spread.quantiles and found.distinct > 2:
        low, _, _, median, _, _, high = spread.quantiles
        bars = f" {draw_bars(spread.histogram.counts, BAR_COUNT)} " if spread.histogram is not None else " to "
        least, middle, most = show_numbers((low, median, high))
        short = show_number(median, 3)
        plain = f"{least}{bars}{most}"
        return [f"{plain}, median {middle if short in (least, most) else short}", plain]
    if spread.first:
        return [f"{spread.first} to {spread.last}"]
    if column.type == "text" and found.mean_words >= 3:
        return [f"{found.mean_words:,.0f} words on average"]
    cells = found.most_frequent
    if not cells:
        return ["no values" if not found.filled else ""]
    if cells[0][1] == 1:
        listed = [show(cell) for cell, _ in cells[:3]]
    else:
        listed = [f"{show(cell)} {show_share(count, found.rows)}" for cell, count in cells[:4]]
    return [", ".join(listed[:most]) for most in range(len(listed), 0, -1)]


def _show_count(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:.3g}M"


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _list_paragraphs(texts: Sequence[str]) -> Iterator[str]:
    for text in texts[:MOST_LISTED]:
        yield from wrap(text, "- ")
    if len(texts) > MOST_LISTED:
        yield f"- and {len(texts) - MOST_LISTED:,} more: see the recipe and --json"
