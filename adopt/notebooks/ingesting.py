"""Which statements bring the data: the part that becomes ingest."""

from collections.abc import Iterable
from dataclasses import dataclass

from adopt.notebooks.gaps import Gap, Live
from adopt.notebooks.slices import Flow


@dataclass(frozen=True)
class Ingest:
    """The statements of ingest."""

    statements: frozenset[int]
    gap: Gap
    """What crosses to the rest."""

    @property
    def impossible(self) -> tuple[Live, ...]:
        """What cannot be handed on."""
        return self.gap.impossible


def find_ingest(
    flow: Flow, body: Iterable[int], reads: Iterable[int], constants: Iterable[str], *, mark: int | None, end: int
) -> Ingest:
    """The reads and what they need, wherever they are, and what is behind them until all data is in frames.

    Args:
        flow: All statements.
        body: The needed statements that are neither imports nor definitions.
        reads: The statements that bring data.
        constants: Qualified names that are parameters.
        mark: Where the notebook says that preprocess begins: everything before belongs to ingest.
        end: Where the model begins at the latest: nothing behind it becomes ingest but reads.
    """
    own = sorted(body)
    names = frozenset(constants)
    roots = {index for index in reads if index in own}
    before = {index for index in own if mark is not None and index < mark}
    while True:
        statements = (flow.close(roots) & set(own)) | before
        gap = Gap(flow, statements, [index for index in own if index not in statements], names)
        users = _find_next(gap, end)
        if not users:
            return Ingest(frozenset(statements), gap)
        roots.add(min(users))


def _find_next(gap: Gap, end: int) -> list[int]:
    """The statements that could make frames of what is not one yet."""
    waiting = gap.impossible or (() if gap.frames else gap.live)
    return [live.used_by for live in waiting if live.used_by < end]
