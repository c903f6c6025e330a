"""The words that each label prefers, a panel a label."""

import re
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model.training.authorship.keywords import Preference
from model.training.plots.style import BLUE, Picture, house_style
from relay.results.signs import GREY, name_labels

MOST_PANELS = 9
MOST_WORDS = 12
COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT = 3.1, 3.2

HEBREW_MARKS = re.compile("[\u0591-\u05bd\u05bf-\u05c7]")

NOTABLE = 2.0
"""Beyond about two standard deviations a difference is more than the scatter of single occurrences."""


def draw_words(preferences: Mapping[str, Sequence[Preference]]) -> Picture:
    """Bars of the strongest words of each label, against all others together; the largest labels first come by name."""
    labels, names = list(preferences)[:MOST_PANELS], name_labels(preferences)
    columns = min(COLUMNS, len(labels))
    rows = -(-len(labels) // columns)
    most = max((words[0].z for words in preferences.values() if words), default=1.0)
    with house_style():
        # A single row needs more height than a panel: the title and the axis stand there too.
        figure = Figure(figsize=(max(6.5, PANEL_WIDTH * columns), PANEL_HEIGHT * rows + 0.9), layout="constrained")
        FigureCanvasAgg(figure)
        for number, label in enumerate(labels):
            _draw_panel(figure.add_subplot(rows, columns, number + 1), names[label], preferences[label], most)
        figure.suptitle("Words that a label prefers to all others", x=0.02, ha="left", fontsize=12)
        figure.supxlabel("z of the log-odds (Fightin' Words); the dashed line is 2, about the scatter", fontsize=9.5)
    return Picture("words", "the words that each label prefers to all the others together", figure)


def choose_words(words: Sequence[Preference]) -> list[tuple[str, Preference]]:
    """The strongest words as they are shown; of those that look alike, the strongest."""
    shown: dict[str, Preference] = {}
    for one in words:
        shown.setdefault(show_word(one.word), one)
    return list(shown.items())[:MOST_WORDS]


def show_word(word: str) -> str:
    """The word without Hebrew points and accents, which matplotlib's own font lacks; the table keeps them."""
    return HEBREW_MARKS.sub("", word)


def _draw_panel(axes: Axes, title: str, words: Sequence[Preference], most: float) -> None:
    shown = choose_words(words)
    axes.barh(range(len(shown)), [one.z for _, one in shown], color=BLUE, height=0.72)
    axes.axvline(NOTABLE, color=GREY, linestyle="--", linewidth=1)
    axes.set_yticks(range(len(shown)), [word for word, _ in shown], fontsize=9)
    axes.set(xlim=(0, 1.05 * most), ylim=(MOST_WORDS - 0.5, -0.5))
    axes.set_title(title, fontsize=10.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
