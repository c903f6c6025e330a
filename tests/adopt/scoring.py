"""How a draft compares with what the data mean: columns right, wrong and said, wrong in silence."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cases.case import AnyOf, Case, Col

from adopt.notes import Note
from adopt.recipe.draft import Draft, DraftColumn
from relay.handoff.column import CELL_KEYS
from relay.reading.spellings import MISSING_WORDS

DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "format": (None,),
    "delimiter": (None, ","),
    "quote": (None, '"'),
    "escape": (None,),
    "encoding": (None, "utf-8", "UTF-8", "utf-8-sig"),
    "skip_rows": (None, 0),
    "header": (None, True, 1),
    "comment": (None,),
    "skip_if": (None, [], ()),
    "member": (None,),
    "sheet": (None,),
    "records": (None, ""),
    "table": (None,),
    "query": (None,),
    "widths": (None,),
    "positions": (None,),
}
"""Key of `[ingest]` -> the values that mean the same as its absence."""

FORMATS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl", ".parquet": "parquet", ".xlsx": "excel"}
TEXT_FREE_TASKS = ("binary", "classes", "regression", "clustering")


class Outcome(StrEnum):
    """What became of a guess."""

    RIGHT = "right"
    MARKED = "wrong, marked"
    SILENT = "wrong in silence"


@dataclass(frozen=True)
class Verdict:
    """A guess and why it is not right."""

    outcome: Outcome
    reasons: tuple[str, ...] = ()
    is_marked: bool = False


@dataclass(frozen=True)
class Score:
    """One draft beside its case."""

    case: Case
    columns: Mapping[str, Verdict]
    target: Verdict
    ingest: tuple[str, ...]
    """What is wrong in `[ingest]`."""
    warnings: tuple[str, ...]
    """What should have been warned of."""

    @property
    def silent(self) -> list[str]:
        """What is wrong without a question."""
        parts = {f"column {name!r}": verdict for name, verdict in self.columns.items()} | {"target": self.target}
        return [
            f"{name}: {'; '.join(verdict.reasons)}"
            for name, verdict in parts.items()
            if verdict.outcome is Outcome.SILENT
        ]

    @property
    def marked(self) -> list[str]:
        """The columns with `# check:`."""
        return [name for name, verdict in self.columns.items() if verdict.is_marked]


def score(case: Case, draft: Draft) -> Score:
    """Compare a draft with what the data mean."""
    found = dict(_pair(case, draft))
    columns = {
        name: _judge_column(case.columns[name], found[name], draft)
        if name in found
        else Verdict(Outcome.SILENT, ("the draft has no such column",))
        for name in case.columns
    }
    known = {column.name for column in found.values()}
    for column in draft.columns:
        if column.name not in known and not ("@label" in case.columns and column.role in ("ignore", "time")):
            columns[f"+{column.source}"] = Verdict(Outcome.SILENT, ("the data have no such column",))
    names = {column.name: name for name, column in found.items()}
    return Score(
        case,
        columns,
        _judge_target(case, draft, names),
        tuple(_judge_ingest(case, draft)),
        tuple(_miss(case, draft, found)),
    )


def _pair(case: Case, draft: Draft) -> Iterator[tuple[str, DraftColumn]]:
    """The case's name of a column and the draft's column."""
    sources = {
        column.source.replace(".", "_") if "json" in _ending(case) else column.source: column
        for column in draft.columns
    }
    roles = {f"@{column.role}": column for column in draft.columns}
    for name in case.columns:
        column = roles.get(name) if name.startswith("@") else sources.get(name, sources.get(name.strip()))
        if column is not None:
            yield name, column


def _ending(case: Case) -> str:
    return case.kind.lower()


def _notes(column: DraftColumn, draft: Draft) -> list[Note]:
    own = [note for key, notes in draft.key_notes.items() if key.startswith(f"columns.{column.name}") for note in notes]
    return [*column.notes, *own]


def _judge_column(col: Col, column: DraftColumn, draft: Draft) -> Verdict:
    notes = _notes(column, draft)
    is_marked = any(note.is_question for note in notes)
    said = [note.text for note in notes]
    said += [warning.text for warning in draft.warnings if column.name in warning.columns]
    reasons = tuple(_find_wrong(col, column, draft, said, is_marked))
    if not reasons:
        return Verdict(Outcome.RIGHT, (), is_marked)
    asks_target = _asks_target(draft) and all("target" in reason for reason in reasons)
    is_said = (is_marked and not col.asks) or asks_target
    return Verdict(Outcome.MARKED if is_said else Outcome.SILENT, reasons, is_marked)


def _find_wrong(col: Col, column: DraftColumn, draft: Draft, said: list[str], is_marked: bool) -> Iterator[str]:
    if not fits(column.type, col.type):
        yield f"type {column.type}, expected {show(col.type)}"
    if not fits(column.role, col.role):
        yield f"role {column.role}, expected {show(col.role)}"
    if column.type == "text" and column.role == "input" and draft.task.kind in TEXT_FREE_TASKS:
        yield "a text as an input, which no estimator takes"
    is_class = column.name == draft.task.target and draft.task.kind in ("binary", "classes")
    if is_class and column.type == "int" and "allowed" not in column.keys:
        yield "whole numbers as classes without allowed, which a classifier refuses"
    if not fits(bool(column.keys.get("null", False)), col.null):
        yield f"null {column.keys.get('null', False)}, expected {show(col.null)}"
    if fits(column.type, col.type):
        yield from _find_wrong_keys(col, column, draft)
    if col.says and not any(word in text for text in said for word in col.says):
        yield f"nothing said of {' or '.join(col.says)}"
    if col.asks and not is_marked:
        yield "not asked"


def _find_wrong_keys(col: Col, column: DraftColumn, draft: Draft) -> Iterator[str]:
    keys = {key: column.keys.get(key, draft.ingest.get(key)) for key in CELL_KEYS}
    keys["epoch"] = column.keys.get("epoch")
    wanted = dict(col.keys)
    if column.type == "float":
        wanted = {"decimal": AnyOf((None, ".")), "thousands": AnyOf((None, "", ","))} | wanted
    if column.type == "time":
        wanted = {"epoch": None} | wanted
    for key, value in wanted.items():
        is_default = key == "decimal" and value == "." and keys[key] is None
        if not fits(keys[key], value) and not is_default:
            yield f"{key} {keys[key]!r}, expected {show(value)}"
    usual = () if column.type in ("text", "category") else MISSING_WORDS
    words = usual if keys["missing"] is None else tuple(keys["missing"])
    for word in col.missing:
        if not any(fits(one, word) for one in words):
            yield f"{show(word)} is not read as missing (missing = {keys['missing']})"
    yield from (f"{word!r} is read as missing" for word in col.kept if word in words)
    if column.type == "bool" and col.truth is not None:
        for key, word in zip(("true_words", "false_words"), col.truth, strict=True):
            if word.casefold() not in [one.casefold() for one in keys[key] or ()]:
                yield f"{word!r} is not among {key} {keys[key]!r}"


def _judge_target(case: Case, draft: Draft, names: Mapping[str, str]) -> Verdict:
    target = None if draft.task.target is None else names.get(draft.task.target, draft.task.target)
    reasons = []
    if not fits(target, case.target):
        reasons.append(f"target {target!r}, expected {show(case.target)}")
    if not fits(draft.task.kind, case.task):
        reasons.append(f"task {draft.task.kind}, expected {show(case.task)}")
    is_marked = _asks_target(draft)
    if not reasons:
        return Verdict(Outcome.RIGHT, (), is_marked)
    return Verdict(Outcome.MARKED if is_marked else Outcome.SILENT, tuple(reasons), is_marked)


def _asks_target(draft: Draft) -> bool:
    """Whether the draft asks about the target, of the task or beside the column."""
    notes = [*draft.task.notes, *(note for notes in draft.task.key_notes.values() for note in notes)]
    notes += [note for one in draft.columns if one.name == draft.task.target for note in one.notes]
    return any(note.is_question for note in notes)


def _judge_ingest(case: Case, draft: Draft) -> Iterator[str]:
    for key, defaults in DEFAULTS.items():
        found, wanted = draft.ingest.get(key), case.ingest.get(key, AnyOf(defaults))
        if key == "skip_if" and key in case.ingest:
            if not _covers(found, wanted):
                yield f"skip_if {found!r}, expected {wanted!r}"
        elif key == "format" and key not in case.ingest:
            if found not in (None, *FORMATS.values()):
                yield f"format {found!r}"
        elif not fits(found, wanted):
            yield f"{key} {found!r}, expected {show(wanted)}"


def _covers(rules: Any, wanted: Iterable[Mapping[str, str]]) -> bool:
    """Whether a rule of the draft leaves out each total."""
    found = [rules] if isinstance(rules, Mapping) else list(rules or ())
    return all(
        any(one["value"] in (rule.get("value") or rule.get("pattern") or "") for rule in found) for one in wanted
    )


def _miss(case: Case, draft: Draft, found: Mapping[str, DraftColumn]) -> Iterator[str]:
    """Warnings that are missing."""
    for kind, name in case.warnings:
        column = found[name].name if name in found else name
        if not any(one.kind == kind and (not column or column in one.columns) for one in draft.warnings):
            yield f"no warning {kind} about {name!r}"


def fits(value: Any, expected: Any) -> bool:
    """Whether a value is the expected one, or one of them."""
    return value in expected if isinstance(expected, AnyOf) else bool(value == expected)


def show(expected: Any) -> str:
    """An expected value for people."""
    if isinstance(expected, AnyOf):
        return " or ".join(map(repr, expected))
    return repr(expected)


def make_table_of_scores(scores: Iterable[Score]) -> str:
    """By kind of file: files, columns right, wrong and marked, wrong in silence, targets right, columns marked."""
    kinds: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        kinds[one.case.kind].append(one)
    lines = [
        "| kind of file | files | columns | right | wrong, marked | wrong in silence | targets right | `# check:` |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    lines += [_make_row(kind, ones) for kind, ones in sorted(kinds.items())]
    lines.append(_make_row("all", [one for ones in kinds.values() for one in ones]))
    return "\n".join(lines)


def _make_row(kind: str, scores: list[Score]) -> str:
    verdicts = [verdict for one in scores for verdict in one.columns.values()]
    counts = [sum(verdict.outcome is outcome for verdict in verdicts) for outcome in Outcome]
    targets = sum(one.target.outcome is Outcome.RIGHT for one in scores)
    marked = sum(verdict.is_marked for verdict in verdicts)
    share = f"{marked} ({marked / len(verdicts):.0%})"
    return (
        f"| {kind} | {len(scores)} | {len(verdicts)} | {counts[0]} | {counts[1]} | {counts[2]} | {targets} | {share} |"
    )
