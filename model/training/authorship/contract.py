"""The contract of a model that tells known labels apart by style."""

from collections.abc import Mapping, Sequence
from typing import Any

from model.training.contract import EXAMPLES, NOTHING, add_example, hash_files, promise_column
from relay.handoff.recipe import Recipe
from relay.registry.contract import MODEL_FILE, Asking, Cell, Contract, Score
from relay.registry.predictions import predict_with_model
from relay.registry.task import ModelTask


def describe_authorship(
    recipe: Recipe,
    classifier: Any,
    texts: Sequence[str],
    *,
    model: bytes,
    trust: Mapping[str, Any],
    chunk_chars: int,
) -> Contract:
    """The contract of a model of known labels.

    Args:
        recipe: gives names and columns.
        classifier: fitted.
        texts: some to show.
        model: its file.
        trust: the figures of leaving one document out, as they go into metrics.json.
        chunk_chars: characters of each chunk that it learned from; 0 if these were whole documents.
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
        inputs={text: promise_column(recipe.columns[text])},
        target=label,
        target_column=promise_column(recipe.columns[label]),
        classes=classifier.classes_.tolist(),
        gives_probabilities=True,
        threshold=None,
        base_rate=None,
        spread=None,
        score=_score_authorship(trust, labels=len(classifier.classes_)),
        segments=[],
        example=NOTHING,
        files=hash_files({MODEL_FILE: model}),
        asking=Asking(chunk_chars=chunk_chars, seed=recipe.seed),
    )
    # Spread over all, since those of one author follow each other.
    records: list[dict[str, Cell]] = [{text: shown} for shown in texts[:: max(len(texts) // EXAMPLES, 1)][:EXAMPLES]]
    return add_example(contract, records, predict_with_model(contract, classifier, records))


def _score_authorship(trust: Mapping[str, Any], labels: int) -> Score | None:
    """How often a chunk is nearest to its own label, each label counting alike; None when no chunk can be judged."""
    if "balanced_accuracy" not in trust:
        return None
    name = "balanced_accuracy"
    return Score(name=name, value=trust[name], baseline=1 / labels, lower_is_better=False)
