"""Cells of a CSV file that a person may open in a spreadsheet."""

import re
from typing import Any

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}",
                 "\N{FULLWIDTH HYPHEN-MINUS}", "\N{FULLWIDTH COMMERCIAL AT}")  # fmt: skip
"""How a cell begins that Excel, LibreOffice or Google Sheets may run. Source: OWASP, CSV Injection."""

NUMBER = re.compile(r"[+-]?(?:[0-9][0-9.,]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)? ?%?")


def neutralise(cell: Any) -> Any:
    """A cell that no spreadsheet runs as a formula: an apostrophe in front has it taken for a text. Numbers stay.

    >>> neutralise("=1+1"), neutralise("-5"), neutralise(-5)
    ("'=1+1", '-5', -5)
    """
    is_formula = isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) and not NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula else cell
