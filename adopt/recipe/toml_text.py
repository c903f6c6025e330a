"""A draft as a recipe file: TOML, with its evidence as comments."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from adopt.notes import Note
from adopt.recipe.draft import Draft, DraftColumn
from relay.handoff.override import format_value, quote_toml

BARE = re.compile(r"[A-Za-z0-9_-]+")
TABLES = ("estimators",)
"""Keys whose values are tables of tables, each under a head of its own."""
FIRST_KEYS = ("type", "role", "from", "null")
"""The order of a column's keys; the others follow as the draft has them."""


def write_toml(draft: Draft, origin: str) -> str:
    """The recipe file of a draft.

    Args:
        draft: what was found.
        origin: how it was made, for the first line: a command.
    """
    lines = [f"# Drafted by `{_plain(origin)}`.", "# Each comment says what was found in the data."]
    if find_questions(draft):
        lines.append('# Where one begins with "check:", the guess is uncertain: please look at it.')
    lines += _comment(draft.notes)
    lines.append(f"title = {quote_toml(draft.title)}")
    if draft.description:
        lines.append(f"description = {quote_toml(draft.description)}")
    if draft.seed is not None:
        lines.append(f"seed = {draft.seed}")
    lines += ["", *(_write_section(draft, "ingest", draft.ingest) if draft.ingest else ())]
    lines += ["", *_write_columns(draft.columns)]
    said = {note.text for column in draft.columns for note in column.notes}
    lines += ["", *_comment(note for note in draft.task.notes if note.text not in said)]
    if draft.task.preprocess:
        lines += _write_section(draft, "preprocess", draft.task.preprocess)
    if draft.task.model:
        lines += ["", *_write_section(draft, "model", draft.task.model)]
    return "\n".join(lines).rstrip() + "\n"


def find_questions(draft: Draft) -> tuple[Note, ...]:
    """The uncertain guesses of a draft, in the order of its file."""
    return tuple(note for note in list_notes(draft) if note.is_question)


def list_notes(draft: Draft) -> Iterator[Note]:
    """All evidence of a draft, in the order of its file."""
    yield from draft.notes
    yield from (note for _, notes in _list_key_notes(draft, "ingest") for note in notes)
    yield from (note for column in draft.columns for note in column.notes)
    said = {note.text for column in draft.columns for note in column.notes}
    yield from (note for note in draft.task.notes if note.text not in said)
    for section in ("preprocess", "model"):
        yield from (note for _, notes in _list_key_notes(draft, section) for note in notes)


def format_column(column: DraftColumn) -> str:
    """The line of a column in `[columns]`."""
    keys: dict[str, Any] = {"type": column.type, "role": column.role}
    if column.source != column.name:
        keys["from"] = column.source
    keys |= column.keys
    ordered = {key: keys[key] for key in FIRST_KEYS if key in keys} | keys
    return f"{format_key(column.name)} = {write_value(ordered)}"


def format_key(name: str) -> str:
    """A key of a table, in quotes where it needs them."""
    return name if BARE.fullmatch(name) else quote_toml(name)


def write_value(value: Any) -> str:
    """A value on one line, as a person would write it."""
    if isinstance(value, Mapping):
        pairs = (f"{format_key(str(key))} = {write_value(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(write_value, value))}]"
    if isinstance(value, str):
        return quote_toml(value)
    if isinstance(value, bool | int | float | date):
        return format_value(value)
    return quote_toml(str(value))


def _write_columns(columns: Iterable[DraftColumn]) -> Iterator[str]:
    yield "[columns]"
    for column in columns:
        yield from _comment(column.notes)
        yield format_column(column)


def _write_section(draft: Draft, name: str, section: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a section; tables of tables come last, since all keys below a head belong to it."""
    evidence = dict(_list_key_notes(draft, name))
    yield from _comment(evidence.pop(name, ()))
    unsaid = [notes for key, notes in evidence.items() if not _is_written(section, key.removeprefix(f"{name}."))]
    yield from _comment(note for notes in unsaid for note in notes)
    yield f"[{name}]"
    for key, value in section.items():
        if key not in TABLES:
            yield from _comment(evidence.get(f"{name}.{key}", ()))
            yield f"{format_key(key)} = {write_value(value)}"
    for key in TABLES:
        for item, table in section.get(key, {}).items():
            yield ""
            yield from _comment(evidence.get(f"{name}.{key}.{item}", ()))
            yield f"[{name}.{key}.{format_key(item)}]"
            for inner, value in table.items():
                yield from _comment(evidence.get(f"{name}.{key}.{item}.{inner}", ()))
                yield f"{format_key(inner)} = {write_value(value)}"


def _is_written(section: Mapping[str, Any], path: str) -> bool:
    """Whether a key of the section has a line of its own, or lies in a table that has one for it."""
    head, _, rest = path.partition(".")
    if head not in section or not rest:
        return head in section
    item, _, inner = rest.partition(".")
    return head in TABLES and item in section[head] and (not inner or inner in section[head][item])


def _list_key_notes(draft: Draft, section: str) -> Iterator[tuple[str, tuple[Note, ...]]]:
    """Dotted key of a section -> its evidence, from both places that hold some."""
    for key, notes in (*draft.key_notes.items(), *draft.task.key_notes.items()):
        if key == section or key.startswith(f"{section}."):
            yield key, notes


def _comment(notes: Iterable[Note]) -> Iterator[str]:
    """A line for each note."""
    for note in notes:
        yield f"# {'check: ' if note.is_question else ''}{_plain(note.text)}"


def _plain(text: str) -> str:
    """A text on one line, without characters that no comment may hold or that move a terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
