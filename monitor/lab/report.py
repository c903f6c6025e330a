"""What the lab found, as values, words and a table."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from monitor.lab.block_power import Tally
from monitor.lab.stream_power import AFTER, NOTHING, Delay

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
HOURS_A_DAY = 24.0
PARTS = {"add": "values + sd", "factor": "×12", "missing": "missing", "new": "new value", "mix": "mix",
         "label": "label", "permute": "dependence"}  # fmt: skip
COUNTS = ("rows", "blocks", "found", "ks", "psi", "first_right", "placed", "placed_right")


@dataclass(frozen=True)
class Lab:
    """All that was measured."""

    model: str
    version: str
    recipe: str
    settings: Mapping[str, Any]
    """Seed, alpha, how much was drawn."""
    reference_rows: int
    test_rows: int
    rows_per_day: float | None
    labels: bool
    """Whether losses were measured."""
    blocks: tuple[Tally, ...]
    streams: tuple[Delay, ...]
    losses: tuple[Delay, ...]

    def to_json(self) -> dict[str, Any]:
        """The values, with shares and their exact 95 % intervals."""
        return {
            "format": FORMAT,
            "model": self.model,
            "version": self.version,
            "recipe": self.recipe,
            "settings": dict(self.settings),
            "reference_rows": self.reference_rows,
            "test_rows": self.test_rows,
            "rows_per_day": self.rows_per_day,
            "blocks": [describe_tally(one) for one in self.blocks],
            "streams": [self._describe_delay(one) for one in self.streams],
            "losses": [self._describe_delay(one) for one in self.losses],
            "sentences": list(self.say()),
        }

    def _describe_delay(self, delay: Delay) -> dict[str, Any]:
        low, high = bound_share(delay.found, delay.streams)
        return asdict(delay) | {"share_low": low, "share_high": high, "takes": self.say_time(delay)}

    def say_time(self, delay: Delay) -> str:
        """How long a change goes on before the alarm: `10 hours`; empty without a rate."""
        if self.rows_per_day is None or delay.kind == "none":
            return ""
        if delay.median is None:
            return f"more than {show_hours(AFTER / self.rows_per_day * HOURS_A_DAY)}"
        return show_hours(delay.median / self.rows_per_day * HOURS_A_DAY)

    def say(self) -> Iterator[str]:
        """Sentences: what is found, and how soon at the rate of the log."""
        if self.rows_per_day is None:
            yield "The log does not say how many records come per day yet: name it with --rows-per-day N."
            return
        for delay in self.streams:
            if delay.kind != "none":
                verb = "does not find" if delay.median is None else "finds"
                within = "within" if delay.median is None else "in"
                time = self.say_time(delay).removeprefix("more than ")
                rate = f"At your {self.rows_per_day:,.0f} rows per day"
                yield f"{rate} the watch {verb} {delay.text} {within} {time} (median)."


def show_hours(hours: float) -> str:
    """A length of time as people read it: `40 minutes`, `10 hours`, `5 days`."""
    if hours < 1:
        number, unit = max(round(hours * 60), 1), "minute"
    elif hours < 72:
        number, unit = round(hours), "hour"
    else:
        number, unit = round(hours / HOURS_A_DAY), "day"
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def bound_share(hits: int, trials: int) -> tuple[float, float]:
    """Exact 95 % interval of a share. Source: Clopper and Pearson 1934, Biometrika 26, p. 404."""
    from scipy.stats import beta

    low = float(beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return round(low, 6), round(high, 6)


def describe_tally(tally: Tally) -> dict[str, Any]:
    """The counts of a size and change, with the interval of the share that was found."""
    low, high = bound_share(tally.found, tally.blocks)
    return asdict(tally) | {"share": round(tally.found / max(tally.blocks, 1), 6), "share_low": low, "share_high": high}


def to_markdown(lab: Lab) -> str:
    """The report for people."""
    said = lab.settings
    lines = [
        f"# What the monitor finds in {lab.model} version {lab.version}",
        "",
        f"Drawn from {lab.reference_rows:,} reference rows of this version, with {lab.test_rows:,} test rows, alpha "
        f"{said['alpha']:g}, seed {said['seed']}. The model is not asked: rows keep their score where a value changes.",
        "",
        *_list_unchanged(lab),
        *_list_streams(lab),
        *_list_blocks(lab),
        *_list_places(lab),
        *_list_losses(lab),
    ]
    return "\n".join(lines) + "\n"


def _list_unchanged(lab: Lab) -> Iterator[str]:
    yield "## False alarms: nothing has changed"
    yield ""
    yield "| what | alarms | share | at most (95%) | KS p < 0.05 | PSI > 0.2 |"
    yield "|---|---|---|---|---|---|"
    compared = lab.settings["changed_blocks"]
    for one in lab.streams:
        if one.kind == "none":
            high = bound_share(one.found, one.streams)[1]
            yield f"| watch, streams | {one.found} of {one.streams} | {one.found / one.streams:.1%} | {high:.1%} | | |"
    for tally in lab.blocks:
        if tally.kind == "none":
            high = bound_share(tally.found, tally.blocks)[1]
            name = "dependence" if "dependence" in tally.text else "blocks"
            rules = f"{tally.ks / compared:.0%} | {tally.psi / compared:.0%}" if name == "blocks" else " | "
            share = tally.found / tally.blocks
            yield f"| {name} of {tally.rows:,} | {tally.found} of {tally.blocks} | {share:.1%} | {high:.1%} | {rules} |"
    yield ""


def _list_streams(lab: Lab) -> Iterator[str]:
    rate = f", at {lab.rows_per_day:,.0f} rows per day" if lab.rows_per_day else ""
    yield f"## How soon the watch alarms{rate}"
    yield ""
    yield "| change | streams with an alarm | records to the alarm (median) | time |"
    yield "|---|---|---|---|"
    for one in sorted((one for one in lab.streams if one.text != NOTHING), key=_order):
        middle = f"more than {AFTER:,}" if one.median is None else f"{one.median:,}"
        yield f"| {escape(one.text)} | {one.found} of {one.streams} | {middle} | {lab.say_time(one)} |"
    yield ""


def _order(delay: Delay) -> tuple[float, str]:
    return (float("inf") if delay.median is None else delay.median, delay.text)


def _list_blocks(lab: Lab) -> Iterator[str]:
    sizes = lab.settings["sizes"]
    yield "## What a block finds: share of blocks; in brackets KS p < 0.05 and PSI > 0.2"
    yield ""
    yield "| change | " + " | ".join(f"{size:,} records" for size in sizes) + " |"
    yield "|---|" + "---|" * len(sizes)
    for text in dict.fromkeys(one.text for one in lab.blocks if one.kind != "none"):
        cells = []
        for size in sizes:
            found = next((one for one in lab.blocks if one.text == text and one.rows == size), None)
            cells.append("" if found is None else _show_rules(found))
        yield f"| {escape(text)} | " + " | ".join(cells) + " |"
    yield ""


def _show_rules(tally: Tally) -> str:
    shares = [one / tally.blocks for one in (tally.found, tally.ks, tally.psi)]
    return f"{shares[0]:.0%} ({shares[1]:.0%}, {shares[2]:.0%})"


def _list_places(lab: Lab) -> Iterator[str]:
    yield "## Where: of the blocks that differ, all sizes together"
    yield ""
    yield "| change | first column right | factor or segment right |"
    yield "|---|---|---|"
    for text in dict.fromkeys(one.text for one in lab.blocks if one.kind not in ("none", "label", "permute")):
        rows = [one for one in lab.blocks if one.text == text]
        found, right = sum(one.found for one in rows), sum(one.first_right for one in rows)
        placed, hits = sum(one.placed for one in rows), sum(one.placed_right for one in rows)
        where = f"{hits} of {placed}" if placed else ""
        yield f"| {escape(text)} | {f'{right} of {found}' if found else ''} | {where} |"
    yield ""


def _list_losses(lab: Lab) -> Iterator[str]:
    yield "## How soon harm is found, by labels"
    yield ""
    if not lab.losses:
        yield "The version has no loss that labels could be held against."
        return
    yield "| change | streams with an alarm | labels to the alarm (median) |"
    yield "|---|---|---|"
    for one in lab.losses:
        middle = "" if one.kind == "none" else f"more than {AFTER:,}" if one.median is None else f"{one.median:,}"
        yield f"| {one.text} | {one.found} of {one.streams} | {middle} |"


def escape(text: str) -> str:
    """A text that is safe in a cell of a table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def tabulate(lab: Lab) -> "pa.Table":
    """A row for each size and change."""
    import pyarrow as pa

    fields = [("text", pa.string()), ("kind", pa.string()), ("column", pa.string())]
    fields += [(name, pa.int64()) for name in COUNTS]
    fields += [(name, pa.float64()) for name in ("share", "share_low", "share_high")]
    return pa.Table.from_pylist([describe_tally(one) for one in lab.blocks], schema=pa.schema(fields))
