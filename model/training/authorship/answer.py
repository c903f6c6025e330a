"""Whom unknown documents resemble: by the recipe's own choice, by other distances, and over a range of features."""

from collections.abc import Sequence

from model.style_parameters import AuthorshipParameters
from model.training.authorship.addition import Addition, merge
from model.training.authorship.attribution import (
    Sample,
    attribute,
    figures_of_attribution,
    say_attributions,
    say_unequal,
    tabulate_attributions,
)
from model.training.authorship.by_distance import say_trials, tabulate_trials, try_distances
from model.training.authorship.documents import Documents
from model.training.authorship.far import Far
from model.training.authorship.word_range import add_word_range
from relay.results.signs import choose_signs
from stylometry.attribution import AuthorshipClassifier


def answer_unknown(
    documents: Documents,
    classifier: AuthorshipClassifier,
    samples: tuple[Sample, Sample | None],
    parameters: AuthorshipParameters,
    labels: Sequence[str | None],
    far: Far | None = None,
) -> Addition:
    """Whom the unknown documents resemble, as findings, figures and tables; over a range of features where asked for.

    Args:
        documents: all documents.
        classifier: fitted to the known chunks.
        samples: the known chunks and the unknown ones, None without any: then nothing is added.
        parameters: the recipe's model section.
        labels: of all chunks, whose signs the picture uses.
        far: the cluster, where there is one.

    Raises:
        ComputeError: the cluster cannot be used, or was lost.
        StylometryError: a chunk has nothing to count.
    """
    known, unknown = samples
    if unknown is None:
        return Addition()
    found = attribute(classifier, unknown)
    trials = try_distances(known, unknown, parameters)
    answered = Addition(
        findings=(
            *say_attributions(found),
            *say_unequal(known, parameters.compare_with),
            *say_trials(trials, found),
        ),
        metrics={"attributions": figures_of_attribution(found)},
        tables={"attributions": tabulate_attributions(found, documents), "by_distance": tabulate_trials(trials)},
    )
    if not parameters.stability:
        return answered
    return merge(answered, add_word_range(documents, (known, unknown), parameters, choose_signs(labels), far))
