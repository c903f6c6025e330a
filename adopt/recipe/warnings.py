"""What a person should look at before a model learns from the data."""

from collections.abc import Iterator, Sequence

from adopt.data.profile import TableProfile
from adopt.data.totals import Totals
from adopt.notes import DataWarning, WarningKind
from adopt.recipe.copies import find_copies
from adopt.recipe.draft import Task
from adopt.recipe.known import Known, look_at
from adopt.recipe.personal import find_personal
from adopt.recipe.roles import Roles
from adopt.recipe.suspicious import find_suspicious
from adopt.recipe.types import TypeGuess
from adopt.recipe.words import STRONG_ID, is_id_name
from relay.handoff.wording import count

UNEVEN = 0.1
"""Share of the rows up to which a class is rare."""

SHOWN = 40
"""Characters of an example."""


def find_warnings(
    profile: TableProfile,
    types: Sequence[TypeGuess],
    roles: Roles,
    task: Task,
    *,
    names: Sequence[str] | None = None,
    has_names: bool = True,
    totals: Totals | None = None,
) -> tuple[DataWarning, ...]:
    """All that is suspicious about a table, what may mislead most first.

    Args:
        profile: of the table.
        types: the guess of each column.
        roles: of the columns.
        task: what is learned.
        names: the recipe's names; default: the source's.
        has_names: whether the source names its columns.
        totals: rows that sum up others.
    """
    columns = look_at(profile, types, names)
    inputs = [*roles.with_role("input"), *roles.with_role("target")]
    return (
        *_warn_of_leaks(columns, roles),
        *_warn_of_totals(totals or Totals()),
        *_warn_of_personal_data(columns, roles, has_names=has_names),
        *_warn_of_imbalance(columns, roles, task),
        *find_suspicious(columns, inputs),
        *_warn_of_ids(columns, roles, has_names=has_names),
        *_warn_of_constants(columns),
        *_warn_of_copies(columns, roles),
        *_warn_of_duplicates(profile),
    )


def _warn_of_leaks(columns: Sequence[Known], roles: Roles) -> Iterator[DataWarning]:
    for leak in roles.leaks:
        name = columns[leak.index].shown
        what = (
            f'It is left out; give it role = "input" if it is known before {columns[roles.target.index].shown}.'
            if leak.is_certain and roles.target is not None
            else 'Give it role = "ignore" if it would not be known when the model is asked.'
        )
        yield DataWarning(WarningKind.LEAK, f"{name} may be a leak: {leak.text}. {what}", (name,))


def _warn_of_totals(totals: Totals) -> Iterator[DataWarning]:
    for note in totals.notes:
        text = f"{note.text[:1].upper()}{note.text[1:]}. It is left out by skip_if in [ingest]."
        yield DataWarning(WarningKind.TOTAL_ROW, text, totals.columns)
    for text in totals.suspects:
        yield DataWarning(WarningKind.TOTAL_ROW, text)


def _warn_of_personal_data(columns: Sequence[Known], roles: Roles, *, has_names: bool) -> Iterator[DataWarning]:
    for found in find_personal(columns, has_names=has_names):
        name, role = columns[found.index].shown, roles.columns[found.index].role
        where = "by its cells" if found.by_cells else "by its name"
        kept = "It stays in the dataset that ingest writes" + ("" if role == "ignore" else f', with role = "{role}"')
        yield DataWarning(
            WarningKind.PERSONAL_DATA,
            f"{name} holds {found.what}, {where}. {kept}: remove it from the source if it is not needed.",
            (name,),
        )


def _warn_of_imbalance(columns: Sequence[Known], roles: Roles, task: Task) -> Iterator[DataWarning]:
    if roles.target is None or task.kind not in ("binary", "classes"):
        return
    goal = columns[roles.target.index]
    total = sum(goal.counts.values())
    rare = [(value, rows) for value, rows in goal.counts.items() if rows <= UNEVEN * total]
    if not rare or (task.kind == "classes" and len(rare) * 2 > len(goal.counts)):
        return
    value, rows = rare[-1]
    shown = str(value).lower() if isinstance(value, bool) else value
    figures = "precision, recall and pr_auc" if task.kind == "binary" else "balanced_accuracy and macro_f1"
    yield DataWarning(
        WarningKind.IMBALANCE,
        f"{goal.shown} is {shown} in {count(rows, 'row')} of {total:,} ({100 * rows / total:.2g}%): accuracy says "
        f"little there. Look at {figures}, and collect more of them if you can.",
        (goal.shown,),
    )


def _warn_of_ids(columns: Sequence[Known], roles: Roles, *, has_names: bool) -> Iterator[DataWarning]:
    for place in roles.with_role("input"):
        column = columns[place]
        if has_names and column.type not in ("float", "bool", "time") and is_id_name(column.name, STRONG_ID):
            yield DataWarning(
                WarningKind.ID_AMONG_INPUTS,
                f"{column.shown} is an input and named as an identifier ({column.distinct:,} different values). A "
                'model can learn single ones by heart; give it role = "ignore" if new ones will come.',
                (column.shown,),
            )


def _warn_of_constants(columns: Sequence[Known]) -> Iterator[DataWarning]:
    for column in columns:
        if column.is_constant and column.profile.rows:
            value = f"has one value, {_shorten(column)}, in all {column.profile.rows:,} rows" if column.valued else (
                f"has no value in any of {column.profile.rows:,} rows")  # fmt: skip
            yield DataWarning(
                WarningKind.CONSTANT, f"{column.shown} {value}: nothing can be learned from it.", (column.shown,)
            )


def _shorten(column: Known) -> str:
    cell = next(iter(column.profile.most_frequent), ("", 0))[0]
    return cell if len(cell) <= SHOWN else f"{cell[:SHOWN]}…"


def _warn_of_copies(columns: Sequence[Known], roles: Roles) -> Iterator[DataWarning]:
    known = {leak.index for leak in roles.leaks} | {roles.target.index if roles.target else -1}
    for copy in find_copies([column for column in columns if column.index not in known]):
        mine, other = columns[copy.index].shown, columns[copy.other].shown
        how = copy.how.replace("…", other) if "…" in copy.how else f"{copy.how} {other}"
        left_out = f"{mine} is left out." if roles.columns[copy.index].role == "ignore" else "One of them is enough."
        rows = f"all {columns[copy.index].profile.rows:,} rows"
        if len(columns[copy.index].cells) < columns[copy.index].profile.rows:
            rows = f"the {len(columns[copy.index].cells):,} rows looked at"
        yield DataWarning(WarningKind.COPY, f"{mine} {how} in {rows}. {left_out}", (other, mine))


def _warn_of_duplicates(profile: TableProfile) -> Iterator[DataWarning]:
    if not profile.duplicate_rows:
        return
    looked_at = "" if profile.is_duplicate_exact else f" of the {profile.sample.num_rows:,} looked at"
    yield DataWarning(
        WarningKind.DUPLICATE_ROWS,
        f"{count(profile.duplicate_rows, 'row')}{looked_at} repeat an earlier row in every cell. If that is a mistake, "
        "remove them from the source; a split keeps equal rows on one side unless an id tells them apart.",
    )
