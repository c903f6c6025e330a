"""What a recipe's `train` function gives, with all digits: the task of a process of own code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adopt.notebooks.kernel.figures import describe_figure, draw_image
from relay.handoff.own.arguments import unpack
from relay.handoff.own.child import Child
from relay.handoff.own.frames import to_frame
from relay.handoff.own.signature import Frame

TASK = "adopt.notebooks.drawn:draw"
SPLIT = "split"


def draw(child: Child) -> dict[str, Any]:
    """Call the function with the processed rows, and write what each figure shows, and its image.

    `child.arguments` holds `values`, `table` (a Parquet file), `columns` (their names), `frames` (the kind of each
    argument) and `folder`, where `<number>.json` and `<number>.png` go.

    Returns:
        `figures`, their names in their order, and `metrics`, name -> number. In metrics.json they are rounded.
    """
    import matplotlib.pyplot as plt

    arguments = child.arguments
    given = child.call(child.load(), *_read_frames(arguments), **unpack(arguments["values"]))
    given = given if isinstance(given, Mapping) else {}
    named = given.get("figures")
    if named is None:
        named = {f"figure_{number}": plt.figure(number) for number in plt.get_fignums()}
    folder = Path(arguments["folder"])
    for number, figure in enumerate(named.values()):
        drawn = getattr(figure, "figure", figure)
        (folder / f"{number}.json").write_text(json.dumps(describe_figure(drawn)), encoding="utf-8")
        (folder / f"{number}.png").write_bytes(draw_image(drawn))
    return {"figures": list(map(str, named)), "metrics": dict(_read_metrics(given.get("metrics") or {}))}


def _read_metrics(metrics: Mapping[Any, Any]) -> Iterator[tuple[str, float]]:
    for name, value in metrics.items():
        try:
            yield str(name), float(value)
        except (TypeError, ValueError):  # the model stage has refused what is no number
            continue


def _read_frames(arguments: Mapping[str, Any]) -> Iterator[Any]:
    """The frames that the function asks for, as the model stage gives them."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(arguments["table"])
    names = [name for name in arguments["columns"] if name in table.column_names]
    kinds = [Frame(kind) for kind in arguments["frames"]]
    if len(kinds) == 1:
        kept = [*names, *([SPLIT] if SPLIT in table.column_names else [])]
        yield to_frame(table.select(kept), kinds[0])
        return
    for side, kind in zip(("train", "test"), kinds, strict=True):
        yield to_frame(table.filter(pc.equal(table.column(SPLIT), side)).select(names), kind)
