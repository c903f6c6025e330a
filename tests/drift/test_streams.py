"""What the streams of a watch begin with, and which records they count."""

import numpy as np
import pytest

from drift.columns import Column, Columns
from drift.errors import DriftError
from drift.profile import Profile, build_profile
from drift.streams import REFUSED, Records, Stream, begin_streams, check_records, place_records
from drift.ties import hash_ids
from drift.watch import Watch

WORDS = np.array(["blue", "red", None], object)


def read(ages: list[float], colours: list[str | None]) -> Columns:
    values = np.empty(len(colours), object)
    values[:] = colours
    return [Column("age", "number", np.array(ages)), Column("colour", "category", values)]


def profile_of_three() -> Profile:
    train = read([1.0, 2, 2, 3] * 5, ["blue", "red", "red", None] * 5)
    return build_profile(train, read([1.0, np.nan, 9], ["red", None, "green"]), test_scores=np.array([0.1, 0.2, 0.3]))


def test_streams_begin_with_the_counts_of_the_test_rows() -> None:
    starts = begin_streams(profile_of_three(), refused=True)
    assert [stream.name for stream in starts] == [
        *("values: age", "missing: age", "values: colour", "missing: colour", "new: colour"),
        *("values: (score)", "refused: (refused)"),
    ]
    assert starts[Stream("age", "missing")].tolist() == [[2, 1]]
    assert starts[Stream("colour", "values", "category")].tolist() == [[1, 0, 1]]  # red, blue, another
    assert starts[Stream("colour", "new")].tolist() == [[1, 1]]
    assert starts[Stream(REFUSED, "refused")].tolist() == [[3, 0]]


def test_each_stream_counts_the_records_that_have_what_it_watches() -> None:
    columns = read([2.0, np.nan, 7, 1], ["green", "red", None, "red"])
    refused = np.array([False, False, False, True])
    records = Records(columns, np.array([0.1, np.nan, 0.3, 0.4]), hash_ids("abcd"), refused)
    profile = profile_of_three()
    placed = dict(zip(begin_streams(profile, refused=True), place_records(profile, records, refused=True), strict=True))
    counted = {stream.name: found.records.tolist() for stream, found in placed.items()}
    assert counted == {
        "values: age": [0, 2],
        "missing: age": [0, 1, 2],
        "values: colour": [0, 1],
        "missing: colour": [0, 1, 2],
        "new: colour": [0, 1],
        "values: (score)": [0, 2],
        "refused: (refused)": [0, 1, 2, 3],
    }
    assert placed[Stream("age", "missing")].places.tolist() == [0, 1, 0]
    assert placed[Stream("colour", "new")].places.tolist() == [1, 0]
    assert placed[Stream(REFUSED, "refused")].places.tolist() == [0, 0, 0, 1]


def test_categories_of_other_types_are_told_apart_by_how_they_are_written() -> None:
    def name(values: list[object]) -> Columns:
        column = np.empty(len(values), object)
        column[:] = values
        return [Column("code", "category", column)]

    profile = build_profile(name(["1", "True", "1.0", "b"] * 9), name(["1"]))
    values: list[object] = [1, True, 1.0, "b", None, float("nan"), 2]
    records = Records(name(values), None, hash_ids("abcdefg"), None)
    placed = list(place_records(profile, records, refused=False))
    assert placed[0].records.tolist() == [0, 1, 2, 3, 6]
    assert placed[0].places.tolist() == profile.columns[0].place(name(values)[0].values).tolist()
    assert len(set(placed[0].places.tolist())) == 5
    assert placed[2].places.tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("columns", "score", "message"),
    [
        (read([1.0], ["red"])[:1], np.zeros(1), "lack colour"),
        (read([1.0], ["red"]), None, "lack the score"),
        (read([1.0, 2], ["red"]), np.zeros(1), "found 2 values of age for 1 records"),
        (read([1.0], ["red"]), np.zeros(3), r"found 3 values of \(score\) for 1 records"),
    ],
)
def test_records_that_lack_something_are_refused(columns: Columns, score: np.ndarray, message: str) -> None:
    with pytest.raises(DriftError, match=message):
        check_records(profile_of_three(), Records(columns, score, hash_ids("a"), None))


def draw_columns(random: np.random.Generator, rows: int) -> list[Column]:
    return [
        Column("age", "number", np.round(random.normal(40, 10, rows))),
        Column("colour", "category", WORDS[random.integers(0, 3, rows)]),
    ]


@pytest.mark.parametrize("what", ["missing: age", "new: colour", "refused: (refused)", "missing: colour"])
def test_a_share_that_rises_raises_an_alarm_of_its_own_stream(what: str) -> None:
    random = np.random.default_rng(1)
    watch = Watch(build_profile(draw_columns(random, 3_000), draw_columns(random, 3_000)), refused=True)
    for portion in range(8):
        columns, chosen = draw_columns(random, 400), random.random(400) < (0.2 if portion >= 4 else 0)
        refused = chosen if what.startswith("refused") else np.zeros(400, np.bool_)
        if what == "missing: age":
            columns[0].values[chosen] = np.nan
        elif what.endswith("colour"):
            columns[1].values[chosen] = None if what.startswith("missing") else "octarine"
        watch.look(columns, None, hash_ids(f"{portion}/{number}" for number in range(400)), refused)
    assert watch.alarm is not None
    assert watch.alarm.stream == what
    assert watch.alarm.rows > 1_600


def test_values_of_refused_records_do_not_count() -> None:
    random = np.random.default_rng(2)
    profile = build_profile(draw_columns(random, 1_000), draw_columns(random, 1_000))
    columns, keys = draw_columns(random, 600), hash_ids(map(str, range(600)))
    refused = random.random(600) < 0.5
    evidence = []
    for value in (0.0, 1e9, np.nan):
        columns[0].values[refused] = value
        watch = Watch(profile)
        watch.look(columns, None, keys, refused)
        evidence.append(watch.to_bytes())
    assert evidence[0] == evidence[1] == evidence[2]


def test_a_profile_without_columns_and_score_cannot_be_watched() -> None:
    with pytest.raises(DriftError, match="nothing to watch"):
        Watch(build_profile([], []))
