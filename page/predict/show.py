"""What the screen Predict shows of an answer: itself in words, who gave it, and which inputs moved it."""

import streamlit as st

from page.predict.ask import Given
from page.shell.markdown import plain, with_commands
from relay.handoff.wording import list_words, show, show_share
from relay.registry.contract import Cell, Contract
from relay.registry.reasons import Reason, say_change, say_figure, say_method, say_prediction, say_share, say_value
from relay.registry.records import show_cell
from relay.registry.task import ModelTask

MOST_LABELS = 10


def show_given(contract: Contract, given: Given, record: dict[str, Cell]) -> None:
    """The answer to one record."""
    prediction = given.predictions[0]
    share = given.probabilities[0] if given.probabilities else None
    with st.container(horizontal=True, gap="medium"):
        st.metric(plain(contract.target), plain(say_value(contract, prediction)), width="content")
        if share is not None:
            positive = contract.classes[1] if contract.task == ModelTask.BINARY else prediction
            st.metric(plain(f"Probability of {_name(positive)}"), plain(say_share(share)), width="content")
        if share is not None and contract.base_rate is not None:
            st.metric("Base rate", plain(say_share(contract.base_rate)), width="content")
    st.markdown(plain(say_prediction(contract, prediction, share)))
    st.caption(plain(say_source(given)))
    if given.details:
        show_details(given)
    if given.reasons:
        show_reasons(contract, given.reasons, record)


def say_source(given: Given) -> str:
    """Who answered, and under which id it is in the log."""
    who = f"{given.model}, version {given.version}"
    if given.prediction_id:
        return f"By {who}; logged as prediction {given.prediction_id}."
    return f"By {who}; not logged."


def show_reasons(contract: Contract, reasons: tuple[Reason, ...], record: dict[str, Cell]) -> None:
    """The inputs that moved the answer, how that was found, and its limit."""
    st.markdown("**Which inputs moved it**")
    moved = [reason for reason in reasons if is_moving(contract, reason, reasons)]
    figure = (
        "The answer"
        if contract.task == ModelTask.REGRESSION or (moved and moved[0].figure is None)
        else "The probability"
    )
    rows = [
        {
            "Input": plain(reason.column),
            "Here": plain(_name(record[reason.column])),
            "Moves it by": plain(say_change(contract, reason)),
            "Usual": plain(_name(reason.usual)),
            f"{figure} then": plain(say_figure(contract, reason)),
        }
        for reason in moved
    ]
    if rows:
        st.table(rows, border="horizontal", hide_index=True)
    still = [reason.column for reason in reasons if reason not in moved]
    if still:
        st.caption(plain(f"Nothing changes with the usual value of {', '.join(still)}."))
    st.caption(plain(say_method(contract)))


def is_moving(contract: Contract, reason: Reason, reasons: tuple[Reason, ...]) -> bool:
    """Whether an input changes something that one can see."""
    if reason.change is None:
        return len({one.prediction for one in reasons}) > 1 and reason.value != reason.usual
    return say_change(contract, reason) != "0"


def show_details(given: Given) -> None:
    """What the API says of one text: the labels, and whether it is by none of them."""
    (detail,) = given.details
    for warning in detail.get("warnings", ()):
        st.warning(with_commands(warning), icon=":material/warning:")
    rows = [
        {
            "Label": plain(str(one["label"])),
            "Distance": show(one["distance"]),
            "Probability": plain(show_share(one["probability"])),
        }
        for one in detail["labels"][:MOST_LABELS]
    ]
    st.table(rows, border="horizontal", hide_index=True)
    found = detail.get("verification")
    if found is not None:
        share = show_share(found["score"])
        others = [one for one in found.get("labels", []) if one["label"] != found["label"]][:MOST_LABELS]
        beside = list_words(f"{one['label']} {show_share(one['score'])}" for one in others)
        st.info(
            plain(
                f"Imposters: {found['verdict']}. In {share} of the rounds it is nearer to {found['label']} than to "
                f"the imposters{f' ({beside})' if others else ''}."
            )
        )
    st.caption("Probabilities assume that one of these labels is right; the imposters test asks whether any is.")


def _name(cell: Cell) -> str:
    return cell if isinstance(cell, str) and cell else show_cell(cell)
