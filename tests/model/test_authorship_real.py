"""A known answer through the real stages: the essays that two men claimed.

Source: Mosteller, Wallace: Inference in an authorship problem, JASA 58 (1963), pp. 275-309.
"""

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.real
def test_all_disputed_essays_are_nearest_to_madison_and_raw_counts_do_not_see_it(desk: Any, real_data: Path) -> None:
    text = (ROOT / "recipes/federalist.toml").read_text(encoding="utf-8")
    text = re.sub(r'^url = ".*"$', f'path = "{real_data}/federalist.txt"', text.replace('"http"', '"file"'), flags=re.M)
    recipe = desk.recipe(text, "essays")
    assert [desk.run(stage, recipe) for stage in ("ingest", "preprocess", "model")] == [0, 0, 0]
    said = desk.said("model")
    assert any(line.endswith("12 documents labelled DISPUTED: nearest in style to MADISON 12.") for line in said)
    latest = desk.data / "output/essays/latest"
    rows = pq.read_table(latest / "by_distance.parquet").to_pylist()
    to_madison = {
        (row["distance"], row["units"], row["compare_with"]): row["documents"]
        for row in rows
        if (row["group"], row["label"]) == ("DISPUTED", "MADISON")
    }
    assert {choice[2] for choice, documents in to_madison.items() if documents == 12} == {"text", "centroid"}
    assert {choice[0] for choice, documents in to_madison.items() if documents == 12} == {"cosine_delta"}
    assert to_madison["count_manhattan", "chars", "text"] == 2
    known = {row["compare_with"]: row["known_balanced_accuracy"] for row in rows if row["distance"] == "cosine_delta"}
    assert (known["text"] > 0.95, known["centroid"] > 0.85) == (True, True)
