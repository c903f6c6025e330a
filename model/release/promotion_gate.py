"""Whether a new version may replace the one in production: both answer the same test rows, seen by neither in training.

The champion holds the alias `production`; the challenger was just registered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from model.release.checks import KEPT, TOLERANCE, Check, compare_kept, compare_rows, say_check
from model.release.compare import Candidate as Candidate
from model.release.new_data import DIFFERENT, NewData, ask_data
from model.training.estimator.rows import Part
from relay.handoff.wording import list_words
from relay.reading.iso import EPOCH, MICROSECOND, read_iso
from relay.registry.contract import Contract
from relay.registry.task import ModelTask

MIN_ROWS = 10
"""Common test rows below which the bootstrap's interval says nothing."""

MIN_CLASS_ROWS = 10
"""The same for each class."""

ACCEPT = (
    "If this is how the data are now, promote the version by hand, or accept the shift (`python -m monitor accept`) "
    "and train again"
)
"""What to do about new data that differ."""


@dataclass(frozen=True)
class Decision:
    """Whether the challenger may become production, and why."""

    passes: bool
    why: str
    champion: int | None
    checks: tuple[Check, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the version."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Decision":
        """What `to_json` gave."""
        return cls(**{**found, "checks": tuple(Check(**check) for check in found["checks"])})


def judge_challenger(
    challenger: Candidate, champion: Candidate | None, test: Part | None, seed: int, new: NewData | None = None
) -> Decision:
    """Compare a challenger with the champion.

    Args:
        challenger: trained on the dataset that `test` is of.
        champion: holds the alias; None when no version does.
        test: test rows of the challenger's dataset; None where `is_compared_by_record`.
        seed: of the resampling.
        new: all rows of the challenger's dataset; None where they cannot be read as rows with a target.
    """
    number = None if champion is None else champion.number
    if unserved := _say_unserved(challenger.contract):
        return Decision(False, unserved, number)
    if reason := _find_reservation(challenger.contract):
        return Decision(False, f"{reason}: promote by hand if you want it", number)
    if champion is None:
        leak = _say_leaks(challenger.contract)
        return _combine(Decision(not leak, leak or "the first version", None), challenger, None, new)
    if reason := find_obstacle(challenger, champion):
        return Decision(False, f"{reason}: promote by hand if you want it", champion.number)
    if challenger.contract.files == champion.contract.files:
        return Decision(True, "the same model files as the champion's, newer lineage", champion.number)
    if leak := _say_leaks(challenger.contract):
        return Decision(False, leak, champion.number)
    if test is None:
        return _compare_by_record(challenger, champion)
    test = take_unseen(test, champion)
    later = f" later than every training row of version {champion.number}" if _first_test(champion) else ""
    if shortage := _find_shortage(challenger.contract, test, later):
        return Decision(False, f"{shortage}: promote by hand if you want it", champion.number)
    with threadpool_limits(1):  # the seconds go into resampling, and small calls are slower on many threads
        checks = (*compare_rows(challenger, champion, test, seed), *_ask_kept(challenger, champion, seed))
    return _combine(_conclude(checks, champion.number), challenger, champion, new)


def _conclude(checks: tuple[Check, ...], champion: int) -> Decision:
    failed = [check for check in checks if not check.passed]
    return Decision(not failed, " ".join(say_check(check) for check in failed or checks[:1]), champion, checks)


def _combine(decision: Decision, challenger: Candidate, champion: Candidate | None, new: NewData | None) -> Decision:
    """The decision with what the new data say: what they do not pass stands first, for it explains the rest."""
    asked = () if new is None else tuple(ask_data(challenger, champion, new))
    failed = [say_check(check) for check in asked if not check.passed]
    if not failed:
        return replace(decision, checks=(*decision.checks, *asked))
    advice = [ACCEPT] if any(check.name in DIFFERENT and not check.passed for check in asked) else []
    why = " ".join([*failed, *([] if decision.passes else [decision.why]), *advice])
    return replace(decision, passes=False, why=f"the new data: {why}", checks=(*decision.checks, *asked))


def _ask_kept(challenger: Candidate, champion: Candidate, seed: int) -> Iterator[Check]:
    """Whether the challenger is no worse on the test rows that the champion kept, unless it learned from them."""
    if challenger.data_sha256 == champion.data_sha256:
        return  # they are among the test rows
    if why := _find_why_not_kept(challenger, champion):
        text = f"Not compared {KEPT} {champion.number}: {why}."
        yield Check("kept rows", passed=True, rows=0, text=text)
        return
    assert champion.kept is not None  # noqa: S101 - see _find_why_not_kept
    yield from compare_kept(challenger, champion, champion.kept, seed)


def _find_why_not_kept(challenger: Candidate, champion: Candidate) -> str:
    """Why the champion's own test rows are not asked about; empty where they are."""
    mine, other = challenger.split or {}, champion.split or {}
    if champion.kept is None:
        return "it kept none"
    if champion.accepted:
        return f"the shift since then was accepted {champion.accepted}"
    if mine.get("kind", "hash") in ("time", "function"):
        return "the new version may have been trained on them; rows later than all training rows are compared instead"
    if mine.get("test_share", 0.0) < other.get("test_share", 1.0):
        return "with its smaller test_share the new version may have been trained on some of them"
    return _find_shortage(challenger.contract, champion.kept, " were kept")


def is_compared_by_record(mine: Contract, other: Contract) -> bool:
    """Whether the scores of both trainings are compared, and no common test rows.

    Authorship is judged by leaving out, and a user's function chooses its rows.
    """
    return mine.task == ModelTask.AUTHORSHIP or mine.is_from_function or other.is_from_function


def _find_reservation(mine: Contract) -> str:
    """Why only a person may promote a version, whatever the champion is; empty where that is not so."""
    if mine.task == ModelTask.OTHER:
        return "it does not predict a target"
    if mine.is_from_function and mine.score is None:
        return "its function gives the metrics, and [model] score names none of them"
    return ""


def _say_unserved(mine: Contract) -> str:
    """Why a version must not replace one that answers; empty where it may, and where a person decides anyway."""
    if mine.task == ModelTask.OTHER or not mine.why_unserved:
        return ""
    return f"not servable: {mine.why_unserved}. Train again with a model that answers each row by itself."


def find_obstacle(challenger: Candidate, champion: Candidate) -> str:
    """Why two versions cannot be compared, in words; empty when they can."""
    mine, other = challenger.contract, champion.contract
    if mine.task != other.task or mine.target != other.target or mine.classes != other.classes:
        return f"version {champion.number} answers another question ({other.task} of {other.target})"
    types = [{name: column.type for name, column in one.inputs.items()} for one in (mine, other)]
    if types[0] != types[1]:
        differing = sorted({*types[0].items()} ^ {*types[1].items()})
        return f"other input columns than version {champion.number} has ({', '.join(name for name, _ in differing)})"
    if mine.score is None or other.score is None or mine.score.name != other.score.name:
        return f"no common score with version {champion.number}"
    if is_compared_by_record(mine, other):
        if mine.is_from_function != other.is_from_function or mine.score.lower_is_better != other.score.lower_is_better:
            return f"version {champion.number} was judged in another way"
        data = "texts" if mine.task == ModelTask.AUTHORSHIP else "data"
        is_same = challenger.data_sha256 == champion.data_sha256
        return "" if is_same else f"trained on other {data}, with no common test"
    return _find_leak(challenger.split, champion.split, champion.number)


def _find_leak(mine: Mapping[str, Any] | None, other: Mapping[str, Any] | None, number: int) -> str:
    """Why test rows of ours may be training rows of the champion, in words.

    A row is a test row when its seeded hash, or its group's, is below the share: the rows of the smaller share are in
    the larger one. Where time divides, only later rows are compared: see `take_unseen`.
    """
    if mine is None or other is None:
        return f"nobody knows which rows version {number} was trained on"
    kinds = [one.get("kind", "hash") for one in (mine, other)]
    if kinds[0] == kinds[1] == "time" and mine["by"] == other["by"]:
        return ""
    if kinds[0] == kinds[1] == "function" and mine["data_sha256"] == other["data_sha256"]:
        return ""
    if kinds[0] != kinds[1] or kinds[0] in ("time", "function"):
        return f"version {number} was trained with another split: our test rows may be its training rows"
    if (mine["seed"], mine["by"]) != (other["seed"], other["by"]) or mine["test_share"] > other["test_share"]:
        return f"version {number} was trained with another split: our test rows may be its training rows"
    return ""


def take_unseen(test: Part, champion: Candidate) -> Part:
    """The test rows that the champion was not trained on: where time divides, those later than its training rows.

    Args:
        test: of the challenger's dataset.
        champion: divided in the same way as the challenger.
    """
    moment = _first_test(champion)
    if moment is None or test.times is None:
        return test
    return test.take(np.flatnonzero(test.times >= (moment - EPOCH) // MICROSECOND))


def _first_test(champion: Candidate) -> datetime | None:
    """Where time divides: the moment before which all of a version's training rows are."""
    border = (champion.split or {}).get("first_test_utc")
    return read_iso(border) if border else None


def _say_leaks(contract: Contract) -> str:
    """Why only a person may promote a version whose inputs may give the target away; empty where none does."""
    if not contract.leaks:
        return ""
    columns = list_words(dict.fromkeys(leak.column for leak in contract.leaks))
    return (
        f"possible leak: {'; '.join(leak.say(contract.target) for leak in contract.leaks)}. If {columns} would not be "
        f'known before {contract.target}, use role = "ignore" and train again; otherwise promote by hand'
    )


def _find_shortage(contract: Contract, test: Part, later: str) -> str:
    if len(test) < MIN_ROWS:
        return f"{len(test)} test rows{later}, {MIN_ROWS} are needed to compare"
    if contract.task == ModelTask.REGRESSION:
        return ""
    rows = {name: int((test.target == name).sum()) for name in contract.classes}
    rarest = min(rows, key=lambda name: rows[name])
    if rows[rarest] < MIN_CLASS_ROWS:
        return f"{rows[rarest]} test rows of the class {rarest}{later}, {MIN_CLASS_ROWS} are needed to compare"
    return ""


def _compare_by_record(challenger: Candidate, champion: Candidate) -> Decision:
    """By the scores of both records, each from leaving out one document of the same texts after another."""
    mine, other = challenger.contract.score, champion.contract.score
    assert mine is not None and other is not None  # noqa: S101, PT018 - see find_obstacle
    loss = (mine.value - other.value) if mine.lower_is_better else (other.value - mine.value)
    check = Check(mine.name, loss <= TOLERANCE * abs(other.value), 0, other.value, mine.value)
    return Decision(check.passed, say_check(check), champion.number, (check,))
