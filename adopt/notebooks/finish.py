"""What an adoption leaves: the recipe with its module and data, and the report."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from adopt.notebooks.adopted import Adopted
from adopt.notebooks.adoption import Adoption
from adopt.notebooks.placing import (
    DATA,
    RECIPES,
    REPORT_HTML,
    REPORT_JSON,
    Places,
    hash_files,
    place_files,
    write_report_files,
)
from adopt.notebooks.plan import CellRef, LeftOut, Remark, Split
from adopt.notebooks.records import MagicUse, Notebook, Stage
from adopt.notebooks.report import LeftOutLine, PartLine, RemarkLine, Report, write_json
from adopt.notebooks.report_html import write_html
from adopt.notebooks.verdicts import Item, accept

SHOWS = re.compile(r"(?:plt|fig\w*)\.(?:show|savefig)\(")
"""Shows a figure, whatever becomes of the figure itself."""
SOURCES = {
    "files": "between the files",
    "tags": "by the tags of cells",
    "comments": "by the comments in cells",
    "headings": "by the headings",
    "given": "as --split says",
    "proposed": "proposed, as the least crosses there; `--split` names other cells",
}


@dataclass(frozen=True)
class Finished:
    """An adoption that is ready to be placed."""

    report: Report
    files: Mapping[str, bytes]
    """Path as one types it, `recipes/…` or `data/…` -> content."""

    @property
    def texts(self) -> dict[str, str]:
        """The recipes and modules."""
        return {name: content.decode() for name, content in self.files.items() if name.startswith(f"{RECIPES}/")}

    def place(self, places: Places) -> None:
        """Write the recipe, its module, the data that it reads, and the report.

        Raises:
            NameTakenError: a file is in the way; then nothing is written.
        """
        place_files(places, self.files)
        write_report_files(places, {REPORT_JSON: write_json(self.report), REPORT_HTML: write_html(self.report)})


def finish_adoption(adoption: Adoption, accepted: Mapping[str, str]) -> Finished:
    """The files and the report of an adoption.

    Raises:
        UsageError: a difference is accepted that there is not.
    """
    items = accept(adoption.items, accepted)
    texts = dict(_find_written(adoption, items).files)
    main = f"{adoption.adopted.main.name}.toml"
    texts[main] = add_accepted(texts[main], items)
    files = {f"{RECIPES}/{name}": text.encode() for name, text in texts.items()}
    files |= {f"{DATA}/{name}": content for name, content in adoption.files.items()}
    return Finished(make_report(adoption, items, hash_files(files)), files)


def make_report(adoption: Adoption, items: tuple[Item, ...], files: Mapping[str, str]) -> Report:
    """Everything that the report says."""
    split = adoption.split
    is_corrected = _find_written(adoption, items) is not adoption.adopted
    remarks = [RemarkLine(one.kind, _end_remark(one, adoption, items), one.cells) for one in split.remarks]
    if adoption.wishes.corrects_leaks and adoption.corrected is None:
        remarks.append(RemarkLine("no_leak", "--correct-leaks changed nothing: no fit on all rows was found."))
    remarks += [
        RemarkLine("frame", text)
        for recipe in adoption.adopted.recipes
        for function in recipe.code.functions
        for text in function.remarks
    ]
    return Report(
        name=adoption.adopted.main.name,
        notebooks=tuple(notebook.path.name for notebook in adoption.notebooks),
        items=items,
        parts=tuple(_describe_parts(adoption)),
        left_out=tuple(_describe_left_out(split, one) for one in split.slice.left_out),
        stale=adoption.stale,
        remarks=(*dict.fromkeys(remarks), *_propose_seeds(items), *_describe_installs(adoption.notebooks)),
        without_leak=adoption.corrected.metrics if adoption.corrected is not None and is_corrected else (),
        runs=adoption.runs,
        files=files,
    )


def _find_written(adoption: Adoption, items: Sequence[Item]) -> Adopted:
    """What is written: the recipe without leaks where it was asked for, once the one with them is proved."""
    is_proved = bool(items) and all(item.is_settled for item in items)
    return adoption.corrected.adopted if adoption.corrected is not None and is_proved else adoption.adopted


def _end_remark(remark: Remark, adoption: Adoption, items: Sequence[Item]) -> str:
    """The text of a remark; of a leak with what becomes of it."""
    if remark.kind != "leak":
        return remark.text
    if adoption.corrected is None:
        offer = f"{adoption.wishes.command} --correct-leaks"
        return f"{remark.text} The recipe keeps it. To correct it and see each metric twice: `{offer}`"
    if _find_written(adoption, items) is adoption.adopted:
        return f"{remark.text} The recipe keeps it: it is corrected only once the recipe is equal to the notebook."
    return f"{remark.text} The recipe divides the rows first and fits on the training rows only."


def _describe_left_out(split: Split, one: LeftOut) -> LeftOutLine:
    text = split.statements[one.index].text.split("\n")[0]
    return LeftOutLine(_cell(split, one.index), text, "shows" if SHOWS.match(text) else one.reason)


def _describe_parts(adoption: Adoption) -> Iterator[PartLine]:
    split = adoption.split
    borders = {border.stage: border for border in split.borders}
    functions = [function for recipe in adoption.adopted.recipes for function in recipe.code.functions]
    for function in functions:
        cells = tuple(dict.fromkeys(_cell(split, index) for index in function.part.statements))
        border = borders.get(function.part.stage) if function.part.stage != Stage.INGEST else None
        words = ""
        if border is not None:
            words = SOURCES.get(border.source, str(border.source))
            words = f"{words}; moved: {border.reason}" if border.reason else words
        yield PartLine(str(function.part.stage), function.name, cells, words)


def _propose_seeds(items: Sequence[Item]) -> Iterator[RemarkLine]:
    """How what varies between runs would be the same in each; nothing is seeded in silence."""
    for why in dict.fromkeys(item.why for item in items if item.why and "random numbers" in item.why):
        text = (
            f"{why[:1].upper()}{why[1:]}. With `random_state`, or a name `seed` that becomes the recipe's seed, every"
        )
        yield RemarkLine("unseeded", f"{text} run gives the same.")


def _describe_installs(notebooks: Sequence[Notebook]) -> Iterator[RemarkLine]:
    """Lines that install packages: they become lines of a `requirements.in`."""
    for book, notebook in enumerate(notebooks):
        for magic in notebook.magics:
            if magic.use == MagicUse.REQUIREMENT:
                names = ", ".join(magic.requirements) or "something"
                text = f"`{magic.line.strip()}` was left out: a recipe installs {names} by a line in requirements.in"
                yield RemarkLine("requirement", f"{text}, followed by `make lock`.", (CellRef(book, magic.cell),))


def _cell(split: Split, index: int) -> CellRef:
    place = split.statements[index].place
    return CellRef(place.book, place.cell)


def add_accepted(text: str, items: Sequence[Item]) -> str:
    """A recipe with a comment for each accepted difference, below its first line."""
    lines = [
        f"# Accepted difference from the notebook: {item.label}: {item.accepted}" for item in items if item.accepted
    ]
    first, newline, rest = text.partition("\n")
    return "".join([first, newline, *(f"{line}\n" for line in lines), rest])
