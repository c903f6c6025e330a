"""What is learned, how rows are divided, and by which estimators: `[preprocess]` and `[model]` of a draft."""

from collections.abc import Sequence

from adopt.data.profile import TableProfile
from adopt.notes import Note
from adopt.recipe.documents import cut_documents
from adopt.recipe.draft import Task
from adopt.recipe.estimators import offer_estimators
from adopt.recipe.known import Known, look_at
from adopt.recipe.positive import find_positive
from adopt.recipe.roles import Roles
from adopt.recipe.target import Target
from adopt.recipe.types import TypeGuess
from relay.handoff.wording import count

END_NOTE = Note(
    "the recipe ends after preprocess: draft again with --target COLUMN, or add a [model] with a function "
    "of your own: example 3 in docs/own-code.md clusters the rows"
)
"""What to do where there is no target."""


def guess_task(
    profile: TableProfile,
    types: Sequence[TypeGuess],
    roles: Roles,
    *,
    names: Sequence[str] | None = None,
) -> Task:
    """What is learned, and what `[preprocess]` and `[model]` say.

    Args:
        profile: of the table.
        types: the guess of each column.
        roles: of the columns.
        names: the recipe's names; default: the source's.
    """
    columns = look_at(profile, types, names)
    if roles.documents is not None:
        return _map_documents(columns, roles)
    preprocess = {"kind": "table", **roles.division.keys}
    notes = {f"preprocess.{key}": said for key, said in roles.division.notes.items()}
    target = roles.target
    if target is None:
        return Task("none", None, preprocess, {}, (*roles.notes, END_NOTE), notes)
    goal = columns[target.index]
    if why := _explain_no_model(target, roles):
        return Task("none", goal.shown, preprocess, {}, (Note(why),), notes)
    return _learn(goal, target, Task("none", goal.shown, preprocess, {}, _say_task(goal, target, roles), notes))


def _map_documents(columns: Sequence[Known], roles: Roles) -> Task:
    """A map of documents by style."""
    assert roles.documents is not None  # noqa: S101 - asked for such roles only
    text = columns[roles.documents.text]
    label = None if roles.documents.label is None else columns[roles.documents.label]
    cut = cut_documents(text, label, has_time=bool(roles.with_role("time")))
    note = Note(f"the texts in {text.shown} are compared by their style{f' and by {label.shown}' if label else ''}")
    shown = None if label is None else label.shown
    said = (Note(cut.problem),) if cut.problem else ()
    return Task("authorship" if cut.model else "none", shown, cut.preprocess, cut.model, (note, *said), cut.notes)


def _say_task(goal: Known, target: Target, roles: Roles) -> tuple[Note, ...]:
    """What is learned from what; the evidence for the target stands beside its column."""
    what = {"binary": "one of two classes", "classes": "one of several classes"}.get(target.kind, "a number")
    inputs = count(len(roles.with_role("input")), "input column")
    return (Note(f"{goal.shown}, {what}, is learned from {inputs}"),)


def _explain_no_model(target: Target, roles: Roles) -> str:
    """Why the recipe ends after preprocess; empty where it does not."""
    if target.kind == "none":
        return "nothing can be learned from this target, so the recipe ends after preprocess"
    if not roles.with_role("input"):
        return "no column is left to learn from, so the recipe ends after preprocess"
    if roles.division.problem:
        return f"the recipe ends after preprocess: {roles.division.problem}"
    return ""


def _learn(goal: Known, target: Target, task: Task) -> Task:
    """The task with its estimators."""
    counts = list(goal.counts.values())
    rarest = min(counts) / max(1, sum(counts)) if counts else 1.0
    offer = offer_estimators(target.kind, rows=goal.valued, rarest=rarest, classes=goal.distinct)
    model, notes = dict(offer.model), {**task.key_notes, **offer.notes}
    if target.kind == "binary" and (positive := find_positive(goal)) is not None:
        model = {"kind": model.pop("kind"), "positive": positive.value, **model}
        notes["model.positive"] = (positive.note,)
    kind = target.kind
    return Task(kind, task.target, task.preprocess, model, task.notes, notes)
