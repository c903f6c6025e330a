"""The chain from source to result."""

from collections.abc import Callable
from functools import partial

import pytest
from page_folders import Folders

from page.data.lineage import draw, trace
from page.data.rows import find_receipt
from relay.handoff.errors import DatasetDamagedError, DatasetMissingError, DatasetState, RelayError
from relay.handoff.receipt import Receipt
from relay.handoff.settings import Settings
from relay.results.load import load_latest

GOOD, MISSING, DAMAGED, OUTDATED = DatasetState


def chain_of(folders: Folders, recipe: str) -> list[Receipt]:
    layers = [find_receipt(folders.settings, recipe, layer) for layer in ("raw", "processed")]
    return [*layers, load_latest(folders.settings, recipe).receipt]


def test_every_box_names_its_fingerprint(full: Folders) -> None:
    raw, processed, result = chain_of(full, "styles")
    html = draw(trace(raw, processed, result))
    assert "styles.jsonl" in html
    assert all(receipt.fingerprint[:12] in html for receipt in (raw, processed, result))
    assert OUTDATED not in {stop.state for stop in trace(raw, processed, result)}


def test_a_box_that_was_made_from_other_data_says_what_to_run(full: Folders) -> None:
    full.run("ingest", "linear", "--set", "ingest.rows=50")
    stops = trace(*chain_of(full, "linear"))
    assert [stop.state for stop in stops] == [GOOD, GOOD, OUTDATED, GOOD]
    assert stops[2].note.endswith("lies there now: run preprocess again")


@pytest.mark.parametrize("text", ["raw/x is not there yet: run <b>", "x"])
def test_the_error_says_what_is_missing_and_not_its_text(text: str) -> None:
    stops = trace(DatasetMissingError(text), DatasetDamagedError(text), DatasetMissingError(text))
    assert [stop.state for stop in stops] == [MISSING, MISSING, DAMAGED, MISSING]
    assert [stop.note for stop in stops] == ["", text, text, text]


def test_text_stays_text() -> None:
    missing = DatasetMissingError("raw/x is not there yet: run <b>")
    assert "run &lt;b&gt;" in draw(trace(missing, missing, missing))


def test_a_project_without_data_and_with_a_damaged_file_is_shown_as_such(
    full: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RelayError, "__str__", lambda _: "x")
    (full.data / "raw" / "linear.parquet").unlink()
    (full.data / "processed" / "linear.parquet").write_bytes(b"cut")
    found = [error_of(partial(find_receipt, full.settings, "linear", layer)) for layer in ("raw", "processed")]
    result = error_of(partial(load_latest, Settings(data_dir=full.root / "elsewhere"), "linear"))
    stops = trace(found[0], found[1], result)
    assert [(stop.state, stop.note) for stop in stops] == [
        (MISSING, ""),
        (MISSING, "x"),
        (DAMAGED, "x"),
        (MISSING, "x"),
    ]


def error_of(find: Callable[[], object]) -> RelayError:
    with pytest.raises(RelayError) as caught:
        find()
    return caught.value


def test_raw_data_of_several_recipes_is_one_box_and_each_of_them_is_compared(full: Folders) -> None:
    raw, processed, result = chain_of(full, "linear")
    key = processed.key.model_copy(update={"inputs": {"raw/a": raw.fingerprint, "raw/b": "0" * 64}})
    processed = processed.model_copy(update={"key": key})
    other = raw.model_copy(update={"fingerprint": "0" * 64})
    stops = trace(None, processed, result, {"a": raw, "b": other})
    assert [(stop.title, stop.state) for stop in stops[:2]] == [("raw data", GOOD), ("processed data", GOOD)]
    assert stops[0].lines[1] == f"b: {raw.rows:,} rows, fingerprint 000000000000"
    stops = trace(None, processed, result, {"a": other, "b": other})
    assert stops[1].state == OUTDATED
    assert stops[1].note.startswith(f"made from raw/a {raw.fingerprint[:12]}, and 000000000000 lies there now")
    stops = trace(None, processed, result, {"a": raw, "b": DatasetMissingError("raw/b is not there yet")})
    assert (stops[0].state, stops[0].note) == (MISSING, "raw/b is not there yet")
