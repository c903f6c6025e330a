"""What the findings say of a model that has not learned from all rows as they are."""

from collections.abc import Iterator, Sequence

from model.training.estimator.memory.sample import Sample
from model.training.estimator.memory.stream import Stream
from model.training.estimator.task import Task
from relay.handoff.wording import count, list_words
from relay.results.findings import Finding, Topic


def say_rows(task: Task) -> Iterator[Finding]:
    """A finding where the model was not trained and judged on all rows of the table."""
    if task.sample is not None:
        yield _say_sample(task.sample)
    if task.rounded is not None:
        yield _say_float32(task.rounded)
    if task.stream is not None:
        yield _say_stream(task.stream, len(task.split.test))


def _say_float32(rounded: Sequence[str]) -> Finding:
    text = 'Numbers were held as float32 ([model] memory = "float32"), '
    if rounded:
        text += (
            f"which rounds {list_words(rounded)} to about 7 digits. The model rounds its inputs in the same way "
            "whenever it is asked."
        )
    else:
        text += "which holds all of them exactly."
    return Finding(Topic.MEMORY, text, {"memory": "float32", "rounded": list(rounded)})


def _say_stream(stream: Stream, judged: int) -> Finding:
    train, test = (stream.counts.sides[side] for side in ("train", "test"))
    text = (
        f"It learned a row group at a time, {count(stream.epochs, 'time')} from each training row, in the order of the "
        'table ([model] memory = "stream"). Missing numbers become the mean. '
        f"{judged:,} of {count(test, 'test row')} judge it, and {len(stream.held):,} of {count(train, 'training row')} "
        "stand for all in baseline, usual values, segments and the search for leaks; they are drawn by the hash of the "
        "row."
    )
    figures = {
        "memory": "stream",
        "epochs": stream.epochs,
        "train": train,
        "held_train": len(stream.held),
        "test": test,
        "judged_test": judged,
    }
    return Finding(Topic.MEMORY, text, figures)


def _say_sample(sample: Sample) -> Finding:
    text = (
        f"It was trained and judged on a sample: {sample.kept:,} of {count(sample.of, 'row')} ([model] sample_rows), "
        f"drawn by the hash of the row with the seed {sample.seed}. The same rows are drawn on any machine."
    )
    figures = {"rows": sample.kept, "of": sample.of, "seed": sample.seed}
    return Finding(Topic.SAMPLE, text, figures)
