"""Print how many columns and targets of the test set are right, by kind of file, and each that is not.

python tests/adopt/score_cases.py [CASE …]
"""

import sys
import tempfile
import traceback
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent.parent), str(Path(__file__).resolve().parent)]

from cases import CASES  # noqa: E402
from drafting import draft_case  # noqa: E402
from scoring import Outcome, Score, make_table_of_scores, score  # noqa: E402


def main(names: list[str]) -> None:
    """Score the named cases, or all."""
    scores: list[Score] = []
    for case in CASES:
        if names and case.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                scores.append(score(case, draft_case(case, Path(folder))))
            except Exception:
                say(f"{case.name}: no draft: {traceback.format_exc(limit=-3)}")
                continue
        list_mistakes(scores[-1])
    say(make_table_of_scores(scores))


def list_mistakes(scored: Score) -> None:
    """Everything of one draft that is not right."""
    for name, verdict in {**scored.columns, "TARGET": scored.target}.items():
        if verdict.outcome is not Outcome.RIGHT:
            say(f"{scored.case.name} · {name!r} · {verdict.outcome}: {'; '.join(verdict.reasons)}")
        elif verdict.is_marked and name != "TARGET":
            say(f"{scored.case.name} · {name!r} · right, marked")
    for problem in (*scored.ingest, *scored.warnings):
        say(f"{scored.case.name} · {problem}")


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
