"""Labels of scripts that matplotlib's own font lacks: another installed font draws them, or a finding names them."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text

from model.training.plots.fonts import InstalledFont, choose_fonts, find_missing, pick_fonts
from model.training.plots.style import Picture, render

OTHER = Path(mpl.get_data_path(), "fonts/ttf/STIXGeneral.ttf")
"""Has U+1D81, which DejaVu Sans lacks, and no Chinese character."""


def draw(*labels: str) -> tuple[Picture, list[Text]]:
    figure = Figure(figsize=(2, 1))
    return Picture("labels", "labels", figure), [figure.text(0.1, 0.5, label) for label in labels]


def test_a_font_that_has_the_character_draws_it_and_other_texts_keep_the_standard_one() -> None:
    picture, (plain, odd) = draw("Ann", "Ann \u1d81")
    boxes = render(picture)["labels.png"]
    before = plain.get_fontfamily()
    assert choose_fonts([picture], [str(OTHER)]) == ()
    assert odd.get_fontfamily() == ["DejaVu Sans", "STIXGeneral"]
    assert plain.get_fontfamily() == before
    assert render(picture)["labels.png"] != boxes


def test_texts_that_no_font_can_draw_are_named_with_what_to_do() -> None:
    picture, _ = draw("Ann", "魯\n迅", "張愛玲 \u1d81", "魯\n迅")
    (said,) = choose_fonts([picture], [str(OTHER)])
    assert said.figures == {"characters": sorted("魯迅張愛玲"), "texts": ["魯 迅", "張愛玲 \u1d81"]}
    assert "boxes for 5 characters that no installed font has, in: 魯 迅 and 張愛玲 \u1d81. Install a font" in said.text


def test_labels_of_the_standard_font_look_for_no_other() -> None:
    picture, _ = draw("Ann", "Ёжик", "שלום", "two\nlines\u200b", "naïve ")
    assert choose_fonts([picture], ["/is/not/read.ttf"]) == ()


def test_controls_and_blanks_need_no_glyph() -> None:
    assert find_missing("a\n\t\u3000\u200d文", {ord("a"): 1}) == {"文"}


def test_the_font_with_the_most_characters_comes_first_and_one_that_adds_nothing_not_at_all() -> None:
    fonts = [InstalledFont(path, path, frozenset(has)) for path, has in (("a", "x"), ("b", "xy"), ("c", "z"))]
    assert [font.name for font in pick_fonts(frozenset("xyz!"), fonts)] == ["b", "c"]
