"""One colour and one marker for each label of a result, in every picture of it, and a name for it in every legend."""

import json
import re
import tomllib
from collections import Counter
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from checkout import CHECKOUT, Project
from hypothesis import given
from hypothesis import strategies as st
from styles import ODD, ODD_SHOWN, SOURCES, ask

from page.results.charts import draw_result
from page.results.maps import SHAPES, draw_text_on_map
from relay.results.signs import COLOURS, MARKERS, Signs, choose_signs, find_changed, name_labels, read_signs

UNKNOWN = "label not known"


def read_metrics(project: Project, name: str) -> Any:
    return json.loads(project.text(f"output/{name}/latest/metrics.json"))


def read_drawn_texts(project: Project, picture: str) -> list[str]:
    """The texts of an SVG, which matplotlib repeats as comments."""
    return re.findall(r"<!-- (.*?) -->", project.text(f"output/odd/latest/{picture}.svg"), re.DOTALL)


@pytest.mark.parametrize(("picture", "number"), [("map", " (3)"), ("time", ""), ("tree", "")])
def test_every_label_is_in_the_legend(styles: Project, picture: str, number: str) -> None:
    shown = [ODD_SHOWN.get(label, label) for label in [*sorted(ODD), UNKNOWN]]
    legend = [f"{name}{number}" for name in shown]
    texts = read_drawn_texts(styles, picture)
    assert [text for text in texts if text in legend] == legend


def test_the_words_of_each_label_stand_under_its_name(styles: Project) -> None:
    shown = [ODD_SHOWN.get(label, label) for label in sorted(ODD)][:9]
    assert [text for text in read_drawn_texts(styles, "words") if text in shown] == shown


def read_points(project: Project) -> list[tuple[str, str, int]]:
    """Colour, outline of the marker and number of points, of each group of the map's points as it is drawn."""
    svg = project.text("output/odd/latest/map.svg")
    outlines, found = dict(re.findall(r'<path id="(m\w+)" d="([^"]*)"', svg)), []
    for group in re.split(r'<g id="PathCollection_\d+">', svg)[1 : len(ODD) + 2]:
        uses = re.findall(
            r'<use xlink:href="#(m\w+)".*?style="(?:fill|stroke): (#[0-9a-f]{6})', group.split('<g id="')[0]
        )
        (outline, colour), number = uses[0], len(uses)
        assert uses == [(outline, colour)] * number
        found.append((colour.upper(), outlines[outline], number))
    return found


def test_the_map_is_drawn_with_the_stored_signs(styles: Project) -> None:
    stored = read_metrics(styles, "odd")["signs"]
    assert [sign["label"] for sign in stored] == [*sorted(ODD), None]
    points = read_points(styles)
    assert [(colour, number) for colour, _, number in points] == [(sign["colour"], 3) for sign in stored]
    markers = {(sign["marker"], outline) for sign, (_, outline, _) in zip(stored, points, strict=True)}
    assert len({marker for marker, _ in markers}) == len({outline for _, outline in markers}) == len(markers)
    assert len({(colour, outline) for colour, outline, _ in points}) == len(ODD) + 1


def read_scales(chart: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Name -> colour, and name -> shape, in the chart."""
    encoding = chart.to_dict().get("encoding") or chart.to_dict()["layer"][0]["encoding"]
    scales = [encoding[channel]["scale"] for channel in ("color", "shape")]
    colours, shapes = (dict(zip(scale["domain"], scale["range"], strict=True)) for scale in scales)
    return colours, shapes


@pytest.mark.parametrize("name", SOURCES)
def test_the_chart_on_the_page_has_the_signs_of_the_picture(styles: Project, name: str) -> None:
    metrics, folder = read_metrics(styles, name), styles.folder / "data" / "output" / name / "latest"
    chart = draw_result(SimpleNamespace(metrics=metrics, folder=folder))["Map of styles"]
    colours, shapes = read_scales(chart)
    assert colours == {sign["name"]: sign["colour"] for sign in metrics["signs"]}
    assert shapes == {sign["name"]: SHAPES.get(sign["marker"], sign["marker"]) for sign in metrics["signs"]}
    # As wide as the chart on a laptop and on a phone: long names in one column, short ones in three.
    assert chart.to_dict()["encoding"]["color"]["legend"]["columns"] == (1 if name == "odd" else 3)


def test_a_text_that_is_asked_about_stands_among_the_same_signs(styles: Project) -> None:
    text = SOURCES["clear"][0][7]["text"]
    answer = ask(styles, "clear", text)
    stored = {sign["name"]: sign["colour"] for sign in read_metrics(styles, "clear")["signs"]}
    colours, _ = read_scales(draw_text_on_map(answer["map"]))
    assert list(stored) == ["Ann", "Ben", "Cid", "WHO"]
    # Ben and Cid are candidates: the model knows no other, and still they are not the first two colours.
    assert colours == {name: stored[name] for name in ("Ben", "Cid")}


def test_results_without_stored_signs_go_by_sorted_name(styles: Project) -> None:
    metrics = read_metrics(styles, "odd")
    older = {name: value for name, value in metrics.items() if name != "signs"}
    assert read_signs(older) == read_signs(metrics)
    assert read_signs({"chunks_of_label": {"b": 2, "a": 1, "(unknown)": 1}}) == choose_signs(["a", "b", "b", None])
    assert read_signs({"kind": "regression"}) == Signs(())


def test_two_results_say_which_labels_look_different() -> None:
    first, second, third = choose_signs("abc"), choose_signs("bcd"), choose_signs("ab")
    assert find_changed(first, second) == ["b", "c"]
    assert find_changed(first, third) == []


SEEN_BY = {
    "most people": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""Linear RGB as each sees it. Source: Machado, Oliveira, Fernandes, IEEE TVCG 15 (2009), pp. 1291-1298, severity 1."""


def see_colour(colour: str, seen: Any) -> Any:
    """CIELAB coordinates of a colour as it is seen (3,)."""
    values = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(np.array(seen) @ linear, 0.001, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_colours_are_the_pages_and_can_be_told_apart(eyes: str) -> None:
    theme = tomllib.loads((CHECKOUT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    assert set(COLOURS) <= set(theme["chartCategoricalColors"])
    seen = [see_colour(colour, SEEN_BY[eyes]) for colour in COLOURS]
    # 2.3 is a difference that can just be noticed side by side.
    assert min(float(np.linalg.norm(one - other)) for one, other in combinations(seen, 2)) > 15


LABELS = st.lists(
    st.none() | st.text(max_size=40) | st.sampled_from([*ODD, "", " ", "other labels", UNKNOWN, "(empty)"])
)


@given(LABELS)
def test_whatever_the_labels_signs_and_names_are_whole(labels: list[str | None]) -> None:
    signs = choose_signs(labels)
    assert read_signs({"signs": json.loads(json.dumps(signs.to_json()))}) == signs
    assert {sign.label for sign in signs.signs} == set(labels)
    of_each = signs.of(labels)
    assert [sign.label for sign in of_each] == labels
    assert {sign.name: (sign.colour, sign.marker) for sign in of_each} == {
        name: (sign.colour, sign.marker) for name, sign in signs.legend.items()
    }
    pairs = [(sign.colour, sign.marker) for sign in signs.legend.values()]
    assert len(set(pairs)) == len(pairs) <= 17
    for name in signs.legend:
        assert name.strip() == name != ""
        assert "\n" not in name
        assert len(name) < 48
    if len(set(labels) - {None}) <= 16:
        assert len(signs.legend) == len(set(labels))


@given(st.lists(st.text("ab", min_size=1, max_size=4), min_size=17), st.randoms())
def test_the_smaller_labels_share_a_sign_in_any_order(labels: list[str], order: Any) -> None:
    shuffled = order.sample(labels, len(labels))
    assert choose_signs(shuffled) == choose_signs(labels)
    signs, numbers = choose_signs(labels), Counter(labels)
    alone = [sign.label for sign in signs.signs if sign.marker in MARKERS]
    shared = [sign.label for sign in signs.signs if sign.marker not in MARKERS]
    assert len(alone) == (len(numbers) if len(numbers) <= 16 else 15)
    assert min(numbers[label] for label in alone) >= max((numbers[label] for label in shared), default=0)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("", "(empty)"),
        (" \t", "(empty)"),
        ("a\r\nb", "a b"),
        ("a\u202eb", "ab"),  # turns all that follows around
        ("می\u200cروم", "می\u200cروم"),  # a joiner within a word
        ("e\u0301", "é"),
        ("x" * 33, "x" * 15 + "…" + "x" * 15),
        ("\ud800", "\ufffd"),
        ("_x", "_x"),
        ("nan", "nan"),
    ],
)
def test_a_name_is_one_line_that_can_be_seen(label: str, name: str) -> None:
    assert name_labels([label]) == {label: name}
    assert name_labels([name, label]) == ({name: name} if name == label else {name: name, label: f"{name} (2)"})
