"""What the screen *New* keeps in the session: the file, what a person changed, and the drafts so far."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, cast

import streamlit as st

from page.new.answer import Draft
from page.new.making import draft_file, find_free_name
from page.new.table import read_edits
from page.new.uploads import Upload
from page.new.wishes import ROLE, TARGET, Question, Wishes, list_options
from relay.handoff.settings import Settings

STATE = "new"

OF_DATA = ("columns.", "ingest.")
"""How the keys begin whose answers stay true with another target."""

MOST_DRAFTS = 20
"""Kept, so that taking back a change needs no new reading."""


@dataclass
class Work:
    """The work on one file."""

    upload: Upload
    name: str = ""
    title: str = ""
    target: str = ""
    use: str = ""
    offers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Option of `adopt` that chooses among the tables of the file, such as `sheet` -> its values."""
    parts: dict[str, str] = field(default_factory=dict)
    """Option -> what was chosen."""
    is_ordered: bool = False
    """Whether *Create and run* was pressed."""
    answers: dict[str, str] = field(default_factory=dict)
    asked: dict[str, Question] = field(default_factory=dict)
    """Key -> the question as it was asked last: an answer takes it out of the draft."""
    cells: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Edits of the table. Kept here, because a table that is drawn with other rows may forget its own."""
    seen_roles: dict[int, str] = field(default_factory=dict)
    """Roles that were chosen in the table, as they were when the target was looked at last."""
    shown: Draft | None = None
    """The last draft that was shown: it stays while a cell says what no recipe can."""
    drafts: dict[tuple[str, ...], Draft] = field(default_factory=dict)

    @property
    def part_options(self) -> tuple[str, ...]:
        """The options that choose among the tables of the file."""
        return tuple(f"--{key}={value}" for key, value in self.parts.items())

    @property
    def table_key(self) -> str:
        """Of the table's edits in the session."""
        return self.key("table")

    def key(self, name: str) -> str:
        """Of another control."""
        return ":".join((f"new-{name}", self.upload.name, *self.parts.values()))

    def change_target(self, target: str) -> None:
        """Learn another column: the model, and what was answered about the last one, go with that."""
        self.target, self.use = target, ""
        self.answers = {key: said for key, said in self.answers.items() if key.startswith(OF_DATA)}

    def choose(self, key: str, value: str) -> None:
        """Choose another table of the file: what was chosen within the last one, and all changes, are of that alone."""
        before = list(self.offers)[: list(self.offers).index(key)]
        fresh = Work(self.upload, offers={one: self.offers[one] for one in (*before, key)})
        fresh.parts = {one: self.parts[one] for one in before} | {key: value}
        self.__dict__.update(fresh.__dict__)


def find_work() -> Work | None:
    """The work under way in this session."""
    return cast(Work | None, st.session_state.get(STATE))


def begin(upload: Upload) -> None:
    """Begin with a file."""
    st.session_state[STATE] = Work(upload)


def end() -> None:
    """Forget the work."""
    st.session_state.pop(STATE, None)


def draft_first(settings: Settings, work: Work) -> Draft:
    """The draft without any change: columns are known by its names.

    Raises:
        CommandError, UploadError: as `draft_file`.
    """
    first = _draft(settings, work, work.part_options)
    if not work.name:
        work.name, work.title = find_free_name(settings, first.name), first.title
    return first


def draft_now(settings: Settings, work: Work, first: Draft) -> tuple[Draft, tuple[str, ...]]:
    """The draft with all changes, and the options that give it.

    Raises:
        CellError: a cell says what no recipe can.
        CommandError, UploadError: as `draft_file`.
    """
    wishes = gather(work, first, cast(Mapping[str, Any], st.session_state))
    options = (*work.part_options, *list_options(first, wishes))
    return _draft(settings, work, options), options


def gather(work: Work, first: Draft, session: Mapping[str, Any]) -> Wishes:
    """All that the person changed."""
    for number, changed in read_edits(session.get(work.table_key)).items():
        work.cells.setdefault(number, {}).update(changed)
    cells = work.cells
    return Wishes(
        name=work.name if work.name != first.name else "",
        title=work.title if work.title != first.title else "",
        target=choose_target(work, first, cells),
        use=work.use,
        cells=cells,
        answers=work.answers,
    )


def choose_target(work: Work, first: Draft, cells: Mapping[int, Mapping[str, Any]]) -> str:
    """The target after a look at roles that were changed in the table since: the last change counts."""
    roles = {number: str(one[ROLE]) for number, one in cells.items() if one.get(ROLE) is not None}
    for number, role in roles.items():
        if work.seen_roles.get(number) != role and number < len(first.columns):
            name = first.columns[number].name
            if role == TARGET:
                work.change_target(name)
            elif name == (work.target or first.target):
                work.change_target("none")
    work.seen_roles = roles
    return work.target


def _draft(settings: Settings, work: Work, options: tuple[str, ...]) -> Draft:
    drafts: MutableMapping[tuple[str, ...], Draft] = work.drafts
    if options not in drafts:
        with st.spinner("Reading all rows and drafting …"):
            draft = draft_file(settings, work.upload, options)
        while len(drafts) >= MOST_DRAFTS:  # the first one stays
            del drafts[list(drafts)[1]]
        drafts[options] = draft
    return drafts[options]
