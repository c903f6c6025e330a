"""Measuring whole processes from outside."""

import json
import subprocess
import sys

MEASURE = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seconds = time.perf_counter() - start
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime, "peak_mib": usage.ru_maxrss / 1024
}))
"""


def measure(command: list[str], environment: dict[str, str] | None = None) -> dict[str, float]:
    """Wall seconds, CPU seconds and peak memory in MiB of a command; without an environment it gets ours.

    It runs below a process of its own, so that the peak is its own and not that of an earlier one.

    Raises:
        subprocess.CalledProcessError: the command failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True, env=environment
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
