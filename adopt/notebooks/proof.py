"""What was run to prove that a recipe computes what notebooks compute."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from adopt.notebooks.adopted import Adopted
from adopt.notebooks.pipeline import PipelineRun
from adopt.notebooks.plan import Crossing, CrossingWay, Split
from adopt.notebooks.records import Place, Run, Stage

HANDED_ON = (CrossingWay.FRAME, CrossingWay.FILE)


@dataclass(frozen=True)
class Sides:
    """Both sides of a comparison: a run of the notebooks, and a run of the stages."""

    notebooks: Run
    stages: PipelineRun


@dataclass(frozen=True)
class Proof:
    """Everything that was run."""

    split: Split
    adopted: Adopted
    sides: Sides
    """The run that kept the values at the borders, and the stages as they were written."""
    others: tuple[Run, ...] = ()
    """Further runs of the notebooks, with other hash seeds."""
    seeded: Sides | None = None
    """Both sides seeded before each statement, where something varies between runs."""

    @property
    def runs(self) -> tuple[Run, ...]:
        """All runs of the notebooks that were not seeded."""
        return (self.sides.notebooks, *self.others)


def load_frames(split: Split, run: Run) -> dict[tuple[Stage, str], pd.DataFrame]:
    """Stage that it enters, and name there -> each frame that crosses a border, as a run kept it."""
    found = {}
    for crossing in find_crossings(split):
        path = find_kept(split, crossing, run)
        if path is not None:
            with path.open("rb") as file:
                found[crossing.stage, crossing.name] = pickle.load(file)  # noqa: S301 - of the user's own run
    return found


def find_crossings(split: Split) -> list[Crossing]:
    """The frames that cross a border, each once."""
    crossings = [one for part in split.parts for one in part.takes if one.way in HANDED_ON]
    return list({(one.stage, one.name): one for one in crossings}.values())


def find_places(split: Split) -> dict[Place, tuple[str, ...]]:
    """Statement -> the names whose values a run has to keep."""
    found: dict[Place, tuple[str, ...]] = {}
    for crossing in find_crossings(split):
        place = split.statements[crossing.value_of].place
        found[place] = (*found.get(place, ()), crossing.held_as)
    return found


def find_kept(split: Split, crossing: Crossing, run: Run) -> Path | None:
    """The pickle of a frame that crosses."""
    place = split.statements[crossing.value_of].place
    return run.books[place.book].kept.get((place, crossing.held_as))


def explain_varying(proof: Proof) -> str:
    """Why runs differ: the first needed statement whose values do, and whether it draws random numbers."""
    runs = proof.runs
    for index in sorted(proof.split.slice.needed):
        place = proof.split.statements[index].place
        records = [run.books[place.book].records.get(place) for run in runs]
        seen = {
            (*sorted((name, value.fingerprint) for name, value in record.values.items()), record.stdout)
            for record in records
            if record is not None
        }
        if len(seen) > 1:
            is_drawing = any(name.startswith("rng:") for record in records if record for name in record.moved)
            reason = (
                "draws random numbers without a seed" if is_drawing else "depends on the order of a set, or on the time"
            )
            return f"cell {place.cell} {reason}"
    return "not seen in a statement"
