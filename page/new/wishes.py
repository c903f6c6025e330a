"""What a person changes in a draft, as options of `python -m adopt`.

Cells of the table that are not plain values are written as in a recipe: `min = 0, allowed = ["a", "b"]`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from page.new.answer import Draft, DraftColumn, Note
from relay.handoff.errors import UsageError
from relay.handoff.override import format_value

NAME, TYPE, ROLE, EMPTY, FORMAT, RULES = "Name", "Type", "Role", "Null", "Format", "Rules"
"""Columns of the table that can be edited."""

TYPES = ("int", "float", "bool", "category", "text", "time")
ROLES = ("input", "target", "id", "time", "label", "group", "weight", "ignore")

FORMAT_KEYS = (
    "time_format",
    "epoch",
    "decimal",
    "thousands",
    "prefix",
    "suffix",
    "missing",
    "true_words",
    "false_words",
)
RULE_KEYS = ("min", "max", "allowed")

TARGET, NO_TARGET = "target", "none"

LONGEST_NAME = 60
LONGEST_TEXT = 5_000
"""Characters of a cell: a list of allowed values may be long."""

Cells = Mapping[str, Any]
"""Column of the table -> edited value, of one row."""


class CellError(UsageError):
    """A cell of the table says what no recipe can."""

    kind = "cell"


@dataclass(frozen=True)
class Wishes:
    """All that a person changed so far."""

    name: str = ""
    """Of the recipe; empty: as drafted."""
    title: str = ""
    target: str = ""
    """A column, by its first name, or `none`; empty: as guessed."""
    use: str = ""
    """Of the estimators on offer."""
    cells: Mapping[int, Cells] = field(default_factory=dict)
    """Number of the column -> edited cells."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Key of a question -> the choice, as TOML writes it."""


def list_options(first: Draft, wishes: Wishes) -> tuple[str, ...]:
    """The options by which `adopt` drafts what the person wants.

    Args:
        first: the draft before any change: `adopt` knows columns by its names.
        wishes: the changes.

    Raises:
        CellError: a cell says what no recipe can.
    """
    options = [f"--name={wishes.name}"] if wishes.name else []
    options += [f"--set=title={format_value(wishes.title)}"] if wishes.title else []
    options += [f"--target={wishes.target}"] if wishes.target else []
    options += [f"--set=model.use={format_value(wishes.use)}"] if wishes.use else []
    role = f"columns.{wishes.target}.role"  # the target is chosen above the questions
    options += [f"--set={key}={choice}" for key, choice in wishes.answers.items() if key != role]
    for number, cells in sorted(wishes.cells.items()):
        if 0 <= number < len(first.columns):
            options += _list_column_options(first.columns[number], cells, wishes.target)
    return tuple(options)


def _list_column_options(column: DraftColumn, cells: Cells, target: str) -> list[str]:
    where = f"columns.{column.name}"
    options = []
    if (name := cells.get(NAME)) is not None:
        options.append(f"--set={where}.name={format_value(_check_name(column, str(name).strip()))}")
    if (kind := cells.get(TYPE)) is not None:
        options.append(f"--set={where}.type={format_value(_choose(column, TYPE, kind, TYPES))}")
    role = cells.get(ROLE)
    if role is not None and role != TARGET and column.name != target:  # the target is chosen above the table
        options.append(f"--set={where}.role={format_value(_choose(column, ROLE, role, ROLES))}")
    if (is_null := cells.get(EMPTY)) is not None:
        options.append(f"--set={where}.null=true" if is_null else f"--unset={where}.null")
    for title, known in ((FORMAT, FORMAT_KEYS), (RULES, RULE_KEYS)):
        if title in cells:
            said = read_keys(column, title, cells[title] or "", known)
            options += [f"--set={where}.{key}={format_value(value)}" for key, value in said.items()]
            options += [f"--unset={where}.{key}" for key in known if key not in said]
    return options


def read_keys(column: DraftColumn, title: str, text: str, known: Sequence[str]) -> dict[str, Any]:
    """The keys in a cell such as `min = 0, max = 1`.

    Raises:
        CellError: it is not TOML, or has other keys.
    """
    example = 'time_format = "%d/%m/%Y"' if title == FORMAT else 'min = 0, allowed = ["a", "b"]'
    shown = text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
    try:
        # One line: what follows a line's end would stand outside the cell.
        found: dict[str, Any] = tomllib.loads(f"x = {{ {' '.join(text[:LONGEST_TEXT].splitlines())} }}")["x"]
    except (ValueError, RecursionError):
        raise CellError(
            f"{column.name}, {title}: found {shown!r}, expected keys as in a recipe, such as {example}"
        ) from None
    for key in found:
        if key not in known:
            raise CellError(f"{column.name}, {title}: unknown key {key!r}; known: {', '.join(known)}")
    return found


def write_keys(column: DraftColumn, known: Sequence[str]) -> str:
    """The keys of a column as they stand in a cell."""
    return ", ".join(f"{key} = {format_value(column.keys[key])}" for key in known if key in column.keys)


def _check_name(column: DraftColumn, name: str) -> str:
    if not name.isidentifier() or len(name) > LONGEST_NAME:
        raise CellError(
            f"{column.name}, {NAME}: found {name[:LONGEST_NAME]!r}, expected at most {LONGEST_NAME} letters, digits "
            "and _, with no digit first"
        )
    return name


def _choose(column: DraftColumn, title: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise CellError(f"{column.name}, {title}: found {value!r}, expected one of {', '.join(known)}")
    return str(value)


@dataclass(frozen=True)
class Question:
    """An uncertain guess that a person can decide."""

    key: str
    """As `adopt` takes it: columns are called by their first names."""
    text: str
    choices: tuple[str, ...]
    guess: str
    """What the draft says."""


def find_questions(first: Draft, draft: Draft) -> dict[str, Question]:
    """Key -> question of a draft, with columns by the names of the first one; what concerns one key is one question."""
    names = {now.name: before.name for before, now in zip(first.columns, draft.columns, strict=True)}
    found: dict[str, Question] = {}
    for note in list_questions(draft):
        key = _rename(note.key, names)
        before = found.get(key)
        text = f"{before.text}; {note.text}" if before else note.text
        choices = tuple(dict.fromkeys((*(before.choices if before else ()), *note.choices)))
        found[key] = Question(key, text, choices, find_value(draft, note.key))
    return found


def _rename(key: str, names: Mapping[str, str]) -> str:
    section, _, rest = key.partition(".")
    name, _, last = rest.rpartition(".")
    return f"columns.{names.get(name, name)}.{last}" if section == "columns" and name else key


def find_value(draft: Draft, key: str) -> str:
    """What a draft says for a key such as `columns.zip.type`; empty where it says nothing."""
    section, *names = key.split(".")
    if section == "columns" and len(names) >= 2:
        *parts, last = names
        column = next((one for one in draft.columns if one.name == ".".join(parts)), None)
        value = None if column is None else {"type": column.type, "role": column.role, **column.keys}.get(last)
    else:
        value = {"ingest": draft.ingest, "model": draft.model}.get(section, {}).get(".".join(names))
    return "" if value is None else value if isinstance(value, str) else format_value(value)


def list_questions(draft: Draft) -> list[Note]:
    """The uncertain guesses that a person can decide by a choice."""
    of_columns = (note for column in draft.columns for note in column.notes)
    return [note for note in (*draft.notes, *of_columns) if note.is_question and note.key and note.choices]
