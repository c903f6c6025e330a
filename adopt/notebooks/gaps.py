"""What crosses a border, how each value gets across, and what a border costs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adopt.notebooks.flow import is_variable
from adopt.notebooks.plan import CrossingWay
from adopt.notebooks.records import Kind, Statement
from adopt.notebooks.slices import Flow, reads_outside

FRAME, FURTHER_FRAME, RECOMPUTED, IMPOSSIBLE, NOTHING = 1, 4, 2, 50, 1000
"""What a border costs: for a frame, each further one, a value that is computed again, one that cannot cross, and a
border that no data crosses."""
DRAWN = ("fig:", "set:matplotlib")
"""What a part that draws figures may change."""
STATES = ("rng:", "set:")
SMALL = {Kind.NUMBER, Kind.BOOL, Kind.TEXT, Kind.NONE, Kind.PLAIN, Kind.CONTAINER}
"""What literals may be made into."""


@dataclass(frozen=True)
class Live:
    """A value that one part makes and a later one uses."""

    name: str
    """Qualified, or the pseudo-name of a file."""
    made_by: int
    used_by: int
    """The first statement that uses it."""
    kind: Kind


@dataclass(frozen=True)
class Way:
    """How a live value gets across; no way where it cannot."""

    live: Live
    way: CrossingWay | None
    statements: tuple[int, ...] = ()
    """What the later part repeats."""


class Gap:
    """The border between two groups of statements.

    Args:
        flow: All statements.
        before: Indices of the needed statements before the border.
        after: Of those behind it.
        constants: Qualified names that are parameters: they cross no border.
    """

    def __init__(self, flow: Flow, before: Collection[int], after: Iterable[int], constants: Collection[str]) -> None:
        self.flow = flow
        self.before = before
        self.after = tuple(after)
        self.constants = constants
        self.live = tuple(self._find_live())
        self.ways = self._choose()

    @property
    def frames(self) -> tuple[Live, ...]:
        """What is handed on."""
        return tuple(way.live for way in self.ways if way.way in (CrossingWay.FRAME, CrossingWay.FILE))

    @property
    def impossible(self) -> tuple[Live, ...]:
        """What cannot get across."""
        return tuple(way.live for way in self.ways if way.way is None and not way.live.name.startswith("rng:"))

    @property
    def random_states(self) -> tuple[Live, ...]:
        """Random numbers that depend on those before the border: behind it others are drawn."""
        return tuple(way.live for way in self.ways if way.way is None and way.live.name.startswith("rng:"))

    @property
    def cost(self) -> int:
        """How wide the gap is: the least is best."""
        if not self.frames:
            return NOTHING
        again = sum(way.way is CrossingWay.RECOMPUTED for way in self.ways) + len(self.random_states)
        wide = FRAME + FURTHER_FRAME * (len({(live.name, live.made_by) for live in self.frames}) - 1)
        return wide + RECOMPUTED * again + IMPOSSIBLE * len(self.impossible)

    def _find_live(self) -> Iterable[Live]:
        seen = set()
        for index in self.after:
            for name in sorted(self.flow.statements[index].uses):
                if name in self.constants or name.startswith(("fig:", "net:")):
                    continue
                maker = self.flow.find_def(name, index)
                # Each statement that reads a file gets the frame; a name is handed on once.
                key = (name, maker, index if name.startswith("file:") else -1)
                if maker is not None and maker in self.before and key not in seen:
                    seen.add(key)
                    yield Live(name, maker, index, self._find_kind(name, maker))

    def _find_kind(self, name: str, maker: int) -> Kind:
        value = self.flow.find_value(name, maker + 1)
        return Kind.OTHER if value is None else value.kind

    def _choose(self) -> tuple[Way, ...]:
        """The ways that hand on the fewest frames: everything else is made of one of them, if that is possible."""
        files = [live for live in self.live if live.name.startswith("file:")]
        names = [live for live in self.live if is_variable(live.name)]
        frames = [live for live in names if live.kind is Kind.FRAME]
        rest = [live for live in names if self._find_repeated(live) is None]
        # The latest first: it is what the notebook goes on with.
        choices: list[list[Live]] = [[frame] for frame in sorted(frames, key=lambda live: -live.made_by)]
        if files or not frames:
            choices.insert(0, [])
        for bases in choices:
            if all(live in bases or self._find_recomputed(live, bases) is not None for live in rest):
                return tuple(self._find_way(live, bases) for live in self.live)
        further = self._find_further(rest, frames)
        bases = [*frames, *further]
        return tuple(self._find_way(live, bases) for live in (*self.live, *further))

    def _find_further(self, rest: Sequence[Live], frames: Sequence[Live]) -> list[Live]:
        """Frames that are only used through what is made of them: `both = [train, test]` hands on two frames."""
        available = self._find_available() if self.after else {}
        known = {frame.name: frame.made_by for frame in frames}
        further: dict[str, Live] = {}
        for live in rest:
            if live in frames or self.find_again([live.made_by], known) is not None:
                continue
            for index in self.find_again([live.made_by], available) or ():
                for name in self.flow.statements[index].uses:
                    maker = self.flow.find_def(name, index)
                    if maker is not None and available.get(name) == maker and known.get(name) != maker:
                        further[name] = Live(name, maker, live.used_by, Kind.FRAME)
        return list(further.values())

    def _find_available(self) -> dict[str, int]:
        """Qualified name -> the last statement before the border that makes a frame of that name."""
        names = {name for index in self.before for name in self.flow.statements[index].defs if is_variable(name)}
        last = {name: max(i for i in self.before if name in self.flow.statements[i].defs) for name in names}
        return {name: maker for name, maker in last.items() if self._find_kind(name, maker) is Kind.FRAME}

    def _find_way(self, live: Live, frames: Sequence[Live]) -> Way:
        if live.name.startswith("file:"):
            reader = self.flow.statements[live.used_by]
            is_frame = any(value.kind is Kind.FRAME for value in reader.record.values.values())
            return Way(live, CrossingWay.FILE if is_frame else None)
        if live.name.startswith(STATES):
            made_again = self.find_again([live.made_by], {}, states=(live.name,))
            return Way(live, None if made_again is None else CrossingWay.REPEATED, made_again or ())
        repeated = self._find_repeated(live)
        if repeated is not None:
            return Way(live, CrossingWay.REPEATED, repeated)
        if live in frames:
            return Way(live, CrossingWay.FRAME)
        recomputed = self._find_recomputed(live, frames)
        return Way(live, None) if recomputed is None else Way(live, CrossingWay.RECOMPUTED, recomputed)

    def _find_repeated(self, live: Live) -> tuple[int, ...] | None:
        """The statements that make a small value of literals only."""
        found = self.find_again([live.made_by], {})
        if found is None:
            return None
        values = (v for index in found for v in self.flow.statements[index].record.values.values())
        return found if all(value.kind in SMALL for value in values) else None

    def _find_recomputed(self, live: Live, frames: Sequence[Live]) -> tuple[int, ...] | None:
        """The statements that make a value of the frames that cross."""
        return self.find_again([live.made_by], {frame.name: frame.made_by for frame in frames if frame != live})

    def find_again(
        self, roots: Iterable[int], frames: Mapping[str, int], *, states: tuple[str, ...] = ()
    ) -> tuple[int, ...] | None:
        """The statements that a later part has to run to have the same values again; None where that is impossible.

        Args:
            roots: The statements that make the values.
            frames: Qualified name -> the statement that made the frame that the later part has under that name.
            states: Beginnings of the pseudo-names of figures and states that the later part may make.
        """
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            index = waiting.pop()
            statement = self.flow.statements[index]
            if index in found or statement.is_import or statement.is_definition:
                continue
            if not _is_repeatable(statement, frames, states):
                return None
            found.add(index)
            for name in statement.uses:
                maker = self.flow.find_def(name, index)
                if maker is not None and name not in self.constants and frames.get(name) != maker:
                    waiting.append(maker)
        return tuple(sorted(found))


def _is_repeatable(statement: Statement, frames: Mapping[str, int], states: tuple[str, ...]) -> bool:
    """Whether a statement gives the same when it runs a second time, elsewhere."""
    record = statement.record
    is_alone = not (record.files_written or record.commands or statement.has_magic or reads_outside(statement, set()))
    has_state = any(not (is_variable(name) or name.startswith(states or ("-",))) for name in statement.defs)
    draws = any(name.startswith("rng:") for name in statement.uses)
    is_fit = any(value.is_fitted or value.is_opaque for value in record.values.values())
    return is_alone and not has_state and not draws and not is_fit and not statement.defs & set(frames)
