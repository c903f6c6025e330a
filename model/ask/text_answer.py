"""What a model of known labels says of one text: nearest labels, how sure, verified by imposters, placed on the map."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

import stylometry.imposter_rounds
import stylometry.imposters
from model.ask.trained import Trained
from relay.handoff.errors import ModelError, UsageError
from relay.handoff.files import hash_file, write_atomically
from relay.handoff.texts import prepare_text
from relay.handoff.wording import count
from relay.registry.asking import ask_model, find_warnings
from relay.registry.contract import Asking
from relay.registry.model_file import read_model
from relay.results.signs import Signs
from relay.results.text_attribution import Extent, Imposed, MapPoint, Nearness, TextAttribution, Verdict
from stylometry.asking import Style, clean_text
from stylometry.attribution import AuthorshipClassifier
from stylometry.chunks import keep_whole
from stylometry.columns import count_rows
from stylometry.coverage import find_required_coverage
from stylometry.errors import StylometryError
from stylometry.imposters import Borders, Imposters, judge_together
from stylometry.stability import UNRELIABLE, say_if_short
from stylometry.word_rules import WordRule
from stylometry.words import count_words


def attribute_text(trained: Trained, text: str, state: Path) -> TextAttribution:
    """What the model says of a text.

    Args:
        trained: the model, its bytes checked.
        text: as it was written.
        state: folder in which the borders of the imposters are kept for the next question.

    Raises:
        UsageError: the text cannot be compared with the chunks that the model knows.
        ModelError: the file holds types that are not on our list.
    """
    classifier = read_model(trained.content, trained.sha256, "model.skops")
    if not isinstance(classifier, AuthorshipClassifier):
        raise ModelError(f"model.skops holds {type(classifier).__name__}, expected AuthorshipClassifier: train again")
    try:
        style = ask_model(classifier, text, trained.asking)
        verdict = _verify(classifier, style, trained, state)
    except StylometryError as error:
        raise UsageError(f"this text cannot be compared: {error}") from None
    extent = _measure_extent(text, style, trained.asking, classifier)
    return TextAttribution(
        recipe=trained.receipt.recipe,
        model_sha256=trained.sha256,
        text=extent,
        labels=_rank(classifier.classes_.tolist(), style),
        verdict=verdict,
        map=_locate(classifier, style, trained.signs),
        warnings=(*find_warnings(style, trained.asking), *_warn(extent, trained)),
        notes=_note(trained, len(classifier.classes_)),
    )


def _measure_extent(text: str, style: Style, asking: Asking, classifier: AuthorshipClassifier) -> Extent:
    prepared = clean_text(text) if asking.preparation is None else prepare_text(text, asking.preparation)
    lowest = asking.lowest_coverage
    return Extent(
        chars=len(prepared),
        words=0 if classifier.ngram == "column" else count_all_words(prepared, classifier.word_rule),
        chunks=len(style.chunks),
        chunk_chars=style.chunk_chars,
        coverage=style.coverage,
        required_coverage=None if lowest is None else find_required_coverage(lowest),
        repetition=style.repetition,
        columns=len(count_rows([text]).ngrams) if classifier.ngram == "column" else None,
    )


def count_all_words(text: str, rule: WordRule = "letters") -> int:
    """Words of a text; 0 where it has none."""
    try:
        return int(count_words(keep_whole([text], [None]), tokens=rule).matrix.sum())
    except StylometryError:
        return 0


def _rank(labels: list[Any], style: Style) -> tuple[Nearness, ...]:
    rows = zip(labels, style.distances.tolist(), style.probabilities.tolist(), strict=True)
    return tuple(sorted((Nearness(str(label), *figures) for label, *figures in rows), key=lambda one: one.distance))


def _verify(classifier: AuthorshipClassifier, style: Style, trained: Trained, state: Path) -> Verdict:
    """The mean scores of the chunks, judged by borders that were tuned on the known ones."""
    label = str(classifier.classes_[style.nearest])
    drawing = Imposters()  # always the same draws: the verdict must not hang on the recipe's seed
    borders = _find_borders(classifier, drawing, trained, state)
    found = classifier.verify(style.chunks, classifier.classes_[style.nearest], drawing=drawing, borders=borders)
    scores = found.all_scores.mean(axis=0).tolist()
    verdicts = judge_together(borders, scores)
    named = zip(map(str, classifier.classes_.tolist()), scores, verdicts, strict=True)
    labels = tuple(sorted((Imposed(*one) for one in named), key=lambda one: (-one.score, one.label)))
    return Verdict(label, verdicts[style.nearest], scores[style.nearest], borders.no, borders.yes, labels)


def _find_borders(classifier: AuthorshipClassifier, drawing: Imposters, trained: Trained, state: Path) -> Borders:
    """The borders, kept for the next question: tuning them takes longer than all the rest."""
    files = stylometry.imposters.__file__, stylometry.imposter_rounds.__file__
    code = [hash_file(Path(file)) for file in files]
    made_by = {"model": trained.sha256, "code": code}
    kept = state / f"borders-{trained.receipt.recipe}.json"
    with suppress(OSError, ValueError, KeyError, TypeError):  # not kept yet, or cut: then they are tuned
        record = json.loads(kept.read_bytes())
        if record["made_by"] == made_by:
            return Borders(no=float(record["no"]), yes=float(record["yes"]))
    borders = classifier.tune_borders(drawing)
    with suppress(OSError):  # a folder that cannot be written costs the next question some seconds, no more
        record = {"made_by": made_by, "no": borders.no, "yes": borders.yes}
        write_atomically(kept, json.dumps(record).encode(), sync=False)
    return borders


def _locate(classifier: AuthorshipClassifier, style: Style, signs: Signs) -> MapPoint:
    """The middle of the text's chunks on the map of the known ones."""
    x, y = style.point.tolist()
    # The mean of the offsets is half the mean square of all distances: the variance of the points behind them.
    total = float(classifier.offsets_.mean())
    shares = classifier.points_.var(axis=0) / total if total > 0 else np.zeros(2)
    return MapPoint(
        x=x,
        y=y,
        explained_variance=(float(shares[0]), float(shares[1])),
        labels=tuple(str(classifier.classes_[author]) for author in classifier.authors_.tolist()),
        points=tuple((float(first), float(second)) for first, second in classifier.points_),
        signs=tuple(signs.to_json()),
    )


def _warn(extent: Extent, trained: Trained) -> tuple[str, ...]:
    warnings = []
    if extent.columns is None and say_if_short([extent.words]) is not None:
        warnings.append(f"The text has {count(extent.words, 'word')}. {UNRELIABLE}")
    if trained.chunk_chars and not extent.chunk_chars:
        warnings.append(
            f"The text is shorter than the chunks that the model knows ({trained.chunk_chars:,} characters), so its "
            "frequencies vary more."
        )
    if trained.chunk_chars == 0 and trained.receipt.parameters.get("distance") == "count_manhattan":
        warnings.append(
            "The recipe compares raw counts of whole documents, which differ mainly by length, not by style."
        )
    return tuple(warnings)


def _note(trained: Trained, number_of_labels: int) -> tuple[str, ...]:
    notes = ["Probabilities assume that one of these labels is right; the imposters test asks whether any is."]
    if number_of_labels == 2:
        notes.append(
            "With two labels, all imposters are texts of the other one: a yes only says which of the two is nearer."
        )
    return (*notes, *([trained.caveat] if trained.caveat else []))
