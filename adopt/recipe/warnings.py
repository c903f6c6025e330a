"""What a person should look at before a model learns from the data."""

from collections.abc import Iterator, Sequence

from adopt.data.profile import TableProfile
from adopt.notes import DataWarning, WarningKind
from adopt.recipe.draft import Task
from adopt.recipe.known import Known, look_at
from adopt.recipe.roles import Roles
from adopt.recipe.types import TypeGuess
from relay.handoff.wording import count


def find_warnings(
    profile: TableProfile,
    types: Sequence[TypeGuess],
    roles: Roles,
    task: Task,
    *,
    names: Sequence[str] | None = None,
) -> tuple[DataWarning, ...]:
    """All that is suspicious about a table, what may mislead most first.

    Args:
        profile: of the table.
        types: the guess of each column.
        roles: of the columns.
        task: what is learned.
        names: the recipe's names; default: the source's.
    """
    columns = look_at(profile, types, names)
    return tuple(_find(profile, columns, roles, task))


def _find(profile: TableProfile, columns: Sequence[Known], roles: Roles, task: Task) -> Iterator[DataWarning]:
    del task
    for leak in roles.leaks:
        text = f"{columns[leak.index].shown} may be a leak: {leak.text}."
        yield DataWarning(WarningKind.LEAK, text, (columns[leak.index].shown,))
    for column in columns:
        if column.is_constant:
            what = "has one value in all rows" if column.valued else "has no value"
            yield DataWarning(
                WarningKind.CONSTANT, f"{columns[column.index].shown} {what}.", (columns[column.index].shown,)
            )
    if profile.duplicate_rows:
        yield DataWarning(
            WarningKind.DUPLICATE_ROWS, f"{count(profile.duplicate_rows, 'row')} repeat an earlier row in every cell."
        )
