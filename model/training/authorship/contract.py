"""The contract of a model that tells known labels apart by style."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.training.contract import (
    EXAMPLES,
    NOTHING,
    add_example,
    hash_files,
    promise_column,
    promise_key,
    promise_target,
)
from relay.handoff.column import Column, fill_served_keys
from relay.handoff.recipe import Recipe
from relay.registry.asking import ask_model
from relay.registry.contract import MODEL_FILE, Asking, Cell, Contract, Score
from relay.registry.predictions import predict_with_model
from relay.registry.task import ModelTask
from stylometry.columns import EXAMPLE
from stylometry.coverage import NotComparableError


def describe_authorship(
    recipe: Recipe,
    classifier: Any,
    texts: Sequence[str],
    *,
    model: bytes,
    trust: Mapping[str, Any],
    asking: Asking,
) -> Contract:
    """The contract of a model of known labels.

    Args:
        recipe: gives names and columns.
        classifier: fitted.
        texts: some to show.
        model: its file.
        trust: the figures of leaving one document out, as they go into metrics.json.
        asking: how it is asked about a text.
    """
    (text,) = (name for name, column in recipe.columns.items() if column.role == "input" and column.type == "text")
    (label,) = recipe.with_role("label")
    contract = Contract(
        model=recipe.name,
        recipe=recipe.name,
        title=recipe.title,
        description=recipe.description,
        task=ModelTask.AUTHORSHIP,
        estimator=type(classifier).__name__,
        inputs={text: _promise_text(recipe, text, classifier)},
        target=label,
        record_key=promise_key(recipe),
        target_column=promise_target(recipe.columns[label]),
        classes=classifier.classes_.tolist(),
        gives_probabilities=True,
        threshold=None,
        base_rate=None,
        spread=None,
        score=_score_authorship(trust, labels=len(classifier.classes_)),
        segments=[],
        example=NOTHING,
        files=hash_files({MODEL_FILE: model}),
        asking=asking,
    )
    shown = _choose_examples(classifier, texts, asking)
    records: list[dict[str, Cell]] = [{text: example} for example in shown]
    return add_example(contract, records, predict_with_model(contract, classifier, records))


def _promise_text(recipe: Recipe, name: str, classifier: Any) -> Column:
    """The column of the text; of rows of frequencies it says what a row is, unless the recipe does."""
    column = promise_column(fill_served_keys(recipe.columns, recipe.sections.get("ingest", {}))[name])
    if classifier.ngram != "column" or column.description:
        return column
    return column.model_copy(update={"description": f"A row of frequencies as a JSON object, such as {EXAMPLE}"})


def _choose_examples(classifier: Any, texts: Sequence[str], asking: Asking) -> list[str]:
    """Texts that the model answers; spread over all, since those of one author follow each other."""
    step = max(len(texts) // EXAMPLES, 1)
    shown: list[str] = []
    for text in (*texts[::step], *texts):
        if len(shown) == EXAMPLES:
            break
        if text not in shown and _is_answered(classifier, text, asking):
            shown.append(text)
    return shown


def _is_answered(classifier: Any, text: str, asking: Asking) -> bool:
    try:
        ask_model(classifier, text, asking)
    except NotComparableError:  # a chunk may hold less of what is looked at than any document as a whole
        return False
    return True


def _score_authorship(trust: Mapping[str, Any], labels: int) -> Score | None:
    """How often a chunk is nearest to its own label, each label counting alike; None when no chunk can be judged."""
    if "balanced_accuracy" not in trust:
        return None
    name = "balanced_accuracy"
    return Score(name=name, value=trust[name], baseline=1 / labels, lower_is_better=False)
