"""The verdict on a result: its metric beside the baseline, what became of it, and what to know first."""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import streamlit as st

from page.results.show import show_origin
from page.results.standing import Standing, find_standing
from page.run.job import RunFiles, keep_messages
from page.shell.markdown import plain, with_commands
from relay.handoff.recipe import Recipe
from relay.handoff.settings import Settings
from relay.handoff.wording import show
from relay.results.figures import Figure, list_figures
from relay.results.findings import Finding, Topic
from relay.results.load import Result

MOST_FINDINGS = 5

WARNINGS = (
    Topic.BASELINE,
    Topic.LEAK,
    Topic.BATCH_TEST,
    Topic.FIT_WARNING,
    Topic.INGEST_WARNING,
    Topic.COPIES,
    Topic.UNEQUAL,
    Topic.COLUMNS,
    Topic.CAVEAT,
)
"""Topics of findings that warn, the gravest first."""

ANSWERS = (
    Topic.SCORE,
    Topic.FORMULA,
    Topic.ATTRIBUTION,
    Topic.NEIGHBOURS,
    Topic.IMPOSTERS,
    Topic.PERMUTATION_TEST,
    Topic.THRESHOLD,
    Topic.CROSS_VALIDATION,
    Topic.DATA,
)
"""Topics of findings that say what came out, what matters most first."""

LOG_LINES = 30
LOG_BYTES = 65_536

BARS = ("#0072B2", "#8A8A8A")
"""Of model and baseline: 3 : 1 and more on both grounds of the page."""


def show_verdict(settings: Settings, recipe: Recipe, result: Result) -> None:
    """The strip at the head of a result, and the findings below it."""
    with st.container(border=True, key="verdict"):
        with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
            show_score(result)
            show_standing(find_standing(settings, recipe, result))
        with st.container(horizontal=True, gap="small"):
            if st.button("Compare", icon=":material/compare_arrows:", help="Put it beside another result."):
                st.switch_page("screens/compare.py")
            if st.button("Versions", icon=":material/deployed_code:", help="Promote a version, or take one back."):
                st.switch_page("screens/models.py")
            with st.popover("Log", icon=":material/article:"):
                show_log(settings, recipe)
    show_origin(result)
    show_findings(result)


def show_score(result: Result) -> None:
    """The figure that decides, or the first one, as a number and as a bar beside the baseline's."""
    figure = next(iter(list_figures(result.metrics)), None)
    if figure is None:
        return
    delta, colour = _say_difference(figure)
    with st.container(width="content", gap="xxsmall"):
        st.metric(f"★ {plain(figure.name)}", show(figure.value), delta, delta_color=colour, width="content")
        if (bars := draw_bars(figure)) is not None:
            st.html(bars)


def _say_difference(figure: Figure) -> tuple[str | None, Literal["off", "normal", "inverse"]]:
    if figure.baseline is None:
        return None, "off"
    difference = figure.value - figure.baseline
    words = f"{'+' if difference > 0 else ''}{show(difference)} beside {figure.baseline_words}"
    return plain(words), "off" if not figure.better else "normal" if figure.better == "higher" else "inverse"


def draw_bars(figure: Figure) -> str | None:
    """Two bars on one scale, as HTML with the same in words; None where their length would say nothing.

    A score below 0, as R² has it, is a bar without length.
    """
    if figure.baseline is None or not figure.better:
        return None
    longest = max(figure.value, figure.baseline, 1.0 if figure.better == "higher" else 0.0)
    if not 0 < longest < math.inf:
        return None
    words = f"Model {show(figure.value)}, baseline {show(figure.baseline)}, {figure.better} is better"
    bars = "".join(
        f'<div style="height:6px;margin:2px 0;border-radius:3px;background:{colour};width:{100 * share:.1f}%"></div>'
        for colour, share in zip(
            BARS, (max(value, 0.0) / longest for value in (figure.value, figure.baseline)), strict=True
        )
    )
    return f'<div role="img" aria-label="{words}" style="width:220px;max-width:100%">{bars}</div>'


def show_standing(standing: Standing) -> None:
    """Which version it became, and whether it is served."""
    with st.container(gap="xxsmall"):
        st.badge(standing.title, icon=standing.icon, color=standing.colour)
        if standing.why:
            st.caption(with_commands(standing.why))


def show_log(settings: Settings, recipe: Recipe) -> None:
    """The last lines of the run of the page; where the page ran none, of the stage's own log on this recipe."""
    lines = keep_messages(RunFiles(settings, recipe.name).read_tail()) or read_stage_log(settings.log_dir, recipe.name)
    st.code("\n".join(lines[-LOG_LINES:]) or "(empty)", language=None, wrap_lines=True)
    st.caption(plain(f"The last lines. All of it is in {settings.log_dir}."))


def read_stage_log(log_dir: Path, recipe: str) -> list[str]:
    """The lines about a recipe at the end of the log of the stage `model`."""
    try:
        with (log_dir / "model.log").open("rb") as file:
            file.seek(max(file.seek(0, 2) - LOG_BYTES, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [line for line in lines if f"model {recipe}" in line]


def show_findings(result: Result) -> None:
    """At most five findings, warnings in their own colour; all of them behind *Details*."""
    chosen = choose_findings(result.findings.findings)
    for finding in chosen:
        if finding.topic in WARNINGS:
            st.warning(plain(finding.text), icon=":material/warning:")
        else:
            st.markdown(plain(finding.text))
    if len(chosen) < len(result.findings.findings):
        with st.expander(f"Details: all {len(result.findings.findings)} findings", icon=":material/notes:"):
            for finding in result.findings.findings:
                st.markdown(plain(finding.text))


def choose_findings(findings: Iterable[Finding]) -> list[Finding]:
    """What to know first: one finding of each topic that says what came out, then the gravest warnings.

    Warnings get at least two of the five places, so that good news never crowds them out; what is left of either goes
    to the other, and then to the rest in its order.
    """
    every = list(findings)
    answers = _rank(every, ANSWERS)
    warnings = _rank(every, WARNINGS)
    rest = [finding for finding in every if finding.topic not in (*ANSWERS, *WARNINGS)]
    places = MOST_FINDINGS - min(len(warnings), 2)
    first = [*answers, *rest][:places]
    return [*first, *warnings[: MOST_FINDINGS - len(first)]]


def _rank(findings: list[Finding], topics: tuple[Topic, ...]) -> list[Finding]:
    """The findings on these topics in the order of the topics, the first of each topic before the second of any."""
    seen: dict[Topic, int] = {}
    ranked: list[tuple[int, int, int, Finding]] = []
    for place, finding in enumerate(findings):
        if finding.topic in topics:
            turn = seen.get(finding.topic, 0)
            seen[finding.topic] = turn + 1
            ranked.append((turn, topics.index(finding.topic), place, finding))
    return [finding for *_, finding in sorted(ranked, key=lambda one: one[:3])]
