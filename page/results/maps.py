"""Maps of styles to hover over: a result's own, and one with a text that is asked about."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import altair as alt
import pandas as pd
import pyarrow as pa

from relay.handoff.wording import show_share
from relay.results.signs import Sign, Signs, choose_signs, read_signs

AnyChart: TypeAlias = Any
"""An `alt.Chart` or an `alt.LayerChart`; Altair's own methods say no more than Any."""

SHAPES = {
    "plus": "cross",
    "x": "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z",
    "dot": "M0,-.45A.45,.45,0,1,1,0,.45A.45,.45,0,1,1,0,-.45Z",
    "cross": "M-1,-.85L-.85,-1L0,-.15L.85,-1L1,-.85L.15,0L1,.85L.85,1L0,.15L-.85,1L-1,.85L-.15,0Z",
}
"""Marker of a label -> its shape in Vega, where Vega calls it otherwise or lacks it."""

STAR = "M0,.5L.6,.8L.5,.1L1,-.3L.3,-.4L0,-1L-.3,-.4L-1,-.3L-.5,.1L-.6,.8L0,.5Z"
GOLD = "#FFD400"
"""Sign and colour that no label has; with a black rim seen on a light ground, a dark one, and points of any colour."""

LEGEND_CHARS, LEGEND_PIXELS, ROW_PIXELS = 52, 260, 18
"""Characters that fit beside each other in a legend, signs included; the longest name; the height of a row."""

ORDINALS = ("first", "second")
HEIGHT = 400


def draw_map(chunks: pa.Table, projection: dict[str, Any], signs: Signs) -> AnyChart:
    """The chunks by style; a click on a label in the legend brings it out."""
    frame = chunks.to_pandas()
    found = signs.of(chunks.column("label").to_pylist())
    frame["legend"] = [sign.name for sign in found]
    frame["label"] = frame["label"].fillna(frame["legend"])
    frame["from"] = frame["first_document"]
    frame["to"] = frame["last_document"].where(frame["last_document"] != frame["first_document"], "the same document")
    chosen = alt.selection_point(fields=["legend"], bind="legend")
    names = ["first coordinate (only nearness means something)", "second coordinate"]
    has_units = "explained_variance" in projection
    if has_units:
        shares = projection["explained_variance"]
        names = [
            f"{ordinal} axis ({show_share(share)} of the variance)"
            for ordinal, share in zip(ORDINALS, shares, strict=True)
        ]
    half = max(float(frame[axis].max() - frame[axis].min()) for axis in ("x", "y")) * 0.56 or 1.0
    x, y = _even_scale(frame["x"], half, "width/height"), _even_scale(frame["y"], half, "height/width")
    color, shape = _encode_signs(signs, found)
    return (
        alt.Chart(frame)
        .mark_point(size=55, filled=True, strokeWidth=1.5)
        .encode(
            x=alt.X("x:Q", scale=x, axis=alt.Axis(title=names[0], labels=has_units, tickCount=6)),
            y=alt.Y("y:Q", scale=y, axis=alt.Axis(title=names[1], labels=has_units, tickCount=6)),
            color=color,
            shape=shape,
            opacity=alt.condition(chosen, alt.value(0.85), alt.value(0.08)),
            tooltip=["label:N", "chunk:Q", "from:N", "to:N"],
        )
        .add_params(chosen, zoom())
        .properties(height=HEIGHT + max(80, _measure_legend(found) + 40))
    )


def draw_text_on_map(text_map: dict[str, Any]) -> AnyChart:
    """A text as a large star among the chunks that a model knows, as `python -m model ask --json` gives them."""
    known = pd.DataFrame(text_map["points"], columns=["x", "y"])
    # An API or a container of an earlier release gives no signs.
    signs = read_signs(text_map) if text_map.get("signs") else choose_signs(text_map["labels"])
    found = signs.of(text_map["labels"])
    known["label"], known["legend"] = text_map["labels"], [sign.name for sign in found]
    text = pd.DataFrame({"x": [text_map["x"]], "y": [text_map["y"]], "label": ["your text"]})
    both = pd.concat([known, text])
    half = max(float(both[axis].max() - both[axis].min()) for axis in ("x", "y")) * 0.56 or 1.0
    shares = text_map["explained_variance"]
    names = [
        f"{ordinal} axis ({show_share(share)} of the variance)" for ordinal, share in zip(ORDINALS, shares, strict=True)
    ]
    x, y = _even_scale(both["x"], half, "width/height"), _even_scale(both["y"], half, "height/width")
    color, shape = _encode_signs(signs, found)
    chunks = (
        alt.Chart(known)
        .mark_point(size=45, filled=True, opacity=0.75)
        .encode(
            x=alt.X("x:Q", scale=x, axis=alt.Axis(title=names[0], tickCount=5)),
            y=alt.Y("y:Q", scale=y, axis=alt.Axis(title=names[1], tickCount=5)),
            color=color,
            shape=shape,
            tooltip=["label:N"],
        )
    )
    star = alt.Chart(text).mark_point(shape=STAR, size=260, filled=True, color=GOLD, stroke="black", strokeWidth=1.2)
    star = star.encode(x=alt.X("x:Q", scale=x), y=alt.Y("y:Q", scale=y), tooltip=["label:N"])
    return (chunks + star).add_params(zoom()).properties(height=HEIGHT + max(0, _measure_legend(found) - 40))


def _encode_signs(signs: Signs, drawn: Sequence[Sign]) -> tuple[alt.Color, alt.Shape]:
    """Colour and shape of the column `legend`: those of the result, for the labels that are drawn."""
    names = {sign.name for sign in drawn}
    shown = [sign for name, sign in {**signs.legend, **{sign.name: sign for sign in drawn}}.items() if name in names]
    domain = [sign.name for sign in shown]
    columns = _count_columns(domain)
    legend = alt.Legend(
        title=None, orient="bottom", columns=columns, symbolOpacity=1, labelLimit=LEGEND_PIXELS, symbolLimit=0
    )
    colours = alt.Scale(domain=domain, range=[sign.colour for sign in shown])
    shapes = alt.Scale(domain=domain, range=[SHAPES.get(sign.marker, sign.marker) for sign in shown])
    return alt.Color("legend:N", legend=legend, scale=colours), alt.Shape("legend:N", legend=legend, scale=shapes)


def _count_columns(names: Sequence[str]) -> int:
    """Columns of a legend that has room for its longest name; a sign takes as much as five characters."""
    return max(1, min(3, LEGEND_CHARS // (max(map(len, names)) + 5)))


def _measure_legend(drawn: Sequence[Sign]) -> int:
    """Pixels that the legend below a chart takes."""
    names = sorted({sign.name for sign in drawn})
    return ROW_PIXELS * -(-len(names) // _count_columns(names))


def zoom() -> alt.Parameter:
    """Dragging moves the chart; the wheel zooms with Shift only, so that it still scrolls the page."""
    return alt.selection_interval(bind="scales", zoom="wheel![event.shiftKey]")


def _even_scale(values: "pd.Series[float]", half: float, ratio: str) -> alt.Scale:
    """A scale on which a unit is as long as on the other axis, however wide the screen is: near must look near."""
    centre = float(values.max() + values.min()) / 2
    reach = f"{half} * max(1, {ratio})"
    return alt.Scale(
        domainMin=alt.ExprRef(expr=f"{centre} - {reach}"), domainMax=alt.ExprRef(expr=f"{centre} + {reach}"), nice=False
    )
