"""From data or notebooks to a recipe: `python -m adopt data/churn.csv`.

load: what was given; work: look at all of it and draft; save: a new file in `recipes/`.
"""

import sys
from collections.abc import Sequence

from relay.handoff.place import become_owner
from relay.handoff.verbs import Verb, run_verb

NOTEBOOK = (".ipynb", ".py")
"""Notebooks of Jupyter, and those in percent format."""
NOTEBOOKS = Verb("draft a recipe and its code from notebooks", "adopt.notebooks.command")
DATA = Verb("draft a recipe from data", "adopt.data_command")


def main(arguments: Sequence[str]) -> int:
    """Run the command and give its exit code."""
    become_owner("adopt", arguments)
    is_notebook = any(argument.lower().endswith(NOTEBOOK) for argument in arguments)
    return run_verb("adopt", "", NOTEBOOKS if is_notebook else DATA, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
