"""Serve the page: `python -m page`, or `python -m model page` in the image of the stage `model`.

reads   data/, logs/, and what it asks of the API, Airflow and `python -m model … --json`
writes  logs/page.log; the runs that it starts write what the stages write
"""

import sys

from relay.handoff.verbs import Verb, run_verb

if __name__ == "__main__":
    sys.exit(run_verb("page", "", Verb("serve the page", "page.server"), sys.argv[1:]))
