"""A number as the text of a category, the same from every format; needs no numerical library."""


def write_number(number: bool | int | float) -> str:
    """The number with all its digits, whole ones without a point: 1 and 1.0 are `1`; truth values are words."""
    if isinstance(number, bool):
        return "true" if number else "false"
    return repr(number).removesuffix(".0").replace("-0", "0") if number == 0 else repr(number).removesuffix(".0")
