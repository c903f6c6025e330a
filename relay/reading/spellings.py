"""Words that mean "no value", true or false, for every reader of cells; needs no numerical library."""

MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")
"""Texts that mean "no value" in every column that is not text, unless the recipe declares others."""

TRUE_WORDS = ("true", "True", "TRUE", "1", "1.0", "yes", "t")
FALSE_WORDS = ("false", "False", "FALSE", "0", "0.0", "no", "f")
