"""What a frame loses between two stages, and the lines that give it back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from adopt.notebooks.records import Stage

RELAY_UNIT = "us"
"""Of times in the frames that own code gets."""


@dataclass(frozen=True)
class FrameChange:
    """A frame at a border: how the earlier stage gives it, and how the later one restores it."""

    given: str
    """What follows the frame in the return statement, such as `.reset_index()`."""
    restored: tuple[str, ...]
    """Lines at the beginning of the later function."""
    remarks: tuple[str, ...]
    """What is lost all the same."""


def find_change(frame: pd.DataFrame, name: str, into: Stage, *, is_sorted_out: bool = False) -> FrameChange:
    """How a frame of the notebook crosses a border.

    Args:
        frame: as the notebook had it there.
        name: its name in the later function.
        into: the later stage.
        is_sorted_out: whether it enters as one side of a split, without the column `split`.
    """
    levels = [level for level in frame.index.names if level is not None]
    has_names = len(levels) == frame.index.nlevels
    is_plain = isinstance(frame.index, pd.RangeIndex) and frame.index.start == 0 and frame.index.step == 1
    lines = []
    if into == Stage.MODEL and not is_sorted_out:
        lines.append(f'{name} = {name}.drop(columns="split")')
    if has_names:
        lines.append(
            f"{name} = {name}.set_index({levels[0]!r})"
            if len(levels) == 1
            else f"{name} = {name}.set_index({levels!r})"
        )
    elif into == Stage.PREPROCESS:
        lines.append(f"{name} = {name}.reset_index(drop=True)")
    whole = frame.reset_index() if has_names else frame
    types = list(_restore_types(whole, name))
    at = next((number for number, line in enumerate(lines) if ".set_index(" in line), len(lines))
    lost = "" if is_plain or has_names else f"the index of {name} has no name and is dropped"
    if whole.columns.duplicated().any():
        lost = f"{name} has two columns of one name"
    given = ".reset_index()" if has_names else "" if is_plain else ".reset_index(drop=True)"
    return FrameChange(given, (*lines[:at], *types, *lines[at:]), (lost,) if lost else ())


def drop_foreign(own: pd.DataFrame, sides: Iterable[pd.DataFrame], name: str) -> Iterator[str]:
    """The line that drops the columns which only the other side of a split has; in the dataset both sides have them."""
    names = {str(column) for column in own.columns}
    foreign = dict.fromkeys(str(column) for side in sides for column in side.columns if str(column) not in names)
    if foreign:
        yield f"{name} = {name}.drop(columns={list(foreign)!r})"


def _restore_types(frame: pd.DataFrame, name: str) -> Iterator[str]:
    """Lines that give columns the types of the notebook, where a dataset keeps others."""
    casts = {}
    for column in frame.columns:
        series = frame[column]
        kind = str(series.dtype)
        if isinstance(series.dtype, pd.CategoricalDtype):
            plain = sorted(map(str, series.dtype.categories))
            if list(series.dtype.categories) == plain and not series.dtype.ordered:
                casts[column] = "category"
            else:
                levels = list(series.dtype.categories)
                ordered = ", ordered=True" if series.dtype.ordered else ""
                yield f"{name}[{column!r}] = pd.Categorical({name}[{column!r}], categories={levels!r}{ordered})"
        elif kind.startswith("datetime64["):
            yield from _restore_time(series, name, str(column))
        elif kind == "object" and any(value is None for value in series):
            yield f"{name}[{column!r}] = {name}[{column!r}].astype(object).where({name}[{column!r}].notna(), None)"
        elif kind not in ("int64", "float64", "bool", "str"):
            casts[column] = kind
    if casts:
        yield f"{name} = {name}.astype({casts!r})"


def _restore_time(series: "pd.Series[pd.Timestamp]", name: str, column: str) -> Iterator[str]:
    zone = getattr(series.dtype, "tz", None)
    unit = str(series.dtype).removeprefix("datetime64[").rstrip("]").partition(",")[0]
    steps = ""
    if zone is None:
        steps += ".dt.tz_localize(None)"
    elif str(zone) != "UTC":
        steps += f".dt.tz_convert({str(zone)!r})"
    if unit != RELAY_UNIT:
        steps += f".dt.as_unit({unit!r})"
    if steps:
        yield f"{name}[{column!r}] = {name}[{column!r}]{steps}"
