"""Fonts for what the standard font of matplotlib has no glyphs for, such as Chinese, Japanese and Korean labels."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

from model.training.plots.style import Picture
from relay.handoff.wording import count, list_words
from relay.results.findings import Finding, Topic

STANDARD = "DejaVu Sans"
"""Comes with matplotlib, so that plots are alike on every machine."""

REGULAR = 400
"""Weight of a font that is neither light nor bold."""

WITHOUT_GLYPHS = ("LastResort", "Adobe Blank", "Adobe NotDef")
"""Parts of the names of fonts that draw a box, or nothing, for every character."""

NOT_DRAWN = ("C", "Z")
"""Categories of Unicode of characters that need no glyph: controls, formats and separators."""

MOST_FONTS = 3
"""Beside the standard one: few labels mix more scripts."""

MOST_NAMED = 5
"""Texts that a finding names."""


@dataclass(frozen=True)
class InstalledFont:
    """A font file of this machine."""

    path: str
    name: str
    characters: frozenset[str]
    """Of those that were asked for."""


def choose_fonts(pictures: Sequence[Picture], paths: Sequence[str] | None = None) -> tuple[Finding, ...]:
    """A finding on texts of which no installed font has all characters; all other texts get fonts that have them.

    Texts that the standard font can draw stay as they are, so that their plots depend on no other font.

    Args:
        pictures: the plots.
        paths: font files to choose from; those of this machine by default.
    """
    standard = _read_characters(font_manager.findfont(STANDARD))
    texts = [text for picture in pictures for text in picture.figure.findobj(Text) if isinstance(text, Text)]
    missing = {id(text): find_missing(text.get_text(), standard) for text in texts}
    wanted = frozenset[str]().union(*missing.values())
    if not wanted:
        return ()
    fonts = pick_fonts(wanted, list_fonts(wanted, font_manager.findSystemFonts() if paths is None else paths))
    for font in fonts:
        font_manager.fontManager.addfont(font.path)
    drawn = frozenset[str]().union(*(font.characters for font in fonts))
    undrawn: list[str] = []
    for text in texts:
        if lacks := missing[id(text)]:
            text.set_fontfamily([STANDARD, *(font.name for font in fonts if font.characters & lacks)])
            if lacks - drawn:
                undrawn.append(" ".join(text.get_text().split()))
    return say_undrawn(list(dict.fromkeys(undrawn)), wanted - drawn)


def find_missing(text: str, characters: Mapping[int, int]) -> frozenset[str]:
    """The characters of a text that a font has no glyph for."""
    return frozenset(
        one for one in text if ord(one) not in characters and unicodedata.category(one)[0] not in NOT_DRAWN
    )


def list_fonts(wanted: frozenset[str], paths: Iterable[str]) -> list[InstalledFont]:
    """The regular upright fonts among the files that have some of the characters."""
    found = []
    for path in sorted(paths):
        try:
            font = font_manager.get_font(path)
            entry = font_manager.ttfFontProperty(font)
        except (RuntimeError, OSError, NotImplementedError, ValueError):  # bitmaps, damaged files, no name
            continue
        is_plain = entry.style == "normal" and entry.weight == REGULAR and "Mono" not in entry.name
        if is_plain and not any(part in entry.name.replace(" ", "") for part in map(_join, WITHOUT_GLYPHS)):
            has = font.get_charmap()
            found.append(InstalledFont(path, entry.name, frozenset(one for one in wanted if ord(one) in has)))
    return [font for font in found if font.characters]


def pick_fonts(wanted: frozenset[str], fonts: Iterable[InstalledFont]) -> list[InstalledFont]:
    """Fonts that have as many of the characters as possible, the one with the most first; of equal ones by path."""
    left, picked, offered = wanted, list[InstalledFont](), list(fonts)
    while left and offered and len(picked) < MOST_FONTS:
        best = min(offered, key=lambda font: (-len(font.characters & left), Path(font.path).name, font.path))
        if not best.characters & left:
            break
        picked.append(best)
        left -= best.characters
    return picked


def say_undrawn(texts: Sequence[str], characters: frozenset[str]) -> tuple[Finding, ...]:
    """Which texts have boxes in the plots, and where a font comes from."""
    if not texts:
        return ()
    more = [f"{len(texts) - MOST_NAMED:,} more"] if len(texts) > MOST_NAMED else []
    named = list_words([*texts[:MOST_NAMED], *more])
    text = (
        f"The plots show boxes for {count(len(characters), 'character')} that no installed font has, in: {named}. "
        "Install a font of this script, such as Noto Sans CJK (Debian: fonts-noto-cjk), and run with --force."
    )
    return (Finding(Topic.FONTS, text, {"characters": sorted(characters), "texts": list(texts)}),)


def _read_characters(path: str) -> Mapping[int, int]:
    font: FT2Font = font_manager.get_font(path)
    return font.get_charmap()


def _join(name: str) -> str:
    return name.replace(" ", "")
