"""Whether a written recipe computes what the notebooks compute: each frame, metric and figure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from adopt.notebooks.adopted import Adopted
from adopt.notebooks.equal_frames import compare_frame
from adopt.notebooks.equal_metrics import compare_metric
from adopt.notebooks.figures import compare_figures
from adopt.notebooks.metrics import Metric, find_metrics
from adopt.notebooks.plan import CellRef, Crossing, Split
from adopt.notebooks.proof import Proof, Sides, explain_varying, find_crossings, load_frames
from adopt.notebooks.records import Figure, Place, Run, Stage
from adopt.notebooks.verdicts import Images, Item, ItemKind, Verdict, judge


def compare(proof: Proof) -> tuple[Item, ...]:
    """The outcome of each comparison, in the order of the stages."""
    return (*_compare_frames(proof), *_compare_metrics(proof), *_compare_figures(proof))


def varies(items: Iterable[Item]) -> bool:
    """Whether something varies between runs of the notebooks, so that seeded runs have to prove it."""
    return any(item.verdict == Verdict.VARIES for item in items)


def _compare_frames(proof: Proof) -> Iterator[Item]:
    for crossing in find_crossings(proof.split):
        statement = proof.split.statements[crossing.value_of]
        address = _find_address(proof.adopted, crossing)
        prints = {_fingerprint(run, statement.place, crossing.name) for run in proof.runs}
        item = Item(
            ItemKind.FRAME,
            crossing.name if crossing.stage == Stage.PREPROCESS else f"{crossing.name} (processed)",
            Verdict.MISSING,
            CellRef(statement.place.book, statement.place.cell),
            str(Stage.INGEST if crossing.stage == Stage.PREPROCESS else Stage.PREPROCESS),
        )
        verdict = _compare_rows(proof.split, crossing, address, proof.sides)
        if verdict is None:
            yield replace(item, differences=("the recipe does not give it",))
            continue
        seeded = _compare_rows(proof.split, crossing, address, proof.seeded) if proof.seeded else None
        is_varying = len(prints) > 1
        yield replace(
            item,
            verdict=judge(
                varies=is_varying,
                differences=verdict.differences,
                is_exact=True,
                proof=seeded.differences if seeded else None,
            ),
            differences=verdict.differences if not is_varying else seeded.differences if seeded else (),
            changes=verdict.changes,
            why=explain_varying(proof) if is_varying else "",
            values=verdict.sizes,
        )


@dataclass(frozen=True)
class _Rows:
    differences: tuple[str, ...]
    changes: tuple[str, ...]
    sizes: tuple[str, str]


def _compare_rows(split: Split, crossing: Crossing, address: str, sides: Sides) -> _Rows | None:
    expected = load_frames(split, sides.notebooks).get((crossing.stage, crossing.name))
    table = sides.stages.datasets.get(address)
    if expected is None or table is None:
        return None
    if crossing.split and "split" in table.column_names:
        table = table.filter(pc.equal(table.column("split"), crossing.split))
    changes: tuple[str, ...] = ()
    if crossing.split:
        table, changes = _leave_out_empty(expected, table)
    found = compare_frame(expected, table)
    return _Rows(found.differences, (*changes, *found.changes), (_size(expected), _size(table)))


def _leave_out_empty(expected: pd.DataFrame, table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """One side of a split without the columns that only the other side has, which are empty here."""
    names = {str(name) for name in expected.columns}
    empty = [
        name
        for name in table.column_names
        if name not in names and table.column(name).null_count == table.num_rows
    ]  # fmt: skip
    changes = tuple(f"column {name}, which only the other side of the split has, is empty here" for name in empty)
    return table.drop_columns(empty), changes


def _size(frame: pd.DataFrame | pa.Table) -> str:
    names = frame.columns if isinstance(frame, pd.DataFrame) else frame.column_names
    columns = [name for name in names if isinstance(frame, pd.DataFrame) or name != "split"]  # Relay's, of no notebook
    return f"{len(frame):,} x {len(columns)}"


def _find_address(adopted: Adopted, crossing: Crossing) -> str:
    """The dataset that holds a frame."""
    name = adopted.main.name
    if crossing.stage == Stage.MODEL:
        return f"processed/{name}"
    return f"raw/{name}" if len(adopted.recipes) == 1 else f"raw/{name}_{crossing.name.lower()}"


def _compare_metrics(proof: Proof) -> Iterator[Item]:
    metrics = [metric for function in proof.adopted.main.code.functions for metric in function.metrics]
    shown = [_shown(proof.split, metrics, run) for run in proof.runs]
    seeded = _shown(proof.split, metrics, proof.seeded.notebooks) if proof.seeded else None
    for number, metric in enumerate(metrics):
        place = proof.split.statements[metric.statement].place
        value = proof.sides.stages.metrics.get(metric.name)
        item = Item(
            ItemKind.METRIC, metric.name, Verdict.MISSING, CellRef(place.book, place.cell), str(Stage.MODEL),
        )  # fmt: skip
        if value is None:
            yield replace(item, differences=("the recipe does not give it",), values=(shown[0][number], ""))
            continue
        is_varying = len({texts[number] for texts in shown}) > 1
        differences, is_exact = compare_metric(shown[0][number], metric.format, value)
        values = (shown[0][number], repr(value))
        proven: tuple[str, ...] | None = None
        if seeded is not None and proof.seeded is not None:
            twin = proof.seeded.stages.metrics.get(metric.name, float("nan"))
            proven = compare_metric(seeded[number], metric.format, twin)[0]
            values = (seeded[number], repr(twin)) if is_varying else values
        yield replace(
            item,
            verdict=judge(varies=is_varying, differences=differences, is_exact=is_exact, proof=proven),
            differences=differences if not is_varying else proven or (),
            why=explain_varying(proof) if is_varying else "",
            values=values,
        )


def _shown(split: Split, metrics: Sequence[Metric], run: Run) -> list[str]:
    """What the notebook shows for each metric in a run."""
    found = []
    taken: dict[int, int] = {}
    for metric in metrics:
        statement = split.statements[metric.statement]
        record = run.books[statement.place.book].records.get(statement.place, statement.record)
        here = find_metrics(replace(statement, record=record), ())
        number = taken.get(metric.statement, 0)
        taken[metric.statement] = number + 1
        found.append(here[number].shown if number < len(here) else "")
    return found


def _compare_figures(proof: Proof) -> Iterator[Item]:
    for function in proof.adopted.main.code.functions:
        for name, output in function.figures.items():
            drawn = [figure for run in proof.runs if (figure := _find_figure(run, output)) is not None]
            got = proof.sides.stages.figures.get(name)
            item = Item(ItemKind.FIGURE, name, Verdict.MISSING, _find_cell(proof.split, output), str(Stage.MODEL))
            if not drawn or got is None:
                yield replace(item, differences=("the recipe does not draw it",))
                continue
            is_varying = any(compare_figures(drawn[0].data, other.data).differences for other in drawn[1:])
            verdict = compare_figures(drawn[0].data, got.data)
            proven = _prove_figure(proof, name, output)
            differences = tuple(one.text for one in verdict.differences)
            both = Images(drawn[0].image.read_bytes() if drawn[0].image else None, got.image)
            yield replace(
                item,
                verdict=judge(
                    varies=is_varying, differences=differences, is_exact=verdict.is_exact, proof=proven
                ),
                differences=differences if not is_varying else proven or (),
                why=explain_varying(proof) if is_varying else "",
                images=_seeded_images(proof, name, output) if is_varying and proven is not None else both,
            )  # fmt: skip


def _prove_figure(proof: Proof, name: str, output: str) -> tuple[str, ...] | None:
    if proof.seeded is None:
        return None
    drawn, got = _find_figure(proof.seeded.notebooks, output), proof.seeded.stages.figures.get(name)
    if drawn is None or got is None:
        return ("one of both sides does not draw it when seeded",)
    return tuple(one.text for one in compare_figures(drawn.data, got.data).differences)


def _seeded_images(proof: Proof, name: str, output: str) -> Images:
    if proof.seeded is None:
        return Images()
    drawn, got = _find_figure(proof.seeded.notebooks, output), proof.seeded.stages.figures.get(name)
    image = drawn.image.read_bytes() if drawn is not None and drawn.image else None
    return Images(image, got.image if got is not None else None)


def _find_figure(run: Run, output: str) -> Figure | None:
    """The figure of `fig:<book>:<number>`."""
    _, book, number = output.split(":")
    return run.books[int(book)].figures.get(int(number))


def _find_cell(split: Split, output: str) -> CellRef | None:
    statements = [index for one in split.slice.outputs if one.name == output for index in one.statements]
    if not statements:
        return None
    place = split.statements[min(statements)].place
    return CellRef(place.book, place.cell)


def _fingerprint(run: Run, place: Place, name: str) -> str:
    record = run.books[place.book].records.get(place)
    value = record.values.get(name) if record is not None else None
    return value.fingerprint if value is not None else ""
