"""All benchmarks in one run: a table on the terminal, and the rows in `benchmarks/results/`."""

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

BENCHMARKS = (
    "unchanged",
    "trigrams",
    "authorship",
    "authorship_peers",
    "credit",
    "large_tables",
    "drift_watch",
    "adopt",
    "download",
    "tracking",
    "database",
    "serving",
    "own_serving",
    "own_batches",
    "predict_file",
    "drift",
    "bad_data",
    "cluster",
)
RESULTS = Path(__file__).parent / "results"


def format_table(rows: list[dict[str, object]]) -> str:
    """Rows as a Markdown table; numbers with four digits."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, ["---"] * len(names), *([_show(row.get(name, "")) for name in names] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _show(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def main() -> int:
    """Run the benchmarks that are named, all without a name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without one")
    parser.add_argument("--quick", action="store_true", help="small data: shows that it works, not how fast it is")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    results = {}
    for name in arguments.names or BENCHMARKS:
        print(f"\n## {name}\n", flush=True)
        results[name] = import_module(f"benchmarks.{name}").run(quick=arguments.quick)
        print(format_table(results[name]), flush=True)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}{'-quick' if arguments.quick else ''}.json"
    path.write_text(json.dumps({"python": platform.python_version(), "results": results}, indent=2) + "\n")
    print(f"\nSaved as {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
