"""Columns whose cells say less to a model than they seem to: empty ones, and whole numbers that are rounded."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from model.training.estimator.rows import Split
from relay.handoff.column import Column
from relay.handoff.wording import count
from relay.results.findings import Finding, Topic

WORDS = ("category", "text")

MOST_SHOWN = 5
"""Words that a finding names."""

LARGEST_EXACT = 2**53
"""Whole numbers up to here are exact in double precision, in which models compute. Source: IEEE 754, binary64."""


def find_unusual(split: Split, columns: Mapping[str, Column]) -> Iterator[Finding]:
    """A finding for each input that is null in all training rows or holds whole numbers beyond 2^53."""
    for name in split.train.inputs.columns:
        if split.train.inputs[name].isna().all():
            yield _say_empty(name, split)
        elif columns[name].type == "int":
            cells = np.concatenate([part.inputs[name].to_numpy() for part in (split.train, split.test)])
            yield from _say_rounded(
                name, cells, f'If {name} is an identifier, give it role = "id" or type = "category".'
            )


def find_rounded_target(split: Split, target: str, column: Column) -> Iterator[Finding]:
    """A finding where the numbers to be learned are whole ones beyond 2^53."""
    if column.type == "int":
        cells = np.concatenate([split.train.target, split.test.target])
        yield from _say_rounded(target, cells, "The figures and predictions are rounded in the same way.")


def _say_empty(name: str, split: Split) -> Finding:
    known = int(split.test.inputs[name].notna().sum())
    unused = f" {count(known, 'test row')} had a value that it could not know." if known else ""
    return Finding(
        Topic.COLUMNS,
        f"{name} is null in all {count(len(split.train), 'training row')}, so the model learned nothing from it."
        f'{unused} Fill it at the source, or give it role = "ignore".',
        {"column": name, "train": len(split.train), "known_test": known},
    )


def find_lookalikes(split: Split, target: str, columns: Mapping[str, Column]) -> Iterator[Finding]:
    """A finding for each column of words, the target too, in which two training values differ in composition only."""
    words = {name: split.train.inputs[name] for name in split.train.inputs.columns if columns[name].type in WORDS}
    if columns[target].type in WORDS:
        words[target] = pd.Series(split.train.target)
    for name, cells in words.items():
        forms: dict[str, list[str]] = {}
        for value in sorted(cells.dropna().unique()):
            forms.setdefault(unicodedata.normalize("NFC", value), []).append(value)
        equal = [values for values in forms.values() if len(values) > 1]
        if equal:
            yield _say_lookalikes(name, equal, cells)


def _say_lookalikes(name: str, equal: list[list[str]], cells: "pd.Series[str]") -> Finding:
    counts = cells.value_counts()
    shown = [
        " and ".join(f"{value!a} ({count(int(counts[value]), 'row')})" for value in values)
        for values in equal[:MOST_SHOWN]
    ]
    more = f"; and {len(equal) - MOST_SHOWN:,} more" if len(equal) > MOST_SHOWN else ""
    return Finding(
        Topic.COLUMNS,
        f"{name} has values that look alike and count as different ones, because their letters are composed in "
        f"different ways (Unicode): {'; '.join(shown)}{more}. Write them in one form at the source, such as NFC.",
        {"column": name, "values": [[ascii(value) for value in values] for values in equal[:MOST_SHOWN]]},
    )


def _say_rounded(name: str, cells: npt.NDArray[Any], advice: str) -> Iterator[Finding]:
    large = int((np.abs(cells) >= LARGEST_EXACT).sum())
    if large:
        yield Finding(
            Topic.COLUMNS,
            f"{name} has {count(large, 'value')} of 2^53 or more ({len(cells):,} rows). The model computes in double "
            f"precision, so it sees each of them rounded to 15 to 17 digits. {advice}",
            {"column": name, "rounded": large, "rows": len(cells)},
        )
