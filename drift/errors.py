"""The error of this library."""


class DriftError(ValueError):
    """A profile, counts or rows that do not fit together; the message says what was found and expected."""
