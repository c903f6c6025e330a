"""A table without a target: how many groups its rows make, and the recipe that finds them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from adopt.data.profile import TableProfile
from adopt.notes import Note
from adopt.recipe.cluster_code import write_code
from adopt.recipe.corrections import Corrections
from adopt.recipe.draft import Draft, DraftColumn, Task
from adopt.recipe.kept import read_cells
from adopt.recipe.task import END_NOTE
from relay.handoff.wording import count

FEWEST_ROWS = 50
"""Rows below which groups say little."""

FEWEST_NUMBERS = 2
"""Numeric inputs below which there is nothing to draw."""

GROUPS = range(2, 9)
"""Numbers of groups that are tried."""

SAMPLE_ROWS = 5_000
"""Rows among which groups are counted: the silhouette compares all pairs of them."""

NO_GROUPS = 0.25
"""Silhouette below which there are no clear groups. Source: Kaufman and Rousseeuw (1990), chapter 2."""

OUTLIERS = 0.01
"""Share of the rows below which a group is rather one of outliers. The drafted function says the same."""

MOST_CELLS = 20_000_000
"""Numbers of a table whose rows are grouped as a whole: with their scaled copies they take about 1 GB."""

MODULE = re.compile(r"[a-z_][a-z0-9_]*")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """A recipe that groups rows, and the module beside it."""

    draft: Draft
    code: str


@dataclass(frozen=True)
class Groups:
    """The number of groups with the best silhouette."""

    number: int
    silhouette: float
    rows: int
    """Those that were looked at."""
    smallest: int = 0
    """Rows of the smallest group."""


def offer_clusters(draft: Draft, profile: TableProfile, corrections: Corrections) -> Clusters | None:
    """The draft with a function that groups its rows; None where it has a target, or its rows cannot be grouped.

    Args:
        draft: a whole one.
        profile: of its columns, in the same order.
        corrections: they may say what `[model]` is, or that it has no function.
    """
    numbers = [column for column in draft.columns if column.role == "input" and column.type in ("int", "float")]
    if not _can_group(draft, profile, numbers) or _is_decided(corrections):
        return None
    cells = _read_numbers(draft, profile, {column.name for column in numbers})
    groups = None if cells is None else count_groups(cells)
    if groups is None:
        return None
    task = draft.task
    model = {"kind": "python", "function": "train", **task.model}
    notes = tuple(note for note in task.notes if note != END_NOTE)
    said = {**task.key_notes, "model.function": tuple(_say(groups, [one.name for one in numbers]))}
    clustering = Task("clustering", None, task.preprocess, model, notes, said)
    code = write_code([one.name for one in numbers], groups.number, [one.name for one in draft.columns])
    return Clusters(replace(draft, task=clustering), code)


def count_groups(numbers: Floats) -> Groups | None:
    """The number of groups, of 2 to 8, with the best silhouette; None where the rows are too much alike.

    Args:
        numbers: of each row and column, NaN where it is missing (n, columns).
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score
    from sklearn.preprocessing import StandardScaler

    draw = np.random.default_rng(0)
    rows = numbers if len(numbers) <= SAMPLE_ROWS else numbers[draw.choice(len(numbers), SAMPLE_ROWS, replace=False)]
    scaled = StandardScaler().fit_transform(np.where(np.isnan(rows), np.nanmedian(rows, axis=0), rows))
    different = len(np.unique(scaled, axis=0))
    found = []
    for number in (one for one in GROUPS if one < different):
        labels = KMeans(number, n_init=5, random_state=0).fit_predict(scaled)
        smallest = int(np.bincount(labels).min())
        found.append(Groups(number, float(silhouette_score(scaled, labels)), len(scaled), smallest))
    return max(found, key=lambda one: one.silhouette, default=None)


def _can_group(draft: Draft, profile: TableProfile, numbers: Sequence[DraftColumn]) -> bool:
    """Whether a table has no target, and rows and numbers enough for groups."""
    is_open = draft.task.kind == "none" and draft.task.target is None
    fits = profile.rows >= FEWEST_ROWS and len(numbers) >= FEWEST_NUMBERS
    return is_open and fits and MODULE.fullmatch(draft.name.replace("-", "_")) is not None


def _is_decided(corrections: Corrections) -> bool:
    """Whether a person says what `[model]` is, or that it has no function."""
    return any(corrections.is_about(f"model.{key}") for key in ("kind", "function", "use", "estimator"))


def _read_numbers(draft: Draft, profile: TableProfile, names: set[str]) -> Floats | None:
    """The sample's numbers (n, columns); None where the table has too many, or a frame cannot hold a column."""
    if profile.rows * len(names) > MOST_CELLS:
        return None
    columns = []
    for column, found, cells in zip(draft.columns, profile.columns, profile.sample.columns, strict=True):
        if column.type == "int" and column.role != "ignore" and found.beyond_double:
            return None  # beside empty cells, pandas would round them: the function's frame is refused
        if column.name in names:
            values = read_cells(column, cells, draft.ingest)
            if values is None or values.null_count == len(values):
                return None
            columns.append(np.asarray(pc.cast(values, "float64").to_numpy(zero_copy_only=False), np.float64))
    numbers = np.column_stack(columns)
    return None if np.isinf(numbers).any() else numbers


def _say(groups: Groups, columns: Sequence[str]) -> Iterable[Note]:
    listed = ", ".join(columns[:5]) + (f" and {len(columns) - 5} more" if len(columns) > 5 else "")
    yield Note(f"of the file beside this one, which is yours to change: k-means by {listed}")
    clear = "" if groups.silhouette >= NO_GROUPS else f", which is below {NO_GROUPS}: there are no clear groups"
    if groups.smallest < OUTLIERS * groups.rows:
        clear += f", but one has {count(groups.smallest, 'row')}, which are rather outliers"
    yield Note(
        f"{groups.number} groups: of 2 to 8 groups they have the best silhouette among {count(groups.rows, 'row')}, "
        f"{groups.silhouette:.2f}{clear}"
    )
