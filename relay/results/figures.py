"""The figures of a result in words: what each is of, and what its baseline is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from relay.handoff.wording import show
from relay.registry.task import ModelTask

Better = Literal["higher", "lower", ""]

FIGURES: Mapping[str, tuple[str, Better]] = {
    "r2": ("R², explained share of the variance", "higher"),
    "rmse": ("Root mean square error", "lower"),
    "mae": ("Mean absolute error", "lower"),
    "mse": ("Mean squared error", "lower"),
    "roc_auc": ("Area under the ROC curve", "higher"),
    "pr_auc": ("Area under precision and recall", "higher"),
    "brier": ("Brier score of the probabilities", "lower"),
    "log_loss": ("Log loss of the probabilities", "lower"),
    "f1": ("F1", "higher"),
    "precision": ("Precision", "higher"),
    "recall": ("Recall", "higher"),
    "accuracy": ("Accuracy", "higher"),
    "balanced_accuracy": ("Accuracy, each class counting alike", "higher"),
    "macro_f1": ("F1, mean over the classes", "higher"),
}
"""Metric -> its name in words and which way is better; a test holds the second against the stage `model`."""

TRUST = {
    "accuracy": "Nearest chunk has the same label, by distance",
    "map_accuracy": "Nearest chunk has the same label, on the map",
    "balanced_accuracy": "The same by distance, each label counting alike",
    "map_balanced_accuracy": "The same on the map, each label counting alike",
}

LARGEST_LABEL = "naming the largest label"

COMMONEST, EVERY_POSITIVE, ALIKE = "naming the commonest class", "calling every row positive", "every row alike"
BASELINES: Mapping[ModelTask, Mapping[str, str]] = {
    ModelTask.REGRESSION: dict.fromkeys(("r2", "rmse", "mae", "mse"), "the mean for every row"),
    ModelTask.BINARY: {
        **dict.fromkeys(("roc_auc", "pr_auc", "brier", "log_loss"), ALIKE),
        **dict.fromkeys(("f1", "precision", "recall"), EVERY_POSITIVE),
        "accuracy": COMMONEST,
    },
    ModelTask.MULTICLASS: {
        **dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"), COMMONEST),
        "log_loss": "the classes' shares",
    },
}
"""Task -> metric -> what its baseline answers: for one task there are several."""

AT_THE_THRESHOLD = frozenset(("f1", "precision", "recall"))
"""Figures of a binary classifier that judge the rows whose score reaches the threshold."""


@dataclass(frozen=True)
class Figure:
    """One metric of a model beside that of its baseline."""

    name: str
    value: float
    baseline: float | None
    better: Better
    decides: bool = False
    """Whether it is the one that chooses between two versions."""
    note: str = ""
    """Which answers it judges, where not all figures judge the same; empty where they do."""
    baseline_is: str = ""
    """What the baseline answers, in words."""

    @property
    def title(self) -> str:
        """The name with the note, as `Recall (rows from 0.23 up)`, and whether the figure decides."""
        extra = ", ".join(part for part in (self.note, "decides" if self.decides else "") if part)
        return f"{self.name} ({extra})" if extra else self.name

    @property
    def baseline_words(self) -> str:
        """The baseline's value and what it is, as `0.5 (every row alike)`; empty without a baseline."""
        if self.baseline is None:
            return ""
        return f"{show(self.baseline)} ({self.baseline_is})" if self.baseline_is else show(self.baseline)

    @property
    def is_better(self) -> bool | None:
        """Whether the model is better than the baseline; None where that cannot be said."""
        if self.baseline is None or not self.better:
            return None
        return self.value > self.baseline if self.better == "higher" else self.value < self.baseline


def list_figures(metrics: Mapping[str, Any]) -> list[Figure]:
    """The metrics with their baseline, the deciding one first."""
    if metrics["kind"] == ModelTask.AUTHORSHIP:
        trust = metrics["trust"]
        baseline = {"accuracy": trust.get("majority_share"), "map_accuracy": trust.get("majority_share")}
        return [
            Figure(text, trust[name], baseline.get(name), "higher", baseline_is=LARGEST_LABEL)
            for name, text in TRUST.items()
            if name in trust
        ]
    score = metrics.get("score", {})
    if metrics["kind"] == ModelTask.OTHER:
        named: dict[str, Better] = {score["name"]: "lower" if score["lower_is_better"] else "higher"} if score else {}
        figures = [
            Figure(name, value, None, named.get(name, ""), decides=name in named)
            for name, value in metrics["test"].items()
        ]
        return sorted(figures, key=lambda figure: not figure.decides)
    figures = [_describe(name, value, metrics) for name, value in metrics["test"].items()]
    return sorted(figures, key=lambda figure: not figure.decides)


def _describe(name: str, value: float, metrics: Mapping[str, Any]) -> Figure:
    words, better = FIGURES.get(name, (name, ""))
    return Figure(
        words,
        value,
        metrics["baseline"].get(name),
        better,
        decides=name == metrics["score"]["name"],
        note=_note(name, metrics),
        baseline_is=BASELINES.get(metrics["kind"], {}).get(name, ""),
    )


def _note(name: str, metrics: Mapping[str, Any]) -> str:
    """Precision and its like judge the rows that reach the tuned threshold, accuracy the class that is named."""
    if metrics["kind"] != ModelTask.BINARY or "threshold" not in metrics:
        return ""
    if name in AT_THE_THRESHOLD:
        return f"rows from {show(metrics['threshold']['value'])} up"
    return "the class that the estimator names" if name == "accuracy" else ""
