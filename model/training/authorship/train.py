"""`kind = "authorship"`: documents -> chunks -> n-gram counts -> distances -> a map, and how far to trust it.

Beside it: whom documents of unknown label resemble, what words the labels prefer, and a model for texts to come.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.parameters import AuthorshipParameters
from model.training.authorship.advice import advise_by_recipe
from model.training.authorship.attribution import (
    attribute,
    choose_known,
    choose_unknown,
    figures_of_attribution,
    find_countable,
    fit_classifier,
    say_attributions,
    tabulate_attributions,
)
from model.training.authorship.by_distance import say_trials, tabulate_trials, try_distances
from model.training.authorship.chunking import (
    choose_projection,
    count_single_words,
    count_units,
    cut,
    hide_labels,
    measure_styles,
    sum_words,
)
from model.training.authorship.contract import describe_authorship
from model.training.authorship.documents import Documents, read_documents
from model.training.authorship.evidence import figures_of_evidence, gather_evidence, say_evidence
from model.training.authorship.extent import figures_of_extent, say_extent
from model.training.authorship.keywords import find_preferences, tabulate_preferences
from model.training.authorship.loadings import Loadings, find_loadings, say_loadings, tabulate_loadings
from model.training.authorship.stability import say_settings, tabulate_settings, try_settings
from model.training.authorship.trust import figures_of, judge, say_trust
from model.training.authorship.views import Views, draw_views
from model.training.result import Results
from model.training.skops_file import write_model
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Recipe
from relay.registry.contract import Contract
from relay.results.findings import Finding, Topic
from stylometry.chunks import Chunks
from stylometry.errors import StylometryError
from stylometry.features import CountTable
from stylometry.projection import pca, pcoa, tsne

Floats = npt.NDArray[np.float64]

USUAL_PERPLEXITY = 30.0
"""Source: van der Maaten, Hinton: Visualizing Data using t-SNE, JMLR 9 (2008), p. 2582: typically 5 to 50."""


@dataclass(frozen=True)
class _Addition:
    """What one question adds to the results."""

    findings: tuple[Finding, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pa.Table] = field(default_factory=dict)
    model: bytes | None = None
    contract: Contract | None = None


def map_styles(table: pa.Table, recipe: Recipe, parameters: AuthorshipParameters) -> Results:
    """The map of a recipe's documents by style, and all that is known of it.

    Args:
        table: processed documents with the recipe's columns.
        recipe: gives columns and seed.
        parameters: its model section.

    Raises:
        ModelError: the documents do not suffice for such chunks or such a map.
    """
    documents = read_documents(table, recipe.columns, by_time=parameters.order == "time")
    try:
        return _map_documents(documents, recipe, parameters)
    except StylometryError as error:
        raise ModelError(f"[model]: {advise_by_recipe(str(error), documents, parameters)}") from error


def _map_documents(documents: Documents, recipe: Recipe, parameters: AuthorshipParameters) -> Results:
    chunks = cut(documents, parameters)
    counts = count_units(chunks, parameters)
    distances = measure_styles(counts, parameters)
    points, how = project(distances, choose_projection(parameters), recipe.seed)
    loadings = find_loadings(counts, points, parameters)
    known = hide_labels(chunks, parameters.unknown)
    words = count_single_words(chunks, counts, parameters)
    preferences = find_preferences(words, known) if words is not None else {}
    trusted = _judge(known, distances, points, words=words, recipe=recipe, parameters=parameters)
    additions = [
        _attribute(documents, (chunks, known), counts, parameters=parameters, recipe=recipe, trust=trusted.metrics),
        _try_settings(documents, parameters) if parameters.stability else _Addition(),
        _Addition(tables={"words": tabulate_preferences(preferences)} if any(preferences.values()) else {}),
        _explain_axes(loadings),
        _Addition(tables={"chunks": tabulate_chunks(documents, chunks, points)}),
    ]
    findings = (
        *say_extent(documents, chunks, counts, parameters),
        *trusted.findings,
        *(finding for addition in additions for finding in addition.findings),
        *([Finding(Topic.CAVEAT, parameters.caveat)] if parameters.caveat else []),
    )
    views = Views(documents, chunks, known, distances, points, how, preferences, trusted.findings[0].text, loadings)
    return Results(
        metrics={
            **figures_of_extent(documents, chunks, counts, parameters),
            "projection": how,
            "signs": views.signs.to_json(),
            "trust": trusted.metrics,
            **{name: figure for addition in additions for name, figure in addition.metrics.items()},
        },
        findings=findings,
        pictures=draw_views(views, parameters),
        tables={name: found for addition in additions for name, found in addition.tables.items()},
        rows=len(documents),
        dropped={"documents shorter than a chunk": chunks.short_documents} if chunks.short_documents else {},
        model=additions[0].model,
        contract=additions[0].contract,
    )


def project(distances: Floats, projection: str, seed: int) -> tuple[Floats, dict[str, Any]]:
    """Two coordinates for each chunk (chunks, 2), and the name of the map with what one must know to read it.

    Raises:
        StylometryError: there are too few chunks for the map.
    """
    if projection == "tsne":
        # A third of the others where there are few: t-SNE cannot look at more neighbours than there are.
        perplexity = min(USUAL_PERPLEXITY, max((len(distances) - 1) / 3, 1.0))
        return tsne(distances, seed, perplexity), {"name": "tsne", "perplexity": perplexity}
    if projection == "pca":
        points, total = pca(distances), float(distances.var(axis=0).sum())
    else:
        # Half the mean square of all distances is the variance of the points behind them.
        points, total = pcoa(distances), float(np.square(distances).mean() / 2)
    explained = (points.var(axis=0) / total).tolist() if total > 0 else [0.0, 0.0]
    return points, {"name": projection, "explained_variance": explained}


def tabulate_chunks(documents: Documents, chunks: Chunks, points: Floats) -> pa.Table:
    """A row a chunk: label, ids of its first and last document, and its place on the map."""
    return pa.table(
        {
            "chunk": np.arange(len(chunks)),
            "label": pa.array(chunks.labels, pa.string()),
            "first_document": [documents.ids[index] for index in chunks.first_document.tolist()],
            "last_document": [documents.ids[index] for index in chunks.last_document.tolist()],
            "x": points[:, 0],
            "y": points[:, 1],
        }
    )


def _judge(
    known: Chunks,
    distances: Floats,
    points: Floats,
    *,
    words: CountTable | None,
    recipe: Recipe,
    parameters: AuthorshipParameters,
) -> _Addition:
    """How far to trust distances and map; the first finding is the map's caption."""
    trust = judge(known, distances, points, window=parameters.window)
    if trust is None:
        return _Addition(findings=say_trust(known, trust, None, parameters), metrics=figures_of(trust))
    numbers = sum_words(words, len(known))
    evidence = gather_evidence(known, distances, numbers, parameters=parameters, seed=recipe.seed)
    return _Addition(
        findings=(*say_trust(known, trust, evidence, parameters), *say_evidence(evidence)),
        metrics={**figures_of(trust), **figures_of_evidence(evidence)},
    )


def _attribute(
    documents: Documents,
    chunks: tuple[Chunks, Chunks],
    counts: CountTable,
    *,
    parameters: AuthorshipParameters,
    recipe: Recipe,
    trust: Mapping[str, Any],
) -> _Addition:
    """The model of the known labels, and what it says of the unknown ones; of the chunks, with all labels and known."""
    countable = find_countable(counts)
    learned = choose_known(*chunks, parameters, countable=countable)
    asked = choose_unknown(*chunks, parameters, countable=countable)
    if learned is None:
        return _Addition()
    classifier = fit_classifier(learned, parameters)
    model = write_model(classifier)
    # Texts that it has not learned from, where there are any.
    contract = describe_authorship(
        recipe,
        classifier,
        (asked or learned).texts,
        model=model,
        trust=trust,
        chunk_chars=chunks[0].chunk_chars,
    )
    if asked is None:
        return _Addition(model=model, contract=contract)
    found = attribute(classifier, asked)
    trials = try_distances(learned, asked, parameters)
    return _Addition(
        findings=(*say_attributions(found), *say_trials(trials, found)),
        metrics={"attributions": figures_of_attribution(found)},
        tables={"attributions": tabulate_attributions(found, documents), "by_distance": tabulate_trials(trials)},
        model=model,
        contract=contract,
    )


def _explain_axes(loadings: Loadings | None) -> _Addition:
    if loadings is None:
        return _Addition()
    return _Addition(findings=say_loadings(loadings), tables={"loadings": tabulate_loadings(loadings)})


def _try_settings(documents: Documents, parameters: AuthorshipParameters) -> _Addition:
    settings = try_settings(documents, parameters)
    return _Addition(
        findings=say_settings(settings), tables={"stability": tabulate_settings(settings)} if settings else {}
    )
