"""The watch: same bytes in any split, exact p-values, no alarm without a change, an alarm with one."""

import numpy as np
import numpy.typing as npt
import pytest

from drift.columns import Column, Floats
from drift.errors import DriftError
from drift.profile import Profile, build_profile
from drift.ties import hash_ids
from drift.watch import Watch

WORDS = np.array(["blue", "green", "red", None], object)


def draw_columns(random: np.random.Generator, rows: int, *, shift: float = 0.0) -> list[Column]:
    """Whole numbers, floats of which a tenth is missing, categories of which some are missing, a constant."""
    floats = random.normal(shift, 1, rows)
    floats[random.random(rows) < 0.1] = np.nan
    return [
        Column("age", "number", np.round(random.normal(40 + 10 * shift, 10, rows))),
        Column("income", "number", floats),
        Column("colour", "category", WORDS[random.integers(0, 4, rows)]),
        Column("constant", "number", np.ones(rows)),
    ]


def draw_profile(random: np.random.Generator, rows: int = 2_000) -> Profile:
    return build_profile(
        draw_columns(random, rows),
        draw_columns(random, rows),
        train_scores=random.random(rows),
        test_scores=random.random(rows),
    )


def cut(columns: list[Column], start: int, stop: int) -> list[Column]:
    return [Column(column.name, column.kind, column.values[start:stop]) for column in columns]


def has_alarm(watch: Watch) -> bool:
    return watch.alarm is not None


def name_records(rows: int) -> npt.NDArray[np.uint64]:
    return hash_ids(f"prediction/{number}" for number in range(rows))


@pytest.mark.parametrize("portion", [50, 199, 200, 201, 777])
def test_any_split_gives_the_same_bytes(portion: int) -> None:
    random = np.random.default_rng(1)
    profile, columns, score, keys = (
        draw_profile(random),
        draw_columns(random, 1_000),
        random.random(1_000),
        name_records(1_000),
    )
    whole = Watch(profile)
    looks = whole.look(columns, score, keys)
    assert [look.rows for look in looks] == [200, 400, 600, 800, 1_000]
    parts = Watch(profile)
    found = list(parts.look(cut(columns, 0, 0), score[:0], keys[:0]))
    for start in range(0, 1_000, portion):
        found += parts.look(
            cut(columns, start, start + portion), score[start : start + portion], keys[start : start + portion]
        )
        parts = Watch.from_bytes(parts.to_bytes(), profile)
    assert tuple(found) == looks
    assert parts.to_bytes() == whole.to_bytes()


def test_groups_are_compared_with_their_own_past_alone() -> None:
    random = np.random.default_rng(5)
    profile, keys = draw_profile(random), name_records(6_000)
    groups = np.arange(6_000) // 300 % 2
    columns = draw_columns(random, 6_000)
    columns[0].values[groups == 1] += 30
    score = random.random(6_000)
    together, apart, parts = Watch(profile), Watch(profile, groups=2), Watch(profile, groups=2)
    together.look(columns, score, keys)
    apart.look(columns, score, keys, groups=groups)
    assert has_alarm(together)
    assert not has_alarm(apart)
    for start in range(0, 6_000, 250):
        stop = start + 250
        parts.look(cut(columns, start, stop), score[start:stop], keys[start:stop], groups=groups[start:stop])
        parts = Watch.from_bytes(parts.to_bytes(), profile)
    assert parts.to_bytes() == apart.to_bytes()
    columns[0].values[groups == 0] += 30
    apart.look(columns, score, keys, groups=groups)
    assert apart.alarm is not None
    assert apart.alarm.stream == "values: age"


def test_a_watch_with_groups_needs_them() -> None:
    random = np.random.default_rng(6)
    watch = Watch(draw_profile(random), groups=7)
    with pytest.raises(DriftError, match="begun with 7 of them"):
        watch.look(draw_columns(random, 5), random.random(5), name_records(5))


def test_a_state_of_another_profile_is_refused() -> None:
    random = np.random.default_rng(2)
    state = Watch(draw_profile(random)).to_bytes()
    other = build_profile(draw_columns(random, 500)[:2], draw_columns(random, 500)[:2])
    with pytest.raises(DriftError, match="other streams than the profile says"):
        Watch.from_bytes(state, other)


def test_a_state_that_is_cut_off_is_refused() -> None:
    profile = draw_profile(np.random.default_rng(3))
    state = Watch(profile).to_bytes()
    with pytest.raises(DriftError, match="cut off"):
        Watch.from_bytes(state[:-1], profile)
    with pytest.raises(DriftError, match="expected a state of the form `watch 1`"):
        Watch.from_bytes(b"anything", profile)


def test_a_shift_raises_an_alarm_that_names_its_column_and_its_beginning() -> None:
    random = np.random.default_rng(4)
    watch = Watch(draw_profile(random, 5_000))
    before: Floats = random.random(4_000)
    watch.look(draw_columns(random, 4_000), before, name_records(4_000))
    assert not has_alarm(watch)
    watch.look(draw_columns(random, 2_000, shift=0.5), random.random(2_000), hash_ids(map(str, range(2_000))))
    assert watch.alarm is not None
    assert watch.alarm.stream in ("values: age", "values: income")
    assert 3_600 <= watch.alarm.since <= 4_600
    assert watch.alarm.rows <= 5_400
