"""Run the tests of reliability with the full numbers, once, and print what they counted: `make soak`.

The arguments go to pytest, so `-k swaps` runs a part. Variables that are set are kept (`RELAY_KILLS=5000 make soak`).
The table is what docs/security.md shows. A test that fails counts nothing.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

from counts import COUNTS

ROOT = Path(__file__).resolve().parent.parent


def run_tests(report: Path, *arguments: str) -> int:
    """Run the counted tests, with a report of pytest's; gives the exit code."""
    numbers = {count.variable: str(count.soak) for count in COUNTS}
    command = ["-m", "pytest", "-q", "-m", "counted", "-o", "junit_family=xunit1", f"--junitxml={report}", *arguments]
    return subprocess.run([sys.executable, *command], cwd=ROOT, env={**numbers, **os.environ}, check=False).returncode


def add_up(report: Path) -> dict[str, int]:
    """What the tests counted, in their order; the same name is added up."""
    found: Counter[str] = Counter()
    for test in ET.parse(report).iter("testcase"):
        if test.find("failure") is None and test.find("error") is None:
            for one in test.iter("property"):
                found[one.attrib["name"]] += int(one.attrib["value"])
    return dict(found)


def format_table(counted: dict[str, int]) -> str:
    """The table in Markdown."""
    return "\n".join(["| counted | number |", "|---|---|", *(f"| {name} | {n:,} |" for name, n in counted.items())])


def main() -> int:
    """Run, print, and give pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = run_tests(report, *sys.argv[1:])
        print(format_table(add_up(report)))  # noqa: T201 - the answer of the command
    return code


if __name__ == "__main__":
    sys.exit(main())
