"""One way to ask a model of styles about a text, for the command line, the page, the API and the contract's example."""

from typing import Any

from relay.handoff.wording import show_share
from relay.registry.contract import Asking

MUCH_REPETITION = 1 / 3
"""Share of a text from which on its repetition is named: a text that was pasted twice has about a half, essays of the
Federalist have 0.13 at most."""

UNKNOWN_COVERAGE = (
    "This model was trained before the coverage of its texts was recorded: whether it can judge this text is not known."
)


def ask_model(model: Any, text: str, asking: Asking | None) -> Any:
    """What a model of styles finds in a text that is prepared like the texts that it knows: a `Style`.

    Args:
        model: an AuthorshipClassifier.
        text: as it was written.
        asking: from the contract. Contracts of version 0.1 do not state how texts were prepared, nor the lowest
            coverage of a known text: their models are asked as version 0.1 asked them.

    Raises:
        StylometryError: the text cannot be compared.
    """
    if asking is None:
        return model.ask_whole(text)
    if asking.preparation is None:
        return model.ask(text, asking.chunk_chars)
    from relay.handoff.texts import prepare_text  # Arrow takes a while to import, and a table's model needs none of it

    preparation = asking.preparation
    return model.ask(
        text,
        asking.chunk_chars,
        prepare=lambda written: prepare_text(written, preparation),
        lowest_coverage=asking.lowest_coverage,
    )


def find_warnings(style: Any, asking: Asking | None) -> tuple[str, ...]:
    """What the answer about a text cannot be trusted for: coverage not known, a text that repeats itself.

    Args:
        style: from `ask_model`.
        asking: the same as there.
    """
    warnings = [] if asking is not None and asking.lowest_coverage is not None else [UNKNOWN_COVERAGE]
    if style.repetition >= MUCH_REPETITION:
        warnings.append(
            f"The text repeats itself: {show_share(style.repetition)} of it stood in it before. It says no more about "
            "a style than its passages do when each is read once."
        )
    return tuple(warnings)
