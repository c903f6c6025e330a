"""The benchmark of drift holds what it measures, with few batches; the full numbers are the benchmark's."""

import numpy as np
import pytest
from scipy import stats

from benchmarks import drift
from benchmarks.borrowers import load_world, make_borrowers
from benchmarks.drift_rows import shift


@pytest.mark.slow
def test_without_a_shift_blocks_of_borrowers_rarely_differ() -> None:
    sizes, batches = (100, 200, 1_000, 5_000), 60
    *_, whole = drift.measure_null(load_world(), batches, sizes)
    # A true level of 1 % gives more than this many once in 10,000 times.
    assert isinstance(whole["figure"], float)
    assert round(whole["figure"] * batches * len(sizes)) <= stats.binom.ppf(0.9999, batches * len(sizes), 0.01)


@pytest.mark.slow
def test_shifts_of_borrowers_are_found_and_located() -> None:
    world, batches = load_world(), 5
    rows = [*drift.measure_power(world, batches), *drift.measure_where(world, batches)]
    few = [
        str(row["what"]) for row in rows if isinstance(row["high"], float) and row["high"] < float(str(row["limit"]))
    ]
    # The limits are those of the real borrowers; the made-up ones have weaker labels and dependence.
    weak = () if world.is_real else ("label", "dependence", "missing:0.05, n = 1,000: found")
    assert [what for what in few if not what.startswith(weak)] == []


def test_the_cost_of_a_block_is_told_as_a_ratio_and_in_mebibytes() -> None:
    seconds, memory = drift.measure_cost(2_000)
    assert isinstance(seconds["figure"], float)
    assert isinstance(memory["figure"], float)
    assert memory["figure"] < drift.LIMIT_MIB


def test_every_shift_of_the_benchmark_changes_a_batch_and_leaves_the_original() -> None:
    world = load_world()
    batch, _ = world.draw(500, np.random.default_rng(1))
    before = batch.inputs.copy()
    names = {name for shifts in drift.LEAST_POWER.values() for name in shifts} | {"mix:0.3", "copula:1"}
    shifted = {name: shift(world.population, batch, name, np.random.default_rng(2)).inputs for name in names}
    assert [name for name, inputs in shifted.items() if np.array_equal(inputs, before, equal_nan=True)] == []
    assert np.array_equal(batch.inputs, before, equal_nan=True)


def test_made_up_borrowers_are_the_same_each_time_and_some_are_late() -> None:
    (numbers, labels), (again, _) = make_borrowers(2_000), make_borrowers(2_000)
    assert np.array_equal(numbers, again, equal_nan=True)
    assert 0.02 < labels.mean() < 0.3
