"""Watch a model in production: `python -m monitor credit`.

Its subcommands (`VERBS`) compare windows and versions, report labels, accept a shift, export rows, and measure what the
monitor would find.

load: the served version, the prediction log since the last run; work: look, judge, decide; save: the monitor's store,
then a folder for the window.
"""

import sys
from collections.abc import Sequence

from relay.handoff.place import become_owner
from relay.handoff.verbs import Verb, run_verb

VERBS = {
    "compare": Verb("compare two windows of a model, or two versions", "monitor.compare"),
    "labels": Verb("report what turned out to be true, from a file", "monitor.labels.command"),
    "accept": Verb("accept the records of now as the new reference", "monitor.accept"),
    "export": Verb("write the reference rows and a window's records as Parquet files", "monitor.export"),
    "prepare": Verb("make the monitor's tables, and end", "monitor.prepare"),
    "lab": Verb("measure on your own data what the monitor finds, and how soon", "monitor.lab.command"),
    "demo": Verb("play a break, a shift and a training on made-up borrowers, in two minutes", "monitor.demo.command"),
}
"""The subcommands of `python -m monitor`; their modules are imported only when used."""

WATCH = Verb(
    "read the prediction log since the last run, and say whether the model's data or its loss have changed",
    "monitor.command",
)


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit code: 0, 3 for an alarm, 1 for a failure, 2 for bad usage."""
    become_owner("monitor", arguments)
    if arguments and arguments[0] in VERBS:
        return run_verb("monitor", arguments[0], VERBS[arguments[0]], arguments[1:])
    return run_verb("monitor", "", WATCH, arguments, verbs=VERBS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
