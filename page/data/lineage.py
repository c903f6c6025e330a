"""From where the data came to what the model made of it: the chain of receipts, drawn as boxes and arrows.

HTML and not a picture: fingerprints can be copied, a phone shows the boxes one below the other, and the colours follow
the page's theme.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from relay.handoff.errors import DatasetState, RelayError, judge_dataset
from relay.handoff.receipt import Origin, Receipt
from relay.handoff.wording import shorten, show_bytes, show_moment

SOURCES_SHOWN = 5

FILE_INPUT = "file of "
"""Begins the name of an input that is the file of a parameter, as relay/handoff/own/arguments.py has it."""


@dataclass(frozen=True)
class Stop:
    """One box of the chain."""

    title: str
    lines: tuple[str, ...]
    state: DatasetState = DatasetState.GOOD
    fingerprint: str = ""
    note: str = ""
    """Why it is not good, and what to do."""


Found = Receipt | RelayError | None


def trace(
    raw: Found, processed: Found, result: Found, others: Mapping[str, Receipt | RelayError] | None = None
) -> list[Stop]:
    """The chain of a recipe.

    Instead of a receipt stands the error that says why there is none, or None where the recipe has no such stage.

    Args:
        raw: of the recipe's own ingest.
        processed: of its preprocess.
        result: of its model.
        others: recipe -> its raw data, of the recipes that preprocess reads instead.
    """
    titles = ("raw data", "processed data", "model result")
    chain = [(title, one) for title, one in zip(titles, (raw, processed, result), strict=True) if one is not None]
    stops = [_stop(title, one) for title, one in chain]
    for number, ((_, before), (_, after)) in enumerate(pairwise(chain), start=1):
        if isinstance(before, Receipt) and isinstance(after, Receipt):
            stops[number] = _compare(stops[number], before, after)
    if others:
        if isinstance(processed, Receipt):
            for name, one in others.items():
                if isinstance(one, Receipt):
                    stops[0] = _compare(stops[0], one, processed, f"raw/{name}")
        return [_gather(others), *stops]
    return stops if raw is None else [_source(raw), *stops]


def _gather(others: Mapping[str, Receipt | RelayError]) -> Stop:
    """One box for the raw data of several recipes; it is as good as the worst of them."""
    lines, notes, states = [], [], []
    for name, one in others.items():
        if isinstance(one, Receipt):
            lines.append(f"{name}: {one.rows:,} rows, fingerprint {shorten(one.fingerprint)}")
        else:
            notes.append(str(one))
            states.append(judge_dataset(one))
    state = DatasetState.DAMAGED if DatasetState.DAMAGED in states else states[0] if states else DatasetState.GOOD
    return Stop("raw data", tuple(lines), state, note=". ".join(notes))


def _source(raw: Receipt | RelayError) -> Stop:
    if isinstance(raw, RelayError):
        return Stop("source", ("known when ingest has run",), DatasetState.MISSING)
    if not raw.sources:
        return Stop("source", ("made up by the recipe itself", f"seed {raw.seed}"))
    shown = [_show_origin(origin) for origin in raw.sources[:SOURCES_SHOWN]]
    if more := len(raw.sources) - SOURCES_SHOWN:
        shown += [f"and {more} more"] if more > 0 else []
    return Stop("source" if len(raw.sources) == 1 else "sources", tuple(shown))


def _show_origin(origin: Origin) -> str:
    fetched = f", fetched {show_moment(origin.fetched_at_utc)}" if origin.fetched_at_utc else ""
    return f"{origin.where} ({show_bytes(origin.bytes)}, SHA-256 {shorten(origin.sha256)}{fetched})"


def _stop(title: str, receipt: Receipt | RelayError) -> Stop:
    if isinstance(receipt, RelayError):
        return Stop(title, (), judge_dataset(receipt), note=str(receipt))
    lines = (
        f"{receipt.rows:,} rows, {show_bytes(receipt.bytes)}",
        f"{receipt.stage}, {show_moment(receipt.started_at_utc)}",
    )
    return Stop(title, lines, fingerprint=receipt.fingerprint)


def _compare(stop: Stop, before: Receipt, after: Receipt, address: str = "") -> Stop:
    """The box, with a note when it was made from other data than lies there now.

    Args:
        stop: of what was made.
        before: what lies there now.
        after: what was made.
        address: which of several datasets it is.
    """
    datasets = (found for name, found in after.key.inputs.items() if not name.startswith(FILE_INPUT))
    used = after.key.inputs.get(address, "") if address else next(datasets, "")
    if used == before.fingerprint:
        return stop
    whose = f"{address} " if address else ""
    note = (
        f"made from {whose}{shorten(used)}, and {shorten(before.fingerprint)} lies there now: run {after.stage} again"
    )
    return Stop(stop.title, stop.lines, DatasetState.OUTDATED, stop.fingerprint, note)


def draw(stops: Sequence[Stop]) -> str:
    """The chain as HTML."""
    boxes = '<div class="relay-arrow" aria-hidden="true"></div>'.join(_draw_box(stop) for stop in stops)
    return f'{STYLE}<div class="relay-chain" role="list" aria-label="Lineage">{boxes}</div>'


def _draw_box(stop: Stop) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in stop.lines)
    fingerprint = f"<code>{shorten(stop.fingerprint)}</code>" if stop.fingerprint else ""
    note = f'<p class="relay-note">{escape(stop.note)}</p>' if stop.note else ""
    return (
        f'<div class="relay-box relay-{stop.state}" role="listitem"><strong>{escape(stop.title)}</strong>'
        f"{fingerprint}{lines}{note}</div>"
    )


STYLE = """<style>
.relay-chain { display: flex; align-items: stretch; font-size: 0.875rem; line-height: 1.4; }
.relay-box { flex: 1 1 0; min-width: 0; padding: 0.7rem 0.85rem; border-radius: 0.4rem; overflow-wrap: anywhere;
  border: 1px solid color-mix(in srgb, currentColor 28%, transparent); border-top: 4px solid #0072B2; }
.relay-box strong { display: block; }
.relay-box code { display: inline-block; margin: 0.15rem 0; font-size: 0.8rem; }
.relay-box p { margin: 0.1rem 0 0; font-size: inherit; }
.relay-missing { border-style: dashed; border-top: 4px dashed #8A8A8A; }
.relay-outdated { border-top-color: #E69F00; }
.relay-damaged { border-top-color: #D55E00; }
.relay-note { font-weight: 600; }
.relay-arrow { flex: 0 0 2rem; position: relative; }
.relay-arrow::before { content: ""; position: absolute; left: 0.3rem; right: 0.45rem; top: 50%;
  border-top: 2px solid color-mix(in srgb, currentColor 55%, transparent); }
.relay-arrow::after { content: ""; position: absolute; right: 0.4rem; top: calc(50% - 0.24rem); width: 0.5rem;
  height: 0.5rem; border: solid color-mix(in srgb, currentColor 55%, transparent); border-width: 2px 2px 0 0;
  transform: rotate(45deg); }
@media (max-width: 800px) {
  .relay-chain { flex-direction: column; }
  .relay-box { flex: none; }
  .relay-arrow { flex: 0 0 1.9rem; }
  .relay-arrow::before { left: 50%; right: auto; top: 0.2rem; bottom: 0.3rem; border: none;
    border-left: 2px solid color-mix(in srgb, currentColor 55%, transparent); }
  .relay-arrow::after { right: auto; left: calc(50% - 0.21rem); top: auto; bottom: 0.3rem; transform: rotate(135deg); }
}
</style>"""
