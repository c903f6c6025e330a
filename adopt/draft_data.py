"""From what a person gives to a draft: look at the data once, then guess as often as a person corrects."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adopt.data.profile import ColumnProfile
from adopt.examine import Examined as Examined
from adopt.examine import examine as examine
from adopt.notes import Note
from adopt.recipe.contradicted import doubt_corrections
from adopt.recipe.corrections import TARGET, Corrections, require_columns, use_names
from adopt.recipe.draft import Draft, DraftColumn
from adopt.recipe.look_up import find_column_value, find_value
from adopt.recipe.names import choose_names
from adopt.recipe.proposals import ask_once
from adopt.recipe.roles import Decided, RoleGuess, guess_roles
from adopt.recipe.task import guess_task
from adopt.recipe.types import TypeGuess, guess_type, lift_keys
from adopt.recipe.warnings import find_warnings
from adopt.recipe.whole_line import say_whole_lines
from relay.handoff.column import APPLIES_TO
from relay.handoff.errors import UsageError
from relay.handoff.recipe_file import suggest_nearest

NUMBERED = re.compile(r"column_[0-9]+")
"""Names by place, of columns for which the source has none. Read by their order they can still have names."""

NO_TARGET = "none"
"""What a person gives as the target where the recipe has none."""


@dataclass(frozen=True)
class Wishes:
    """What a person decides instead of a guess."""

    name: str
    """Of the recipe."""
    target: str = ""
    """A column by its drafted name or the source's; `none`: the recipe has no target. Empty: it is guessed."""
    corrections: Corrections = field(default_factory=Corrections)

    def with_values(self, values: Mapping[str, Any]) -> "Wishes":
        """These and more corrections, of which a target is one."""
        target = str(values.get(TARGET, self.target))
        others = {key: value for key, value in values.items() if key != TARGET}
        return replace(self, target=target, corrections=self.corrections.with_values(others))


def draft_data(examined: Examined, wishes: Wishes) -> Draft:
    """A whole recipe with the evidence of each guess.

    Raises:
        UsageError: a correction names a column that is not there.
    """
    draft = _draft_once(examined, wishes)
    return say_whole_lines(draft, lambda key, value: _draft_once(examined, wishes.with_values({key: value})))


def _draft_once(examined: Examined, wishes: Wishes) -> Draft:
    layout, profile = examined.layout, examined.profile
    names = choose_names(layout.names)
    corrections = use_names(wishes.corrections, names, layout.names)
    wishes = replace(wishes, corrections=corrections)
    require_columns(corrections, names)
    types = [
        _guess_type(one, profile.columns, name, corrections) for one, name in zip(profile.columns, names, strict=True)
    ]
    guesses, types = types, ask_once(types, profile.columns)
    decided = _decide(wishes, names, layout.names)
    are_named = not all(map(NUMBERED.fullmatch, layout.names))
    roles = guess_roles(
        profile, types, names=names, decided=decided, has_names=are_named, shape=layout.shape, title=layout.title
    )
    task = guess_task(profile, types, roles, names=names)
    columns = tuple(
        _make_column(name, source, guess, role, corrections)
        for name, source, guess, role in zip(names, layout.names, types, roles.columns, strict=True)
    )
    lifted = lift_keys([TypeGuess(one.type, one.keys) for one in columns], profile.columns)
    said = {**layout.key_notes, **lifted.key_notes}
    draft = Draft(
        name=wishes.name,
        title=layout.title,
        description="",
        ingest={**layout.ingest, **lifted.ingest},
        columns=tuple(replace(one, keys=kept.keys) for one, kept in zip(columns, lifted.types, strict=True)),
        task=task,
        notes=layout.notes,
        key_notes={f"ingest.{key}": notes for key, notes in said.items()},
        warnings=find_warnings(profile, guesses, roles, task, names=names, has_names=are_named, totals=examined.totals),
    )
    corrected = correct(draft, corrections, has_names=layout.has_names)
    return doubt_corrections(corrected, [one.name for one in draft.columns], corrections, profile)


def _decide(wishes: Wishes, names: Sequence[str], sources: Sequence[str]) -> Decided:
    """What a person says about target and roles, by the places of the columns."""
    roles = {names.index(name): role for name in names if (role := wishes.corrections.of_column(name).get("role"))}
    target = find_column(wishes.target, names, sources)
    if target is not None:
        roles = {place: role for place, role in roles.items() if role != "target" and place != target}
    return Decided(target, wishes.target == NO_TARGET and target is None, roles)


def _make_column(name: str, source: str, guess: TypeGuess, role: RoleGuess, corrections: Corrections) -> DraftColumn:
    """A column with what its type and its role need; a type that a person says holds whatever the role."""
    kind = corrections.of_column(name).get("type", role.type)
    keys = {key: value for key, value in guess.keys.items() if kind == guess.type or _fits(key, kind)}
    if kind == role.type:
        keys |= role.keys
    notes = dict.fromkeys((*guess.notes, *role.notes))  # both say of a column without values that it has none
    return DraftColumn(name, source, kind, role.role, keys, tuple(notes))


def find_column(wished: str, names: Sequence[str], sources: Sequence[str]) -> int | None:
    """The place of a column that a person names, by the draft's name or by the source's; None where none is named.

    Raises:
        UsageError: there is no such column.
    """
    for known in (names, sources):
        if wished in known and wished:
            return list(known).index(wished)
    if wished in ("", NO_TARGET):
        return None
    raise UsageError(f"--target {wished}: the data has no such column{suggest_nearest(wished, (*names, *sources))}")


def correct(draft: Draft, corrections: Corrections, *, has_names: bool) -> Draft:
    """The draft with everything that a person decided; what was asked about it is asked no longer.

    Raises:
        UsageError: two columns would have one name.
    """
    columns = tuple(_correct_column(column, corrections, has_names=has_names) for column in draft.columns)
    _require_different_names(columns)
    renamed = {old.name: new.name for old, new in zip(draft.columns, columns, strict=True)}
    task = draft.task

    def settle(notes: Sequence[Note]) -> tuple[Note, ...]:
        return _settle(notes, corrections, lambda key: find_value(draft, key))

    return replace(
        draft,
        title=str(corrections.values.get("title", draft.title)),
        description=str(corrections.values.get("description", draft.description)),
        ingest=_correct_section(draft.ingest, "ingest", corrections),
        columns=columns,
        task=replace(
            task,
            target=renamed.get(task.target or "", task.target),
            preprocess=_correct_section(task.preprocess, "preprocess", corrections),
            model=_correct_section(task.model, "model", corrections),
            notes=settle(task.notes),
            key_notes={key: settle(notes) for key, notes in task.key_notes.items()},
        ),
        notes=settle(draft.notes),
        key_notes={key: settle(notes) for key, notes in draft.key_notes.items()},
    )


def _guess_type(
    column: ColumnProfile, others: Sequence[ColumnProfile], name: str, corrections: Corrections
) -> TypeGuess:
    """The guess in the type that a person says, with the keys that this type can have."""
    said = corrections.of_column(name)
    missing = said.get("missing", corrections.of("ingest").get("missing"))
    guess = guess_type(column, others, name=name, missing=missing if isinstance(missing, list) else None)
    kind = said.get("type", guess.type)
    if kind == guess.type:
        return guess
    return TypeGuess(kind, {key: value for key, value in guess.keys.items() if _fits(key, kind)})


def _fits(key: str, kind: str) -> bool:
    """Whether a key means the same in a column of another type."""
    if key in ("allowed", "min", "max", "epoch"):
        return False
    return key not in APPLIES_TO or kind in APPLIES_TO[key]


def _correct_column(column: DraftColumn, corrections: Corrections, *, has_names: bool) -> DraftColumn:
    said = corrections.of_column(column.name)
    removed = corrections.without(f"columns.{column.name}")
    name = str(said.get("name", column.name))
    others = {key: value for key, value in said.items() if key not in ("name", "type", "role")}
    keys = {key: value for key, value in {**column.keys, **others}.items() if key not in removed}
    return replace(
        column,
        name=name,
        # Without names in the source, columns are known by their order.
        source=column.source if has_names else name,
        role=said.get("role", column.role),
        keys=keys,
        notes=_settle(column.notes, corrections, lambda key: find_column_value(column, key.rpartition(".")[2])),
    )


def _require_different_names(columns: Sequence[DraftColumn]) -> None:
    seen: dict[str, DraftColumn] = {}
    for column in columns:
        for name in {column.name, column.source}:
            if name in seen and seen[name] is not column:
                raise UsageError(f'two columns would be called "{name}"; choose another name with --set columns.…')
            seen[name] = column


def _correct_section(section: Mapping[str, Any], name: str, corrections: Corrections) -> dict[str, Any]:
    """The keys of a section with those that a person said, also inside of its tables."""
    found = dict(section)
    for key, value in corrections.of(name).items():
        *tables, last = key.split(".")
        inner = found
        for table in tables:
            below = inner.get(table)
            inner[table] = dict(below) if isinstance(below, Mapping) else {}
            inner = inner[table]
        inner[last] = value
    return {key: value for key, value in found.items() if key not in corrections.without(name)}


def _settle(notes: Sequence[Note], corrections: Corrections, guess_of: Callable[[str], Any]) -> tuple[Note, ...]:
    """The notes without those whose key a person gave another value; a guess that was confirmed is no question."""
    settled = []
    for note in notes:
        if not (note.key and corrections.is_about(note.key)):
            settled.append(note)
        elif corrections.values.get(note.key) == guess_of(note.key):  # None: that the key is not there
            settled.append(replace(note, is_question=False))
    return tuple(settled)
