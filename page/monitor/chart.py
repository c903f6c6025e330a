"""The evidence over time against its limit, as HTML with one small picture for its lines.

Not by Altair: the first look at the screen would wait for pandas and Arrow, and the chart has two lines. Words and dots
are HTML, so that they keep their size on a phone and follow the page's theme. Hovering shows a dot's words.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from relay.handoff.wording import show, show_unix
from relay.monitoring.report import Evidence, EvidencePoint

MOST_TICKS = 5
MOST_DOTS = 60
"""More cannot be told apart, and the newest is always among them."""

ROOM = 1.15
"""The height of the chart, by the highest line."""

RECORDS, LOSSES, GRID = "#1F85C7", "#D55E00", "#8A8A8A"
"""Seen on a light ground and on a dark one."""

STYLE = """<style>
.relay-evidence { position: relative; height: 15rem; margin: 0.6rem 0.4rem 0 2rem; max-width: 60rem; }
.relay-evidence img { position: absolute; inset: 0; width: 100%; height: 100%; }
.relay-evidence b, .relay-evidence u { position: absolute; }
.relay-evidence u { right: calc(100% + 0.4rem); transform: translateY(-50%); font-size: 0.8rem; opacity: .75;
  text-decoration: none; }
.relay-evidence b { width: 7px; height: 7px; margin: -3.5px; border-radius: 50%; }
.relay-times { display: flex; justify-content: space-between; gap: 1rem; margin: 0.2rem 0 0.6rem 2rem; max-width: 60rem;
  font-size: 0.8rem; opacity: .75; }
.relay-keys { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; font-size: 0.85rem; }
.relay-keys i { display: inline-block; width: 1.4rem; height: 0; vertical-align: middle; margin-right: .35rem;
  border-top: 3px solid; }
.relay-keys i.limit { border-top: 2px dashed; }
</style>"""


@dataclass(frozen=True)
class Line:
    """What is drawn of one kind of evidence."""

    name: str
    colour: str
    limit: float
    values: tuple[float, ...]


def draw_evidence(evidence: Evidence) -> str:
    """The chart and its key as HTML; without a point in the history, empty."""
    points = evidence.history
    if not points:
        return ""
    lines = [Line("records", RECORDS, evidence.limit_log10, tuple(point.log10 for point in points))]
    if evidence.loss_log10 > 0 or any(point.loss_log10 for point in points):
        losses = tuple(point.loss_log10 for point in points)
        lines.append(Line("losses with labels", LOSSES, evidence.loss_limit_log10, losses))
    highest = ROOM * max(value for line in lines for value in (line.limit, *line.values))
    across = _spread([point.at_unix for point in points])
    ticks = range(0, int(highest) + 1, max(round(highest / MOST_TICKS), 1))
    picture = b64encode(_draw_picture(lines, across, ticks, highest).encode()).decode()
    numbers = "".join(f'<u style="top:{_up(tick, highest):.2f}%">{tick}</u>' for tick in ticks)
    dots = "".join(_draw_dots(line, points, across, highest) for line in lines)
    return (
        f'{STYLE}<div class="relay-evidence" role="img" aria-label="{escape(_say(lines))}">'
        f'<img alt="" src="data:image/svg+xml;base64,{picture}">{numbers}{dots}</div>'
        f'<div class="relay-times"><span>{show_unix(points[0].at_unix)}</span>'
        f"<span>{show_unix(points[-1].at_unix)}</span></div>{_draw_keys(lines)}"
    )


def _say(lines: Sequence[Line]) -> str:
    said = [f"{line.name} {show(line.values[-1])}, an alarm from {show(line.limit)}" for line in lines]
    return f"Evidence over time, now: {'; '.join(said)}"


def _spread(times: Sequence[float]) -> list[float]:
    """The place of each time, as a percentage of the width."""
    span = max(times[-1] - times[0], 1e-9)
    return [100 * (at_unix - times[0]) / span for at_unix in times]


def _up(value: float, highest: float) -> float:
    """The place of a value, as a percentage of the height from above."""
    return 100 - 100 * max(value, 0.0) / highest


def _draw_picture(lines: Sequence[Line], across: Sequence[float], ticks: Sequence[int], highest: float) -> str:
    """Grid, limits and lines; it is stretched to its place, its strokes are not."""
    parts = [_draw_level(_up(tick, highest), GRID, 'stroke-opacity="0.35"') for tick in ticks]
    for line in lines:
        parts.append(_draw_level(_up(line.limit, highest), line.colour, 'stroke-width="1.5" stroke-dasharray="6 4"'))
        places = " ".join(f"{x:.2f},{_up(value, highest):.2f}" for x, value in zip(across, line.values, strict=True))
        parts.append(
            f'<polyline points="{places}" fill="none" stroke="{line.colour}" stroke-width="2.2" '
            'stroke-linejoin="round" vector-effect="non-scaling-stroke"/>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" preserveAspectRatio="none">'
        f"{''.join(parts)}</svg>"
    )


def _draw_level(y: float, colour: str, more: str) -> str:
    return (
        f'<line x1="0" x2="100" y1="{y:.2f}" y2="{y:.2f}" stroke="{colour}" {more} vector-effect="non-scaling-stroke"/>'
    )


def _draw_dots(line: Line, points: Sequence[EvidencePoint], across: Sequence[float], highest: float) -> str:
    last = len(points) - 1
    step = -(-len(points) // MOST_DOTS)
    shown = [place for place in range(len(points)) if (last - place) % step == 0]
    return "".join(
        f'<b style="left:{across[place]:.2f}%;top:{_up(line.values[place], highest):.2f}%;background:{line.colour}" '
        f'title="{show_unix(points[place].at_unix)}, {points[place].rows:,} records: {line.name} '
        f'{show(line.values[place])}"></b>'
        for place in shown
    )


def _draw_keys(lines: Sequence[Line]) -> str:
    keys = [
        f'<span><i class="{kind}" style="border-color:{line.colour}"></i>{text}</span>'
        for line in lines
        for kind, text in (("", line.name), ("limit", f"alarm from {show(line.limit)}"))
    ]
    return f'<div class="relay-keys">{"".join(keys)}</div>'
