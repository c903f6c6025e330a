"""`kind = "authorship"`: documents -> chunks -> n-gram counts -> distances -> a map, and how far to trust it.

Beside it: whom documents of unknown label resemble, what words the labels prefer, and a model for texts to come.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from model.style_parameters import AuthorshipParameters, RollingSection
from model.training.authorship.addition import Addition, merge
from model.training.authorship.advice import advise_by_recipe
from model.training.authorship.answer import answer_unknown
from model.training.authorship.attribution import (
    Sample,
    choose_known,
    choose_unknown,
    find_countable,
    fit_classifier,
)
from model.training.authorship.chunking import (
    choose_projection,
    count_chosen,
    count_single_words,
    cut,
    describe_asking,
    hide_labels,
    measure_styles,
    sum_words,
)
from model.training.authorship.classifiers import compare_classifiers
from model.training.authorship.consensus import Texts, add_consensus
from model.training.authorship.contract import describe_authorship
from model.training.authorship.copies import (
    Repeats,
    figures_of_repeats,
    find_repeats,
    say_repeats,
    tabulate_repeats,
)
from model.training.authorship.coverage import (
    figures_of_coverage,
    leave_refused_out,
    measure_coverage,
    say_coverage,
)
from model.training.authorship.documents import Documents, check_frequencies, read_documents
from model.training.authorship.evidence import figures_of_evidence, gather_evidence, say_evidence
from model.training.authorship.exports import Measured, add_exports
from model.training.authorship.extent import figures_of_extent, say_extent
from model.training.authorship.far import Far
from model.training.authorship.far_counts import choose_count
from model.training.authorship.far_tasks import choose_elsewhere
from model.training.authorship.keywords import find_preferences, tabulate_preferences
from model.training.authorship.loadings import Loadings, find_loadings, say_loadings, tabulate_loadings
from model.training.authorship.map import project, tabulate_chunks
from model.training.authorship.oppose import add_contrast
from model.training.authorship.own_distance import adopt_distance, leave_model_out
from model.training.authorship.rolling import add_rolling
from model.training.authorship.spelling import say_spelling
from model.training.authorship.stability import say_settings, tabulate_settings, try_settings
from model.training.authorship.trust import figures_of, judge, say_trust
from model.training.authorship.verification import add_verification
from model.training.authorship.views import Views, draw_views
from model.training.authorship.watch import watch_styles
from model.training.authorship.word_lists import read_lists
from model.training.contract import hash_files
from model.training.result import Results
from model.training.skops_file import write_model
from relay.handoff.errors import ModelError
from relay.handoff.recipe import Recipe
from relay.registry.monitor_section import read_monitor
from relay.results.findings import Finding, Topic
from relay.results.signs import choose_signs
from stylometry.attribution import AuthorshipClassifier
from stylometry.chunks import Chunks
from stylometry.errors import StylometryError
from stylometry.features import CountTable
from stylometry.word_choice import choose_words

if TYPE_CHECKING:
    from model.training.own_calls import Own

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Known:
    """The chunks and what is known of them."""

    all_labels: Chunks
    chunks: Chunks
    """The same, without the unknown labels."""
    counts: CountTable
    repeats: Repeats
    far: Far | None
    """The cluster that is asked about them where that is worth it."""


def map_styles(
    table: pa.Table,
    recipe: Recipe,
    parameters: AuthorshipParameters,
    own: "Own | None" = None,
    far: Far | None = None,
) -> Results:
    """The map of a recipe's documents by style, and all that is known of it.

    Args:
        table: processed documents with the recipe's columns.
        recipe: gives columns and seed.
        parameters: its model section.
        own: the function that measures, where the section names one.
        far: the workers that take parts of the work where that is worth it; None: this machine does all.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        ModelError: the documents do not suffice for such chunks or such a map.
    """
    check_frequencies(recipe, parameters)
    documents = read_documents(table, recipe.columns, by_time=parameters.order == "time")
    try:
        if own is not None:
            return leave_model_out(_map_documents(documents, recipe, adopt_distance(own, parameters), None))
        return _map_documents(documents, recipe, parameters, far)
    except StylometryError as error:
        raise ModelError(f"[model]: {advise_by_recipe(str(error), documents, parameters)}") from error


def _map_documents(documents: Documents, recipe: Recipe, parameters: AuthorshipParameters, far: Far | None) -> Results:
    chunks, count = cut(documents, parameters, recipe.seed), choose_count(far, documents, recipe, parameters)
    counts, parameters = count_chosen(chunks, read_lists(recipe, parameters), count)
    distances = measure_styles(counts, parameters, choose_elsewhere(far, chunks))
    points, how = project(distances, choose_projection(parameters), recipe.seed)
    repeats = find_repeats(documents, chunks, parameters)
    known = _Known(chunks, hide_labels(chunks, parameters.unknown), counts, repeats, far)
    words, loadings = count_single_words(chunks, counts, parameters, count), find_loadings(counts, points, parameters)
    preferences = find_preferences(words, known.chunks) if words is not None else {}
    trusted = _judge(known, distances, points, words=words, recipe=recipe, parameters=parameters)
    added = merge(
        _name_copies(documents, known.repeats, parameters),
        _attribute(documents, known, parameters=parameters, recipe=recipe, trust=trusted.metrics),
        _try_settings(documents, parameters, known.repeats) if parameters.stability else Addition(),
        Addition(tables={"words": tabulate_preferences(preferences)} if any(preferences.values()) else {}),
        _explain_axes(loadings),
        Addition(tables={"chunks": tabulate_chunks(documents, chunks, points)}),
        _add_wished(documents, known, words, (distances, points), parameters),
        Addition((Finding(Topic.CAVEAT, parameters.caveat),) if parameters.caveat else ()),
    )
    said = trusted.findings[0].text
    views = Views(documents, chunks, known.chunks, distances, points, how, preferences, said, loadings)
    return Results(
        metrics={
            **figures_of_extent(documents, chunks, counts, parameters),
            "projection": how,
            "signs": views.signs.to_json(),
            "trust": trusted.metrics,
            **added.metrics,
        },
        findings=(*say_extent(documents, chunks, counts, parameters), *trusted.findings, *added.findings),
        pictures=(*draw_views(views, parameters), *added.pictures),
        files=added.files,
        tables=added.tables,
        rows=len(documents),
        dropped={"documents shorter than a chunk": chunks.short_documents} if chunks.short_documents else {},
        model=added.model,
        contract=added.contract,
        monitored=added.monitored,
    )


def _judge(
    known: _Known,
    distances: Floats,
    points: Floats,
    *,
    words: CountTable | None,
    recipe: Recipe,
    parameters: AuthorshipParameters,
) -> Addition:
    """How far to trust distances and map; the first finding is the map's caption."""
    apart, copies = known.repeats.apart, known.repeats.texts
    trust = judge(known.chunks, distances, points, window=parameters.window, apart=apart)
    if trust is None:
        return Addition(say_trust(known.chunks, trust, None, parameters, copies=copies), figures_of(trust))
    numbers = sum_words(words, len(known.chunks), parameters.units)
    evidence = gather_evidence(known.chunks, distances, numbers, parameters=parameters, seed=recipe.seed, apart=apart)
    return Addition(
        findings=(*say_trust(known.chunks, trust, evidence, parameters, copies=copies), *say_evidence(evidence)),
        metrics={**figures_of(trust), **figures_of_evidence(evidence)},
    )


def _attribute(
    documents: Documents, known: _Known, *, parameters: AuthorshipParameters, recipe: Recipe, trust: Mapping[str, Any]
) -> Addition:
    """The model of the known labels, and what it says of the unknown ones."""
    countable, chunks = find_countable(known.counts), (known.all_labels, known.chunks)
    learned = choose_known(*chunks, parameters, countable=countable, copies=known.repeats.texts)
    asked = choose_unknown(*chunks, parameters, countable=countable)
    if learned is None:
        return Addition()
    classifier = fit_classifier(learned, parameters, documents.preparation)
    coverage = measure_coverage(classifier, learned, asked)
    comparable = None if asked is None else leave_refused_out(asked, coverage)
    model = write_model(classifier)
    contract = describe_authorship(
        recipe,
        classifier,
        (comparable or learned).texts,  # texts that it has not learned from, where there are any
        model=model,
        trust=trust,
        asking=describe_asking(known.chunks, recipe.seed, documents.preparation, coverage.lowest),
    )
    lengths = dict(zip(known.repeats.texts.tolist(), map(len, documents.texts()), strict=True))
    kept_rows = read_monitor(recipe).keep_rows
    watched = watch_styles(contract, classifier, learned, lengths, seed=recipe.seed, keeps_rows=kept_rows)
    kept = Addition(
        (*say_coverage(coverage, classifier, documents), *watched.findings),
        {"coverage": figures_of_coverage(coverage)},
        model=model,
        contract=contract.model_copy(update={"monitored": hash_files(watched.files)}),
        monitored=watched.files,
    )
    answered = answer_unknown(documents, classifier, (learned, comparable), parameters, chunks[0].labels, known.far)
    imposed = add_verification(documents.ids, classifier, comparable, known.far) if parameters.imposters else Addition()
    rolled = _roll(documents, known, (classifier, learned), parameters.rolling, coverage.required)
    others = compare_classifiers(documents, classifier, (learned, comparable), parameters, recipe.seed)
    return merge(kept, answered, imposed, rolled, others)


def _add_wished(
    documents: Documents,
    known: _Known,
    words: CountTable | None,
    mapped: tuple[Floats, Floats],
    parameters: AuthorshipParameters,
) -> Addition:
    """What a recipe may ask for beyond the map: consensus tree, Zeta, tables for other programs."""
    texts = Texts(known.all_labels, known.chunks, documents.ids, known.repeats.texts)
    chosen = choose_words(known.counts, parameters.chosen)
    return merge(
        add_consensus(chosen, texts, parameters),
        add_contrast(words, known.chunks, known.all_labels, documents.ids, parameters.oppose),
        add_exports(Measured(texts, chosen, *mapped), parameters),
    )


def _roll(
    documents: Documents,
    known: _Known,
    fitted: tuple[AuthorshipClassifier, Sample],
    asked: RollingSection | None,
    required: float,
) -> Addition:
    """Who writes where along the recipe's long text, where it names one."""
    if asked is None:
        return Addition()
    signs = choose_signs(known.all_labels.labels)
    return add_rolling(documents, fitted, asked, copies=known.repeats.texts, required=required, signs=signs)


def _name_copies(documents: Documents, repeats: Repeats, parameters: AuthorshipParameters) -> Addition:
    """Copies of texts, and the spelling in which they were compared."""
    return Addition(
        findings=(
            *say_spelling(documents.texts(), documents.preparation, parameters),
            *say_repeats(repeats, documents),
        ),
        metrics={"copies": figures_of_repeats(repeats, documents)},
        tables=tabulate_repeats(repeats, documents),
    )


def _explain_axes(loadings: Loadings | None) -> Addition:
    if loadings is None:
        return Addition()
    return Addition(findings=say_loadings(loadings), tables={"loadings": tabulate_loadings(loadings)})


def _try_settings(documents: Documents, parameters: AuthorshipParameters, repeats: Repeats) -> Addition:
    settings = try_settings(documents, parameters, repeats.texts)
    return Addition(
        findings=say_settings(settings), tables={"stability": tabulate_settings(settings)} if settings else {}
    )
