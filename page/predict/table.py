"""Many records at once: a CSV file up, checked before anything is asked, and the same file with the answers down."""

from collections.abc import Sequence

import streamlit as st

from page.predict.ask import Answering, Given, Served
from page.shell.markdown import plain, with_commands
from relay.handoff.errors import RelayError
from relay.handoff.wording import count
from relay.registry.contract import Contract
from relay.registry.reasons import say_share, say_value
from relay.registry.record_table import MOST_BYTES, MOST_ROWS, RecordTable, RowAnswer, read_table, write_table
from relay.registry.task import ModelTask

FLAWS_SHOWN = 20
FIRST_ROWS = 10
LINE = "Line"


def show_table(answering: Answering, served: Served, key: str) -> None:
    """The upload, what is wrong with it, and the answers."""
    contract = served.contract
    st.caption(
        plain(
            f"Columns {', '.join(contract.inputs)}, in any order; others are kept as they are. At most {MOST_ROWS:,} "
            f"rows and {MOST_BYTES // 1_000_000} MB, UTF-8, parted by commas."
        )
    )
    file = st.file_uploader("A CSV file", type="csv", key=f"{key}:file", max_upload_size=MOST_BYTES // 1_000_000)
    if file is None:
        st.session_state.pop(f"{key}:answers", None)
        return
    try:
        table = read_table(file.getvalue(), contract.inputs, contract.limits)
    except RelayError as error:
        st.warning(with_commands(str(error)), icon=":material/table_chart:")
        return
    show_bad_rows(table)
    this = (file.file_id, served.model, served.version)
    if table.records and st.button(f"Predict {count(len(table.records), 'row')}", icon=":material/table_chart:"):
        st.session_state[f"{key}:answers"] = (this, answer_all(answering, table))
    known = st.session_state.get(f"{key}:answers")
    if known is not None and known[0] == this:
        offer_answers(served, table, known[1], file.name)


def show_bad_rows(table: RecordTable) -> None:
    """The rows that break the contract, by line."""
    if not table.bad:
        return
    is_all = len(table.bad) == len(table.rows)
    rest = "none can be answered" if is_all else "the others can be answered"
    st.warning(
        plain(f"{len(table.bad):,} of {count(len(table.rows), 'row')} do not keep the model's contract; {rest}."),
        icon=":material/rule:",
    )
    rows = [
        {LINE: str(bad.number), "What is wrong": plain("; ".join(flaw.say() for flaw in bad.flaws))}
        for bad in table.bad[:FLAWS_SHOWN]
    ]
    st.table(rows, border="horizontal", hide_index=True)
    if len(table.bad) > FLAWS_SHOWN:
        st.caption(f"The first {FLAWS_SHOWN}; the column `problem` of the download names all.")


def answer_all(answering: Answering, table: RecordTable) -> dict[int, RowAnswer]:
    """Index of a row -> its answer.

    Raises:
        RelayError: a part was not answered; the message says how many rows before it were.
    """
    indices, answers = list(table.records), dict[int, RowAnswer]()
    bar = st.progress(0.0, f"0 of {count(len(indices), 'row')}")
    try:
        with st.spinner("Asking the model", show_time=True):
            for given in answering.in_parts(list(table.records.values())):
                answers |= dict(zip(indices[len(answers) :], name_rows(given), strict=False))
                bar.progress(len(answers) / len(indices), f"{len(answers):,} of {count(len(indices), 'row')}")
    except RelayError as error:
        before = f" {count(len(answers), 'row')} before it were answered and logged." if answers else ""
        error.args = (f"{error}.{before}",)  # so that it keeps its kind
        raise
    finally:
        bar.empty()
    return answers


def name_rows(given: Given) -> list[RowAnswer]:
    """The answers of a part, each with the id under which the log has its record."""
    shares: Sequence[float | None] = given.probabilities or [None] * len(given.predictions)
    return [
        RowAnswer(prediction, share, given.version, f"{given.prediction_id}/{index}" if given.prediction_id else "")
        for index, (prediction, share) in enumerate(zip(given.predictions, shares, strict=True))
    ]


def offer_answers(served: Served, table: RecordTable, answers: dict[int, RowAnswer], name: str) -> None:
    """The first answers, and all for download."""
    versions = sorted({answer.version for answer in answers.values()})
    st.success(
        plain(
            f"{len(answers):,} of {count(len(table.rows), 'row')} answered by version {', '.join(versions)}"
            f"{', logged' if any(answer.prediction_id for answer in answers.values()) else ', not logged'}."
        ),
        icon=":material/check:",
    )
    st.table(list_answers(served.contract, answers), border="horizontal", hide_index=True)
    st.download_button(
        "Download all answers",
        write_table(table, answers, for_spreadsheets=True),
        f"{name.removesuffix('.csv')}-predicted.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    st.caption(
        plain(
            "Texts that a spreadsheet would run as a formula, since they begin with =, +, - or @, have an apostrophe "
            "in front. Numbers are as they were."
        )
    )


def list_answers(contract: Contract, answers: dict[int, RowAnswer]) -> list[dict[str, str]]:
    """The first answers as the lines of a table; a target that is called as another column is, gets another heading."""
    share = f"Probability of {contract.classes[1]}" if contract.task == ModelTask.BINARY else "Probability"
    target = f"{contract.target} (answer)" if contract.target in (LINE, share) else contract.target
    return [
        {
            LINE: str(index + 2),
            plain(target): plain(say_value(contract, one.prediction)),
            **({} if one.probability is None else {plain(share): plain(say_share(one.probability))}),
        }
        for index, one in list(answers.items())[:FIRST_ROWS]
    ]
