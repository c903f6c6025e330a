"""Relay beside R's stylo: values agree where stylo is installed, and its absence is a sentence, not a failure."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import authorship_peers
from benchmarks.authorship_peers import Case, measure_folder


def test_quick_mode_agrees_with_stylo_or_says_what_is_missing() -> None:
    rows = authorship_peers.run(quick=True)
    if "skipped" in rows[0]:
        assert (len(rows), str(rows[0]["skipped"]).startswith("R ")) == (1, True)
        return
    differences = [row["largest_difference"] for row in rows if "largest_difference" in row]
    assert len(differences) >= 4
    assert max(differences) < 1e-9


def test_without_r_the_only_row_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert authorship_peers.run(quick=True) == [
        {
            "work": "R's package stylo",
            "skipped": "R is not installed: no Rscript on the PATH. Install R, then its package stylo.",
        }
    ]


def test_our_side_writes_distances_of_the_texts_in_the_order_of_their_names(tmp_path: Path) -> None:
    texts, output = tmp_path / "texts", tmp_path / "output"
    texts.mkdir()
    output.mkdir()
    for name, text in {"B_1": "a a b", "A_1": "a b b", "A_2": "b b b"}.items():
        (texts / f"{name}.txt").write_text(text)
    measure_folder(texts, output, Case(3, 5, "w", 1, 2, 1), ["frequency_manhattan"])
    distances = np.fromfile(output / "frequency_manhattan.bin").reshape(3, 3)
    assert np.allclose(distances, [[0, 2 / 3, 2 / 3], [2 / 3, 0, 4 / 3], [2 / 3, 4 / 3, 0]])
    assert len(np.fromfile(output / "frequency_manhattan.heights")) == 2
