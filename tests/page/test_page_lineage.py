"""The chain from source to result."""

from page_folders import Folders

from handoff.receipt import Receipt
from model.page.kept import load_latest
from model.page.lineage import draw, trace
from model.page.rows import find_receipt


def chain_of(folders: Folders, recipe: str) -> list[Receipt]:
    layers = [find_receipt(folders.settings, recipe, layer) for layer in ("raw", "processed")]
    return [*layers, load_latest(folders.settings, recipe).receipt]


def test_every_box_names_its_fingerprint(full: Folders) -> None:
    raw, processed, result = chain_of(full, "styles")
    html = draw(trace(raw, processed, result))
    assert "styles.jsonl" in html
    assert all(receipt.fingerprint[:12] in html for receipt in (raw, processed, result))
    assert "outdated" not in {stop.state for stop in trace(raw, processed, result)}


def test_a_box_that_was_made_from_other_data_says_what_to_run(full: Folders) -> None:
    full.run("ingest", "linear", "--set", "ingest.rows=50")
    stops = trace(*chain_of(full, "linear"))
    assert [stop.state for stop in stops] == ["good", "good", "outdated", "good"]
    assert stops[2].note.endswith("lies there now: run preprocess again")


def test_what_is_missing_says_so_and_text_stays_text() -> None:
    stops = trace("raw/x is not there yet: run <b>", "damaged", "nothing was trained yet")
    assert [stop.state for stop in stops] == ["missing", "missing", "damaged", "missing"]
    assert "run &lt;b&gt;" in draw(stops)
