"""Columns that are never to be learned, by their names: places on the earth, and marks of other columns."""

import re
from collections.abc import Sequence

from adopt.recipe.known import Known
from adopt.recipe.words import join_name, list_words, split_name

COORDINATE = re.compile(
    r".*(wgs84?|etrs89|utm|epsg\d*|gcs|coord|coords|coordinate|coordinates|koordinate|koordinaten|linref)[xy]?"
    r"|[xy](coord|coordinate|koordinate|utm|pos).*|(geo|geom)?(lat|lon|lng)|easting|northing|eastings|northings"
    r"|(gauss)?(rechtswert|hochwert)|ostwert|nordwert"
)
"""Names, without the marks between their words, of places on the earth: `YGCSWGS84`, `x_coord`, `Northing`."""

MARKS = list_words(
    "cd code qualifier qualifiers qual flag flags flg qc qa qn unit units uom source src method remark remarks quality "
    "qualität einheit kennzeichen provisional approval attributes symbol footnote footnotes status"
)
"""Last words that the name of a mark has more than the name of the value that it is of: `69928_00060_00003_cd`."""


def is_coordinate(name: str) -> bool:
    """Whether a name is of a place on the earth."""
    return COORDINATE.fullmatch(join_name(name)) is not None


def find_marks(columns: Sequence[Known]) -> frozenset[int]:
    """The places of columns that say of another one's cells how they were found, by the names of both."""
    numbers = {split_name(column.name): column for column in columns if column.is_number}
    found = set()
    for column in columns:
        words = split_name(column.name)
        whole = numbers.get(words[:-1]) if len(words) > 1 and words[-1] in MARKS else None
        if whole is not None and whole.distinct > column.distinct:
            found.add(column.index)
    return frozenset(found)
