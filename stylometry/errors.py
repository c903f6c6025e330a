"""What the caller can put right; each message says found, expected and what to do next."""


class StylometryError(ValueError):
    """The text or the numbers given do not allow the figure asked for."""
