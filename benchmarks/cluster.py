"""What a cluster costs and gains, each figure beside its limit: local, with one worker and with two.

Scheduler, workers and the processes that give tasks away are processes on loopback, all of one thread. They are warm:
each has done the same work on little data before. Rounds of the three take turns, so that all see the same machine.
Figures in processor time, memory and bytes hold on a busy machine too; ratios of wall time only where the rounds of the
baseline spread by at most 10%.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from benchmarks.cluster_bars import Row, judge, judge_equal, judge_ratio
from benchmarks.cluster_data import Made, make_rows, make_text
from benchmarks.cluster_head import Answer, Head
from benchmarks.cluster_processes import Cluster, read_cpu_seconds, read_peak_mib, start_cluster

TEXT_MB, QUICK_TEXT_MB = 512, 16
ROWS, QUICK_ROWS = 4_000_000, 50_000
TASKS, QUICK_TASKS = 1_000, 300
"""Of those that do nothing."""
CROWD_TASKS, QUICK_CROWD_TASKS = 3_000, 400
CROWD_PROCESSES, CROWD_EACH = 4, 25
ROUNDS = 2

GAINS = {"text": 1.6, "table": 1.5, "counting": 1.35}
"""Of two workers against one."""
MOST_OVER_LOCAL = 1.15
MOST_HEAD_MS, MOST_HEAD_MB = 60, 0.01
"""Per part: processor time of the process that gives tasks away, and what it receives."""
MOST_TASK_MS, MOST_CROWD_MS = 12, 5
MOST_MB = {"scheduler": 150, "head": 250, "worker": 600}
MOST_LOSS_SECONDS, MOST_PREFLIGHT_SECONDS = 2, 5
MB = 1_000_000


@dataclass
class Runs:
    """Rounds of one work: engine -> what each round gave."""

    made: Made
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)

    def seconds(self, engine: str) -> list[float]:
        """Wall seconds of each round."""
        return [one["seconds"] for one in self.answers[engine]]

    def add(self, engine: str, answer: Answer, digest: str) -> None:
        """Keep a round."""
        self.answers.setdefault(engine, []).append(answer)
        self.digests.append(digest)

    def of_clusters(self, name: str) -> list[float]:
        """A figure per part, of each round with one worker and with two."""
        return [one[name] / self.made.parts for engine in ("one", "two") for one in self.answers[engine]]


def run(quick: bool) -> list[Row]:
    """A row per bar; little data with quick."""
    with tempfile.TemporaryDirectory() as name:
        return [*_compare_engines(Path(name), quick), _judge_crowd(Path(name), quick)]


def _compare_engines(folder: Path, quick: bool) -> list[Row]:
    with ExitStack() as stack:
        little = [make_text(folder, "little_text", 2), make_rows(folder, "little_table", 20_000)]
        works = {
            "text": make_text(folder, "text", QUICK_TEXT_MB if quick else TEXT_MB),
            "table": make_rows(folder, "table", QUICK_ROWS if quick else ROWS),
        }
        clusters = {
            engine: stack.enter_context(start_cluster(folder / engine, folder / "data")) for engine in ("one", "two")
        }
        clusters["one"].start_workers(1)
        clusters["two"].start_workers(2)
        heads = {"local": stack.enter_context(_open_head(folder / "data"))}
        heads |= {
            engine: stack.enter_context(_open_head(folder / "data", cluster.address))
            for engine, cluster in clusters.items()
        }
        heads["one"].ask("wait", workers=1)
        heads["two"].ask("wait", workers=2)
        _warm_up(heads, little)
        runs = {work: _prepare(heads, made) for work, made in works.items()}
        rows = [*_judge_works({**runs, "counting": _count(heads, works["text"], little[0])}), *_judge_head(runs)]
        rows += [_judge_seam(heads["one"], clusters["one"], quick), *_judge_memory(clusters["two"], runs)]
        rows += [_judge_loss(heads["two"], clusters["two"]), _judge_preflight(heads)]
    return rows


@contextmanager
def _open_head(data_dir: Path, address: str = "") -> Iterator[Head]:
    head = Head(data_dir, address)
    try:
        yield head
    finally:
        head.close()


def _warm_up(heads: dict[str, Head], little: list[Made]) -> None:
    """Let every process import what the work needs."""
    for made in little:
        for head in heads.values():
            head.ask("stage", recipe=str(made.recipe))


def _prepare(heads: dict[str, Head], made: Made) -> Runs:
    """Rounds of preprocess, by turns."""
    runs = Runs(made)
    for _ in range(ROUNDS):
        for engine, head in heads.items():
            answer = head.ask("stage", recipe=str(made.recipe))
            runs.add(engine, answer, made.hash_output())
    return runs


def _count(heads: dict[str, Head], made: Made, little: Made) -> Runs:
    """Rounds of counting the trigrams of prepared texts, by turns, after one of few texts."""
    runs = Runs(made)
    for head in heads.values():
        head.ask("count", name=little.recipe.stem)
    for _ in range(ROUNDS):
        for engine, head in heads.items():
            answer = head.ask("count", name=made.recipe.stem)
            runs.add(engine, answer, answer["digest"])
    return runs


def _judge_works(runs: dict[str, Runs]) -> Iterator[Row]:
    for work in runs:
        yield judge_equal(f"SHA-256 of every output, local · 1 · 2 workers: {work}", runs[work].digests)
    for work, limit in GAINS.items():
        one, two = runs[work].seconds("one"), runs[work].seconds("two")
        yield judge_ratio(f"2 workers against 1: {work}", one, two, limit, is_gain=True)
    for work in runs:
        local, one = runs[work].seconds("local"), runs[work].seconds("one")
        yield judge_ratio(f"1 worker against 1 local thread: {work}", local, one, MOST_OVER_LOCAL, is_gain=False)


def _judge_head(runs: dict[str, Runs]) -> Iterator[Row]:
    for work, one in runs.items():
        note = f"{one.made.parts} parts; median of {2 * ROUNDS} rounds"
        yield judge(f"head: CPU per part, {work}", 1000 * median(one.of_clusters("cpu")), MOST_HEAD_MS, "ms", note=note)
        received = max(one.of_clusters("bytes")) / MB
        yield judge(f"head: received per part, {work}", received, MOST_HEAD_MB, "MB", note="the most of them")


def _judge_seam(head: Head, cluster: Cluster, quick: bool) -> Row:
    tasks = QUICK_TASKS if quick else TASKS
    head.ask("open")
    head.ask("nothing", tasks=20)
    processes = [psutil.Process(head.process.pid), cluster.scheduler, *cluster.workers]
    before = [read_cpu_seconds(one) for one in processes]
    answer = head.ask("nothing", tasks=tasks)
    used = [1000 * (read_cpu_seconds(one) - cpu) / tasks for one, cpu in zip(processes, before, strict=True)]
    note = (
        f"head {used[0]:.1f}, scheduler {used[1]:.1f}, worker {sum(used[2:]):.1f}; {tasks:,} tasks in "
        f"{answer['seconds']:.1f} s"
    )
    return judge("CPU per task that does nothing", sum(used), MOST_TASK_MS, "ms", note=note)


def _judge_memory(cluster: Cluster, runs: dict[str, Runs]) -> Iterator[Row]:
    peaks = {
        "scheduler": read_peak_mib(cluster.scheduler),
        "head": max(one["peak_mib"] for some in runs.values() for one in some.answers["two"]),
        "worker": max(read_peak_mib(worker) for worker in cluster.workers),
    }
    for process, mib in peaks.items():
        yield judge(f"peak memory: {process}", mib * 2**20 / MB, MOST_MB[process], "MB")


def _judge_loss(head: Head, cluster: Cluster) -> Row:
    head.ask("open")
    head.ask("loss")
    killed = cluster.kill_scheduler()
    seconds = head.hear()["moment"] - killed
    return judge("a lost scheduler is said within", seconds, MOST_LOSS_SECONDS, "s")


def _judge_preflight(heads: dict[str, Head]) -> Row:
    seconds = heads["one"].ask("open")["seconds"]
    return judge("preflight", seconds, MOST_PREFLIGHT_SECONDS, "s")


def _judge_crowd(folder: Path, quick: bool) -> Row:
    tasks, workers = QUICK_CROWD_TASKS if quick else CROWD_TASKS, CROWD_PROCESSES * CROWD_EACH
    with start_cluster(folder / "crowd", folder / "data") as cluster:
        cluster.start_crowd(CROWD_PROCESSES, CROWD_EACH)
        with _open_head(folder / "data", cluster.address) as head:
            head.ask("wait", workers=workers)
            preflight = head.ask("open")["seconds"]
            head.ask("nothing", tasks=2 * workers, ahead=2 * workers)
            before = read_cpu_seconds(cluster.scheduler)
            answer = head.ask("nothing", tasks=tasks, ahead=2 * workers)
            used = 1000 * (read_cpu_seconds(cluster.scheduler) - before) / tasks
            note = (
                f"{tasks / answer['seconds']:.0f} tasks per second; preflight {preflight:.1f} s; "
                f"{read_peak_mib(cluster.scheduler):.0f} MiB"
            )
    return judge(f"scheduler: CPU per task with {workers} simulated workers", used, MOST_CROWD_MS, "ms", note=note)
