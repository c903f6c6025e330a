"""Which of two classes is the one that is looked for."""

from dataclasses import dataclass

from adopt.notes import Note
from adopt.recipe.known import Known
from adopt.recipe.words import list_words, split_name
from relay.handoff.override import quote_toml

SOUGHT = list_words(
    "yes y true t 1 bad default defaulted churn churned fraud fraudulent spam positive pos malignant m abnormal failed "
    "fail failure died dead left exited cancelled canceled ja j schlecht ausgefallen gekündigt positiv krank sick "
    "disease defect defekt anomaly attack poisonous p late won win accepted approved >50k 50k bought converted "
    "clicked risk high hoch unsatisfied"
)
"""Classes that are looked for, by their words."""


@dataclass(frozen=True)
class Positive:
    """The class, and why."""

    value: object
    note: Note


def find_positive(goal: Known) -> Positive | None:
    """The class that is looked for, where it is not the second in sorted order: that is the default."""
    if goal.type != "category" and goal.type != "text":
        return None
    classes = sorted(str(value) for value in goal.counts)
    if len(classes) != 2:
        return None
    sought = [name for name in classes if set(split_name(name)) & SOUGHT]
    if len(sought) == 1:
        rows = goal.counts[sought[0]]
        if sought[0] == classes[1]:
            return None
        return Positive(
            sought[0],
            Note(
                f"the class that is looked for, in {rows:,} rows",
                choices=(quote_toml(classes[1]),),
                key="model.positive",
            ),
        )
    return None
