"""What is learned, how rows are divided, and by which estimators: `[preprocess]` and `[model]` of a draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from adopt.data.layout import Shape
from adopt.data.profile import TableProfile
from adopt.notes import Note
from adopt.recipe.draft import Task
from adopt.recipe.estimators import offer_estimators
from adopt.recipe.known import Known, look_at
from adopt.recipe.positive import find_positive
from adopt.recipe.roles import Roles
from adopt.recipe.target import Target
from adopt.recipe.types import TypeGuess

FEWEST_INPUTS = 1


def guess_task(
    profile: TableProfile,
    types: Sequence[TypeGuess],
    roles: Roles,
    *,
    names: Sequence[str] | None = None,
    shape: Shape = Shape.TABLE,
) -> Task:
    """What is learned, and what `[preprocess]` and `[model]` say.

    Args:
        profile: of the table.
        types: the guess of each column.
        roles: of the columns.
        names: the recipe's names; default: the source's.
        shape: what the rows are.
    """
    del shape
    columns = look_at(profile, types, names)
    preprocess, notes = _divide(columns, roles)
    if roles.target is None or roles.target.kind == "none" or not roles.with_role("input"):
        return Task("none", None, preprocess, {}, (*roles.notes, *_say_how_to_go_on(roles)), notes)
    return _learn(columns[roles.target.index], roles.target, roles, preprocess, notes)


def _learn(
    goal: Known,
    target: Target,
    roles: Roles,
    preprocess: Mapping[str, Any],
    notes: Mapping[str, tuple[Note, ...]],
) -> Task:
    counts = list(goal.counts.values())
    rarest = min(counts) / max(1, sum(counts)) if counts else 1.0
    offer = offer_estimators(target.kind, rows=goal.valued, rarest=rarest, classes=goal.distinct)
    model, said = dict(offer.model), dict(offer.notes)
    if target.kind == "binary" and (positive := find_positive(goal)) is not None:
        model = {"kind": model.pop("kind"), "positive": positive.value, **model}
        said["model.positive"] = (positive.note,)
    return Task(target.kind, goal.shown, preprocess, model, roles.notes, {**notes, **said})  # type: ignore[arg-type]


def _divide(columns: Sequence[Known], roles: Roles) -> tuple[dict[str, Any], dict[str, tuple[Note, ...]]]:
    """`[preprocess]`: which rows test, and why these."""
    keys: dict[str, Any] = {"kind": "table"}
    if groups := roles.with_role("group"):
        note = Note(f"rows of one {columns[groups[0]].shown} are on one side")
        return {**keys, "split": "group"}, {"preprocess.split": (note,)}
    if (times := roles.with_role("time")) and roles.target is not None:
        note = Note(f"the rows with the latest {columns[times[0]].shown} test, as later rows will", choices=("hash",))
        return {**keys, "split": "time"}, {"preprocess.split": (note,)}
    return {**keys, "split": "hash"}, {"preprocess.split": (Note("each row is drawn by itself, by a seeded hash"),)}


def _say_how_to_go_on(roles: Roles) -> tuple[Note, ...]:
    if roles.target is not None and not roles.with_role("input"):
        return (Note("no column is left to learn from, so the recipe ends after preprocess"),)
    return (
        Note(
            "the recipe ends after preprocess: name a target with --target and draft again, or add a [model] with a "
            "function of your own, such as a clustering (docs/own-code.md)"
        ),
    )
