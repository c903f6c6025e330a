"""The tab *Code*: the own code that a result comes from, by stage, with its digests."""

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st

from page.results.own_code import Piece, StageCode, State
from page.shell.markdown import plain, with_commands
from relay.handoff.wording import list_words

CODE = "Code"
"""The tab's title."""

SIGNS: dict[State, tuple[str, Literal["green", "orange"]]] = {
    State.SAME: (":material/check:", "green"),
    State.EDITED: (":material/edit:", "orange"),
    State.REMOVED: (":material/delete:", "orange"),
}
"""State -> sign and colour; the word stands beside them."""

MOST_NAMED = 5
"""Changed texts that are named above the code."""

REST = "other statements"

LOST = (
    "The data that this result was made from has been replaced since, so its code is not known here. "
    "The page Data shows the code of the data that lies there now."
)


def show_code(codes: Sequence[StageCode]) -> None:
    """The functions of all stages; what they use can be opened below each."""
    st.caption(
        "A receipt holds the SHA-256 of each text that its stage ran. “As it ran” means that the text in recipes/ "
        "has the same SHA-256."
    )
    changed = list(dict.fromkeys(piece.name for code in codes for piece in code.changed))
    if changed:
        more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
        st.info(
            plain(
                f"Edited or removed since this run: {', '.join(changed[:MOST_NAMED])}{more}. "
                "The next run executes the stages that use them."
            ),
            icon=":material/edit:",
        )
    for code in codes:
        _show_stage(code, is_of_other=code.recipe != codes[-1].recipe)


def _show_stage(code: StageCode, *, is_of_other: bool) -> None:
    stage = f"{code.stage} {code.recipe}" if is_of_other else code.stage
    if code.main is not None:
        _show_piece(code.main, f"{stage}: {code.function}", code.main.file)
    else:
        st.markdown(f"**{plain(stage)}**")
    if code.is_unknown:
        st.caption(LOST)
    for file, pieces in code.others.items():
        state = next((piece.state for piece in pieces if piece.state is not State.SAME), State.SAME)
        colour = SIGNS[state][1]
        with st.expander(f"{plain(_name_file(file, pieces))} · :{colour}[{state}]", icon=":material/code:"):
            for piece in pieces:
                _show_piece(piece, piece.definition or (REST if file.endswith(".py") else file))


def _name_file(file: str, pieces: Sequence[Piece]) -> str:
    if not file.endswith(".py"):
        return file
    return f"{file}: {list_words([piece.definition or REST for piece in pieces])}"


def _show_piece(piece: Piece, title: str, file: str = "") -> None:
    icon, colour = SIGNS[piece.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(title)}**{f' in `{file}`' if file else ''}", width="content")
        st.badge(piece.state, icon=icon, color=colour)
    st.caption(f"SHA-256 `{piece.digest}`")
    if piece.problem:
        st.warning(with_commands(piece.problem), icon=":material/error:")
    if not piece.file.endswith(".py"):
        st.caption("A data file of the package; it counts by its bytes.")
    elif piece.ran is not None:
        st.code(piece.ran, language="python")
        _show_change(piece)
    elif piece.now is not None:
        st.caption("This is the text now: the text that ran was not kept.")
        st.code(piece.now, language="python")
    else:
        st.caption("The text that ran was not kept.")


def _show_change(piece: Piece) -> None:
    if piece.difference:
        st.caption("Above is the text that ran. Changed since, as a diff:")
        st.code(piece.difference, language="diff")
    elif piece.state is State.REMOVED:
        st.caption("This is the text that ran. It is no longer in recipes/.")


def show_differences(differences: Mapping[str, str]) -> None:
    """The own code in which two results differ: a diff to open for each function or class."""
    for name, difference in differences.items():
        if difference:
            with st.expander(plain(name), icon=":material/difference:"):
                st.code(difference, language="diff")
    lost = [name for name, difference in differences.items() if not difference]
    if lost:
        st.caption(plain(f"No diff of {list_words(lost)}: a result keeps only the files that its model needs."))
