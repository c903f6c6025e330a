"""How one run of a stage ended: an entry of the journal and, on request, the same entry on standard output."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from relay.handoff.answer import say_json
from relay.handoff.errors import ErrorRecord
from relay.handoff.journal import Entry, Outcome, write_journal
from relay.handoff.receipt import Receipt
from relay.handoff.run import format_utc

ID_BYTES = 8


def make_run_id() -> str:
    """A random id for one run."""
    return os.urandom(ID_BYTES).hex()


SUM_ORDER = (Outcome.FAILED, Outcome.CANCELLED, Outcome.RAN, Outcome.RESTORED, Outcome.UNCHANGED)
"""Outcomes of parts: the first one that is among them is that of the whole."""


@dataclass(frozen=True)
class Logbook:
    """Writes the entries of one run."""

    log_dir: Path
    stage: str
    recipe: str
    run_id: str = field(default_factory=make_run_id)
    is_printed: bool = False
    """Whether each entry is also printed as one line of JSON, for the program that started the stage."""
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def keep_result(self, receipt: Receipt, outcome: Outcome, seconds: float) -> None:
        """Write down a run whose result is in place.

        Raises:
            OSError: the folder of the logs cannot be written.
        """
        entry = Entry(
            stage=self.stage,
            recipe=self.recipe,
            outcome=outcome,
            started_at_utc=format_utc(self.started),
            ended_unix=datetime.now(UTC).timestamp(),
            seconds=round(seconds, 3),
            rows=receipt.rows,
            rejected_rows=receipt.rejected.rows,
            fingerprint=receipt.fingerprint,
            run_id=self.run_id,
        )
        self._keep(entry)

    def keep_failure(self, outcome: Outcome, error: ErrorRecord | None = None, *, with_metrics: bool = True) -> None:
        """Write down a run that failed or was cancelled.

        Raises:
            OSError: the folder of the logs cannot be written.
        """
        now = datetime.now(UTC)
        entry = Entry(
            stage=self.stage,
            recipe=self.recipe,
            outcome=outcome,
            started_at_utc=format_utc(self.started),
            ended_unix=now.timestamp(),
            seconds=round((now - self.started).total_seconds(), 3),
            error=error,
            run_id=self.run_id,
        )
        self._keep(entry, with_metrics=with_metrics)

    def keep_sum(self, parts: Sequence[Entry]) -> None:
        """Write down the runs of other recipes as one of this recipe; without any, nothing was to be done.

        Raises:
            OSError: the folder of the logs cannot be written.
        """
        outcomes = [part.outcome for part in parts]
        now = datetime.now(UTC)
        entry = Entry(
            stage=self.stage,
            recipe=self.recipe,
            outcome=next((one for one in SUM_ORDER if one in outcomes), Outcome.UNCHANGED),
            started_at_utc=format_utc(self.started),
            ended_unix=now.timestamp(),
            seconds=round((now - self.started).total_seconds(), 3),
            rows=sum(part.rows for part in parts),
            rejected_rows=sum(part.rejected_rows for part in parts),
            error=next((part.error for part in parts if part.error is not None), None),
            run_id=self.run_id,
        )
        self._keep(entry, with_metrics=False)  # those of the parts are there

    def _keep(self, entry: Entry, *, with_metrics: bool = True) -> None:
        if self.is_printed:
            say_json(asdict(entry))
        write_journal(self.log_dir, entry, with_metrics=with_metrics)
