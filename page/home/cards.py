"""A card for each recipe: its last plot, its score, the version that it became, and how its last run ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from page.results.standing import Standing, find_standing
from page.run.job import Job, RunFiles, Status
from page.run.progress import say_status
from page.shell.frame import NEXT, RECIPE
from page.shell.markdown import plain
from relay.handoff.errors import DatasetMissingError, RelayError
from relay.handoff.recipe import Recipe, load_recipe
from relay.handoff.settings import Settings
from relay.handoff.wording import show, show_moment
from relay.results.figures import Figure, list_figures
from relay.results.load import Result, load_latest

IN_A_ROW = 3


@dataclass(frozen=True)
class Card:
    """What is known of a recipe."""

    source: str
    """The recipe's name or path, as the page lists it."""
    title: str
    description: str = ""
    made: str = ""
    """When the latest result was made, in UTC; empty without a result."""
    picture: Path | None = None
    alt: str = ""
    figure: Figure | None = None
    standing: Standing | None = None
    job: Job | None = None
    problem: str = ""
    """Why the recipe, or its result, cannot be read."""


def read_cards(settings: Settings, sources: Sequence[str]) -> list[Card]:
    """The cards, those with the newest result first, then those without one by name."""
    cards = [read_card(settings, source) for source in sources]
    by_name = sorted(cards, key=lambda card: card.source)
    return sorted(by_name, key=lambda card: card.made, reverse=True)


def read_card(settings: Settings, source: str) -> Card:
    """The card of one recipe; a problem stands on the card and hides no other recipe."""
    title = Path(source).stem
    try:
        recipe = load_recipe(source, settings.overrides, data_dir=settings.data_dir)
    except RelayError as error:
        return Card(source, title, problem=str(error))
    title = " ".join(recipe.title.split())
    job = RunFiles(settings, recipe.name).find()
    try:
        result = load_latest(settings, recipe.name) if "model" in recipe.sections else None
    except DatasetMissingError:
        result = None
    except (RelayError, OSError) as error:
        return Card(source, title, recipe.description, job=job, problem=str(error))
    if result is None:
        return Card(source, title, recipe.description, job=job)
    return _add_result(Card(source, title, recipe.description, job=job), settings, recipe, result)


def _add_result(card: Card, settings: Settings, recipe: Recipe, result: Result) -> Card:
    plot = next((one for one in result.findings.plots if Path(one.file).suffix == ".png"), None)
    return replace(
        card,
        made=result.receipt.started_at_utc,
        picture=None if plot is None else result.folder / plot.file,
        alt="" if plot is None else plot.caption,
        figure=next(iter(list_figures(result.metrics)), None),
        standing=find_standing(settings, recipe, result),
    )


def show_cards(cards: Sequence[Card]) -> None:
    """Cards with a result side by side, below each other on a phone; the others in one list."""
    done = [card for card in cards if card.made]
    if done:
        st.header("Recipes with a result", anchor=False)
    for first in range(0, len(done), IN_A_ROW):
        row = done[first : first + IN_A_ROW]
        for column, card in zip(st.columns(IN_A_ROW), row, strict=False):
            with column, st.container(border=True, key=f"card-{Path(card.source).stem}"):
                show_card(card)
    if rest := [card for card in cards if not card.made]:
        st.header("Not trained yet", anchor=False)
        for card in rest:
            show_line(card)


def show_card(card: Card) -> None:
    """One card with all that it knows."""
    st.subheader(plain(card.title), anchor=False)
    if card.picture is not None and card.picture.exists():
        # A plot is drawn on white: in the dark theme it sits on a card of its own.
        st.image(card.picture.read_bytes(), width="stretch", alt=card.alt)
    if card.figure is not None:
        beside = f" · baseline {show(card.figure.baseline)}" if card.figure.baseline is not None else ""
        st.markdown(plain(f"★ {card.figure.name}: {show(card.figure.value)}{beside}"))
    with st.container(horizontal=True, gap="small"):
        if card.standing is not None:
            st.badge(card.standing.title, icon=card.standing.icon, color=card.standing.colour)
        show_job(card.job)
    st.caption(f"Made {show_moment(card.made)}")
    offer_recipe(card, "Open")


def show_line(card: Card) -> None:
    """A recipe without a result: what it is, and a button."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        offer_recipe(card, Path(card.source).stem)
        st.markdown(plain(card.problem or card.description or card.title))
        show_job(card.job)


def show_job(job: Job | None) -> None:
    """A badge for a run that goes on or ended badly; nothing for one that succeeded."""
    if job is not None and job.status is not Status.SUCCEEDED:
        st.badge(say_status(job), color="blue" if job.status is Status.RUNNING else "orange")


def offer_recipe(card: Card, label: str) -> None:
    """A button that goes to the recipe's run."""
    if st.button(plain(label), key=f"open-{card.source}", icon=":material/arrow_forward:"):
        go_to("run", card.source)


def go_to(screen: str, source: str) -> None:
    """Switch to a screen of the page, with a recipe."""
    st.session_state[NEXT] = source
    st.switch_page(f"screens/{screen}.py", query_params={RECIPE: source})
