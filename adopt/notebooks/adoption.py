"""From notebooks to a recipe that is proved to compute the same: run, divide, write, run the stages, compare."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from loguru import logger

from adopt.notebooks.adopted import Adopted, Wanted, check_split, write_adopted
from adopt.notebooks.causes import explain_failure
from adopt.notebooks.corrected import Corrected, compare_corrected
from adopt.notebooks.corrections import correct_leaks
from adopt.notebooks.execute import CELL_TIMEOUT, RunOptions, run_notebooks
from adopt.notebooks.kernel.tracer import seed_of
from adopt.notebooks.leak_steps import Corrections
from adopt.notebooks.packages import find_missing
from adopt.notebooks.parity import compare, varies
from adopt.notebooks.pipeline import PipelineRun, Workplace, run_pipeline
from adopt.notebooks.plan import NotebookError, Split
from adopt.notebooks.proof import Proof, Sides, find_places, load_frames
from adopt.notebooks.read import read_notebooks
from adopt.notebooks.records import Notebook, Run
from adopt.notebooks.report import StaleCell
from adopt.notebooks.split import split_notebooks
from adopt.notebooks.stale import add_stale, find_stale
from adopt.notebooks.verdicts import Item

RECORD_SEED, OTHER_SEED, KEEP_SEED = 1, 2, 3
"""`PYTHONHASHSEED` of the three runs: sets of texts have another order in each."""


@dataclass(frozen=True)
class Wishes:
    """What the command line says."""

    name: str
    command: str
    """The command that adopts the same again."""
    split: str = ""
    timeout: float = CELL_TIMEOUT
    """Seconds for each cell."""
    corrects_leaks: bool = False


@dataclass(frozen=True)
class Adoption:
    """Notebooks, what they became, and the comparison."""

    notebooks: tuple[Notebook, ...]
    split: Split
    adopted: Adopted
    items: tuple[Item, ...]
    stale: tuple[StaleCell, ...]
    runs: tuple[str, ...]
    """What was run, one sentence each."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The data that the recipe reads: path below `data/` -> content."""
    wishes: Wishes = field(default_factory=lambda: Wishes("", ""))
    corrected: Corrected | None = None
    """The same without leaks, where that was asked for and there is one."""


def adopt_notebooks(paths: Sequence[Path], wishes: Wishes, scratch: Path) -> Adoption:
    """Run notebooks, write what they become, run that as well, and compare. Everything happens in `scratch`.

    Raises:
        NotebookError: they cannot be adopted; it says why, with cell numbers, and what to change.
    """
    notebooks = read_notebooks(paths)
    if missing := find_missing(notebooks):
        raise NotebookError(missing)
    work = _Work(notebooks, wishes, scratch)
    first = work.run("1 of 3", RECORD_SEED)
    split = split_notebooks(notebooks, first, split=wishes.split)
    if split.refusals:
        raise NotebookError(split.refusals)
    check_split(split)
    corrections = correct_leaks(split) if wishes.corrects_leaks else {}
    other = work.run("2 of 3", OTHER_SEED)
    kept = work.run("3 of 3", KEEP_SEED, keep=split)
    adopted = work.write(split, kept)
    place = Workplace(scratch / "stages")
    stages = work.run_stages(adopted, place, "")
    proof = Proof(split, adopted, Sides(kept, stages), (first, other))
    items = compare(proof)
    if varies(items):
        proof = replace(proof, seeded=work.prove_seeded(split))
        items = compare(proof)
    corrected = work.correct(proof, corrections) if corrections else None
    stale = find_stale(notebooks, first)
    data = {name: (place.data / name).read_bytes() for name in work.find_data(adopted)}
    items = add_stale(items, stale)
    return Adoption(notebooks, split, adopted, items, stale, tuple(work.said), data, wishes, corrected)


class _Work:
    """The runs of one adoption."""

    def __init__(self, notebooks: Sequence[Notebook], wishes: Wishes, scratch: Path) -> None:
        self._notebooks, self._wishes, self._scratch = tuple(notebooks), wishes, scratch
        self.said = [
            "The notebooks ran three times from the top, in fresh kernels, in copies of their folder, with the hash "
            f"seeds {RECORD_SEED}, {OTHER_SEED} and {KEEP_SEED}.",
            "Ingest, preprocess and model of the written recipe ran as they always do, in a data folder of their own.",
        ]

    def run(self, number: str, hash_seed: int, *, keep: Split | None = None, is_seeded: bool = False) -> Run:
        """Run the notebooks once.

        Raises:
            NotebookError: a cell fails.
        """
        begun = monotonic()
        options = RunOptions(
            hash_seed=hash_seed,
            timeout=self._wishes.timeout,
            is_seeded=is_seeded,
            keep=find_places(keep) if keep is not None else {},
            on_cell=self._note_cell(number),
        )
        ran = run_notebooks(self._notebooks, self._scratch / f"run-{number.replace(' ', '-')}", options)
        if (error := explain_failure(ran, self._notebooks)) is not None:
            raise error
        logger.info("{}: notebooks run, {} ({:.0f} s)", self._wishes.name, number, monotonic() - begun)
        return ran

    def _note_cell(self, number: str) -> Callable[[int, int], None]:
        """What says which cell runs."""

        def note(book: int, cell: int) -> None:
            logger.debug("run {}: {}, cell {}", number, self._notebooks[book].path.name, cell)

        return note

    def write(
        self,
        split: Split,
        kept: Run,
        seeds: Mapping[int, int] | None = None,
        corrections: Corrections | None = None,
    ) -> Adopted:
        """Recipes and modules; with seeds a throw-away twin, with corrections without leaks.

        Raises:
            NotebookError: something has no place in a stage.
        """
        wanted = Wanted(self._wishes.name, _find_title(self._notebooks, self._wishes.name), self._wishes.command)
        return write_adopted(wanted, self._notebooks, split, load_frames(split, kept), seeds, corrections)

    def run_stages(self, adopted: Adopted, place: Workplace, words: str) -> PipelineRun:
        """Run the stages of what was written.

        Raises:
            NotebookError: one fails.
        """
        begun = monotonic()
        folder = self._notebooks[0].path.parent
        place.write(adopted.files, {name: folder / source for name, source in self.find_data(adopted).items()})
        ran = run_pipeline(place, adopted.main.name, RECORD_SEED)
        logger.info("{}: stages run{} ({:.0f} s)", self._wishes.name, words, monotonic() - begun)
        return ran

    def find_data(self, adopted: Adopted) -> dict[str, str]:
        """Path below `data/` -> file beside the notebooks."""
        return {there: here for recipe in adopted.recipes for here, there in recipe.data_files.items()}

    def prove_seeded(self, split: Split) -> Sides:
        """Both sides again, seeded before each statement that is needed."""
        kept = self.run("seeded", RECORD_SEED, keep=split, is_seeded=True)
        twin = self.write(split, kept, _find_seeds(split))
        self.said.append(
            "Something varies between runs of the notebook. So both sides ran again, with `random` and NumPy seeded "
            "before each statement; the written module is not seeded."
        )
        return Sides(kept, self.run_stages(twin, Workplace(self._scratch / "twin"), ", seeded"))

    def correct(self, proof: Proof, corrections: Corrections) -> Corrected:
        """The recipe without leaks, which ran as well, and its metrics beside those of the notebook.

        Raises:
            NotebookError: its stages do not run.
        """
        kept = proof.sides.notebooks
        adopted = self.write(proof.split, kept, None, corrections)
        ran = self.run_stages(adopted, Workplace(self._scratch / "corrected"), ", without leaks")
        self.said.append(
            "Then the recipe ran without the leak, which is what was written; what is compared is the recipe with the "
            "leak."
        )
        if proof.seeded is not None:
            twin = self.write(proof.split, kept, _find_seeds(proof.split), corrections)
            ran = self.run_stages(twin, Workplace(self._scratch / "corrected-twin"), ", without leaks, seeded")
        return Corrected(adopted, compare_corrected(proof, ran))


def _find_seeds(split: Split) -> dict[int, int]:
    """Statement -> the seed that stands before it, as in a seeded run of the notebooks."""
    return {index: seed_of(*split.statements[index].place) for index in split.slice.needed}


def _find_title(notebooks: Iterable[Notebook], name: str) -> str:
    """The first heading of the notebooks, or the recipe's name in words."""
    for notebook in notebooks:
        for cell in notebook.cells:
            for line in cell.markdown.splitlines():
                if line.startswith("#") and (title := line.lstrip("# ").strip()):
                    return title.rstrip(".")
    return name.replace("_", " ").replace("-", " ").capitalize()
