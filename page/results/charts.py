"""Charts to hover over and to zoom: a result's tables drawn by Altair, which takes its colours from the theme."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from page.results.maps import HEIGHT, AnyChart, draw_map, zoom
from relay.registry.task import ModelTask
from relay.results.signs import GREY, read_signs

if TYPE_CHECKING:
    from page.data.rows import Distribution
    from relay.results.load import Result

MOST_POINTS = 4_000
"""Points of one chart: more cannot be told apart, and make hovering slow."""

BLUE, VERMILION = "#1F85C7", "#D55E00"
"""Where a colour has a meaning: seen on a light ground and on a dark one."""

PALE = "#E3EFF8"


def draw_result(result: "Result") -> dict[str, AnyChart]:
    """Title -> chart of everything in a result that is worth hovering over."""
    kind, folder = result.metrics["kind"], result.folder
    if kind == ModelTask.AUTHORSHIP:
        chunks, signs = pq.read_table(folder / "chunks.parquet"), read_signs(result.metrics)
        return {"Map of styles": draw_map(chunks, result.metrics["projection"], signs)}
    if kind == ModelTask.OTHER:  # own code draws its own pictures
        return {}
    predictions = read_points(folder / "predictions.parquet")
    if kind == ModelTask.REGRESSION:
        return {"Predicted and true": draw_predicted(predictions), "What it misses": draw_residuals(predictions)}
    if kind == ModelTask.BINARY:
        return {"Scores by class": draw_scores(predictions, result.metrics)}
    return {"What is taken for what": draw_confusion(predictions)}


def read_points(path: Path) -> pd.DataFrame:
    """A table of predictions, every k-th row where it has more than a chart can show."""
    table: pa.Table = pq.read_table(path)
    step = -(-table.num_rows // MOST_POINTS)
    frame: pd.DataFrame = table.to_pandas()
    return frame.iloc[:: max(step, 1)]


def draw_predicted(frame: pd.DataFrame) -> AnyChart:
    """Predicted against true values; on the line a prediction is right."""
    low, high = float(frame[["true", "predicted"]].min().min()), float(frame[["true", "predicted"]].max().max())
    line = alt.Chart(pd.DataFrame({"true": [low, high], "predicted": [low, high]})).mark_line(color=VERMILION)
    return (line.encode(x="true:Q", y="predicted:Q") + _points(frame, "true", "predicted")).properties(height=HEIGHT)


def draw_residuals(frame: pd.DataFrame) -> AnyChart:
    """True minus predicted over the predicted value; a pattern is something not learned."""
    frame = frame.assign(missed=frame["true"] - frame["predicted"])
    rule = alt.Chart(pd.DataFrame({"missed": [0.0]})).mark_rule(color=VERMILION, strokeWidth=2).encode(y="missed:Q")
    points = _points(frame, "predicted", "missed", y_title="true minus predicted")
    return (points + rule).properties(height=HEIGHT)


def draw_scores(frame: pd.DataFrame, metrics: dict[str, Any]) -> AnyChart:
    """How the scores of each class are spread, with the threshold; each class counts as one."""
    score = "probability" if "probability" in frame else "score"
    frame = frame.assign(true=frame["true"].astype(str))
    bars = (
        alt.Chart(frame)
        .transform_bin(["from", "to"], field=score, bin=alt.Bin(maxbins=30))
        .transform_aggregate(rows="count()", groupby=["true", "from", "to"])
        .transform_joinaggregate(all="sum(rows)", groupby=["true"])
        .transform_calculate(share="datum.rows / datum.all")
        .mark_bar(opacity=0.6)
        .encode(
            x=alt.X("from:Q", bin="binned", title=score),
            x2="to:Q",
            y=alt.Y("share:Q", stack=None, axis=alt.Axis(format="%", title="share of the class")),
            color=alt.Color("true:N", title="true class", legend=alt.Legend(orient="top")),
            tooltip=["true:N", "rows:Q", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    rule = alt.Chart(pd.DataFrame({"from": [metrics["threshold"]["value"]], "what": ["threshold"]})).mark_rule(
        strokeDash=[6, 4], color=GREY, strokeWidth=2
    )
    return (bars + rule.encode(x="from:Q", tooltip=["what:N", "from:Q"])).properties(height=HEIGHT)


def draw_confusion(frame: pd.DataFrame) -> AnyChart:
    """Rows by true and predicted class; the colour is the share of the true class."""
    counts = pd.crosstab(frame["true"].astype(str), frame["predicted"].astype(str))
    table = counts.melt(ignore_index=False, value_name="rows").reset_index()
    table["share"] = table["rows"] / table.groupby("true")["rows"].transform("sum").clip(lower=1)
    base = alt.Chart(table).encode(
        x=alt.X("predicted:N", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("true:N"),
        tooltip=["true:N", "predicted:N", "rows:Q", alt.Tooltip("share:Q", format=".1%")],
    )
    # A ground of their own, so that the numbers can be read on a dark page too.
    colours = alt.Scale(domain=[0, 1], range=[PALE, BLUE])
    cells = base.mark_rect(stroke="white").encode(color=alt.Color("share:Q", legend=None, scale=colours))
    dark = alt.condition("datum.share > 0.6", alt.value("white"), alt.value("black"))
    return (cells + base.mark_text(fontSize=14).encode(text="rows:Q", color=dark)).properties(height=HEIGHT)


def draw_line(points: pd.DataFrame, line: dict[str, float], names: tuple[str, str]) -> AnyChart:
    """The points of the only input with the line that was learned; `points` has x, y and split."""
    ends = [float(points["x"].min()), float(points["x"].max())]
    drawn = pd.DataFrame({"x": ends, "y": [line["intercept"] + line["slope"] * x for x in ends]})
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, size=45, opacity=0.8)
        .encode(
            x=alt.X("x:Q", title=names[0]),
            y=alt.Y("y:Q", title=names[1]),
            color=alt.Color("split:N", scale=alt.Scale(domain=["test", "train"], range=[BLUE, GREY]), title="rows"),
            shape=alt.Shape("split:N", title="rows"),
            tooltip=[
                alt.Tooltip("x:Q", format=".4g", title=names[0]),
                alt.Tooltip("y:Q", format=".4g", title=names[1]),
                "split:N",
            ],
        )
    )
    fitted = alt.Chart(drawn).mark_line(color=VERMILION, strokeWidth=2.5).encode(x="x:Q", y="y:Q")
    return (fitted + dots.add_params(zoom())).properties(height=HEIGHT).configure_legend(orient="top")


def draw_distribution(shown: "Distribution") -> AnyChart:
    """The bars of a distribution, with their rows on hovering."""
    frame = pd.DataFrame([vars(bar) for bar in shown.bars])
    if shown.kind == "values":
        return (
            alt.Chart(frame)
            .mark_bar()
            .encode(
                x=alt.X("rows:Q", title=None, axis=alt.Axis(tickCount=4)),
                y=alt.Y("value:N", sort=None, title=None, axis=alt.Axis(labelLimit=130, labelOverlap=False)),
                tooltip=["value:N", alt.Tooltip("rows:Q", format=",")],
            )
            .properties(height=22 * len(shown.bars) + 40)
        )
    kind = "T" if shown.kind == "time" else "Q"
    number = "" if shown.kind == "time" else ".4~g"
    tooltip = [alt.Tooltip(f"{end}:{kind}", format=number or "%Y-%m-%d") for end in ("start", "end")]
    return (
        alt.Chart(frame)
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X(
                f"start:{kind}",
                title="characters" if shown.kind == "chars" else None,
                scale=alt.Scale(zero=False, nice=False),
                axis=alt.Axis(tickCount=5),
            ),
            x2="end",
            y=alt.Y("rows:Q", title=None, axis=alt.Axis(tickCount=4)),
            y2=alt.datum(0),
            tooltip=[*tooltip, alt.Tooltip("rows:Q", format=",")],
        )
        .properties(height=150)
    )


def _points(frame: pd.DataFrame, x: str, y: str, *, y_title: str = "") -> AnyChart:
    tooltip = [alt.Tooltip(f"{name}:Q", format=".4~g") if _is_float(frame[name]) else name for name in frame.columns]
    return (
        alt.Chart(frame)
        .mark_point(filled=True, size=45, opacity=0.7)
        .encode(
            x=alt.X(f"{x}:Q", scale=alt.Scale(zero=False)),
            y=alt.Y(f"{y}:Q", scale=alt.Scale(zero=False), title=y_title or y),
            tooltip=tooltip,
        )
        .add_params(zoom())
    )


def _is_float(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_float_dtype(column))
