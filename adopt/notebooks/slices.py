"""What the results of a notebook need, found backwards, and why the rest is left out."""

import ast
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from adopt.notebooks.flow import find_plain_name, is_variable
from adopt.notebooks.names import find_calls
from adopt.notebooks.plan import LeftOut, Output, OutputKind, Slice
from adopt.notebooks.records import Kind, Stage, Statement, Value

EXPLORING = {
    *(
        "head",
        "tail",
        "sample",
        "info",
        "describe",
        "value_counts",
        "nunique",
        "unique",
        "isnull",
        "isna",
        "memory_usage",
    ),
    *(
        "display",
        "dtypes",
        "shape",
        "columns",
        "corr",
        "duplicated",
        "nlargest",
        "nsmallest",
        "get_params",
        "show_versions",
    ),
}
"""Methods and attributes with which people look at data."""
SETTINGS = re.compile(
    r"filterwarnings|simplefilter|set_option|pd\.options|set_printoptions|rcParams|style\.use|\.set_theme|sns\.set\w*\(|"
    r"set_palette|set_config|seterr"
)
SAVING = re.compile(r"\.(show|savefig|close)\s*\(")
FRAME_FILE = re.compile(r"to_(csv|excel|parquet|json|feather|stata|html|latex|markdown|pickle|hdf)$")
SPLITTING = re.compile(
    r"train_test_split|cross_val|KFold|TimeSeriesSplit|ShuffleSplit|GridSearchCV|RandomizedSearchCV|random_split"
)
READING = re.compile(r"(read|load|fetch|scan)_\w+$|^(urlopen|urlretrieve|get_dataset|load_dataset)$")
"""Functions that bring data, seen or unseen by the run: `load_iris` reads a file of its package."""
NUMBERS = re.compile(r"\d")


class Flow:
    """Statements, and who defines what they use.

    Args:
        statements: Of all notebooks, in their order.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self.statements = tuple(statements)
        self._defs: dict[str, list[int]] = defaultdict(list)
        for statement in statements:
            for name in statement.defs:
                self._defs[name].append(statement.index)

    def find_def(self, name: str, before: int) -> int | None:
        """The last statement before another one that binds or changes a name."""
        places = self._defs.get(name, [])
        at = bisect_left(places, before)
        return places[at - 1] if at else None

    def find_defs(self, name: str) -> Sequence[int]:
        """All statements that bind or change a name."""
        return self._defs.get(name, ())

    def close(self, roots: Iterable[int], stop: Iterable[int] = ()) -> frozenset[int]:
        """The statements that some statements need, themselves included; those in `stop` need nothing."""
        ends = set(stop)
        found: set[tuple[int, str]] = set()
        waiting = [(root, "") for root in roots]
        while waiting:
            index, wanted = waiting.pop()
            statement = self.statements[index]
            # A name that changes as an alias of another one depends on its own past; the other one does not.
            wanted = wanted if wanted in statement.aliases else ""
            if (index, wanted) not in found:
                found.add((index, wanted))
                names = () if index in ends else statement.uses | ({wanted} if wanted else set())
                makers = ((self.find_def(name, index), name) for name in names)
                waiting += [(maker, name) for maker, name in makers if maker is not None]
        return frozenset(index for index, _ in found)

    def find_value(self, name: str, before: int) -> Value | None:
        """What a name held before a statement, as far as the run has seen it."""
        for index in reversed(self.find_defs(name)):
            value = self.statements[index].record.values.get(find_plain_name(name))
            if index < before and value is not None:
                return value
        return None


def reads_outside(statement: Statement, written: set[str]) -> bool:
    """Whether a statement brings data from outside the notebooks.

    Args:
        statement: Any.
        written: The pseudo-names of the files that statements before it wrote.
    """
    if statement.is_import or statement.is_definition:
        return False
    record = statement.record
    files = {name for name in statement.uses if name.startswith("file:")}
    if record.urls or files - written:
        return True
    made = any(value.kind in (Kind.FRAME, Kind.ARRAY, Kind.CONTAINER, Kind.OTHER) for value in record.values.values())
    return made and not files and any(READING.search(name) for name in find_calls(statement.node))


def find_reads(flow: Flow) -> tuple[int, ...]:
    """The statements that bring data from outside; where none is seen, the first that makes a frame."""
    written: set[str] = set()
    found = []
    for statement in flow.statements:
        if reads_outside(statement, written):
            found.append(statement.index)
        written |= {name for name in statement.defs if name.startswith("file:")}
    if found:
        return tuple(found)
    makers = (one.index for one in flow.statements if any(v.kind is Kind.FRAME for v in one.record.values.values()))
    return tuple(index for index in makers)[:1]


def find_model_start(flow: Flow, reads: Sequence[int]) -> int | None:
    """The first statement that divides the rows or fits a model, on data that was read."""
    for statement in flow.statements:
        is_fit = any(value.kind is Kind.MODEL and value.is_fitted for value in statement.record.values.values())
        if statement.is_import or statement.is_definition or not (is_fit or SPLITTING.search(statement.text)):
            continue
        if not reads or flow.close([statement.index]) & set(reads):
            return statement.index
    return None


def find_outputs(flow: Flow, model_start: int) -> tuple[Output, ...]:
    """The results: figures wherever they are, and fitted models, metrics, tables and files of the model part."""
    found = [*_find_figures(flow, model_start), *_find_models(flow, model_start)]
    models = {index for output in found if output.kind is OutputKind.MODEL for index in output.statements}
    for statement in flow.statements[model_start:]:
        kind = _find_shown(flow, statement, models)
        if kind is not None:
            name = f"file:{statement.record.files_written[0]}" if kind is OutputKind.FILE else statement.text
            found.append(Output(kind, name, (statement.index,), Stage.MODEL))
    return tuple(sorted(found, key=lambda output: output.statements[-1]))


def _find_figures(flow: Flow, model_start: int) -> Iterator[Output]:
    drawing: dict[str, list[int]] = defaultdict(list)
    for statement in flow.statements:
        for name in statement.defs:
            if name.startswith("fig:") and not _only_shows(statement):
                drawing[name].append(statement.index)
    for name, indices in drawing.items():
        stage = Stage.MODEL if indices[-1] >= model_start else Stage.PREPROCESS
        yield Output(OutputKind.FIGURE, name, tuple(indices), stage)


def _only_shows(statement: Statement) -> bool:
    """Whether a statement shows, saves or closes a figure, and draws nothing."""
    return isinstance(statement.node, ast.Expr) and SAVING.search(statement.text) is not None and not statement.stores


def _find_models(flow: Flow, model_start: int) -> Iterator[Output]:
    """The fitted predictors: of a name that is fitted several times each fit that another use follows, and the last."""
    fits: dict[str, list[int]] = defaultdict(list)
    for statement in flow.statements[model_start:]:
        for name, value in statement.record.values.items():
            if value.kind is Kind.MODEL and value.is_fitted and not statement.is_import:
                fits[f"{statement.place.book}:{name}"].append(statement.index)
    for name, indices in fits.items():
        yield Output(OutputKind.MODEL, find_plain_name(name), (indices[-1],), Stage.MODEL)


def _find_shown(flow: Flow, statement: Statement, models: set[int]) -> OutputKind | None:
    """What kind of result a statement shows, prints or writes, if any."""
    record = statement.record
    if statement.is_import or statement.is_definition or SETTINGS.search(statement.text) or statement.has_magic:
        return None
    calls = set(find_calls(statement.node))
    if record.files_written and any(FRAME_FILE.match(call) for call in calls):
        return OutputKind.FILE
    if not isinstance(statement.node, ast.Expr) or any(name.startswith("fig:") for name in statement.defs):
        return None
    attributes = {node.attr for node in ast.walk(statement.node) if isinstance(node, ast.Attribute)}
    if (calls | attributes) & EXPLORING:
        return None
    if record.shown is not None and record.shown.kind in (Kind.NUMBER, Kind.BOOL, Kind.PLAIN):
        return OutputKind.METRIC
    if "print" in calls and NUMBERS.search(record.stdout) and any(is_variable(name) for name in statement.uses):
        return OutputKind.METRIC
    is_table = record.shown is not None and record.shown.kind in (Kind.FRAME, Kind.SERIES)
    return OutputKind.TABLE if is_table and flow.close([statement.index]) & models else None


def find_slice(flow: Flow, outputs: Sequence[Output]) -> Slice:
    """What the outputs need, and what is left out with its reason."""
    needed = flow.close(index for output in outputs for index in output.statements)
    rest = (statement for statement in flow.statements if statement.index not in needed)
    left_out = (LeftOut(statement.index, _find_reason(statement)) for statement in rest)
    return Slice(tuple(outputs), needed, tuple(one for one in left_out if one.reason))


def _find_reason(statement: Statement) -> str:
    """Why a statement is left out; nothing for what says nothing, such as `pass` in the place of a magic."""
    record, node = statement.record, statement.node
    checks = (
        ("", isinstance(node, ast.Pass) or statement.is_import or _is_comment(node)),
        ("unused", statement.is_definition),
        ("magic", statement.has_magic),
        ("settings", SETTINGS.search(statement.text) is not None),
        ("figure", any(name.startswith("fig:") for name in statement.defs)),
        ("file", bool(record.files_written)),
        ("request", bool(record.urls)),
        ("shows", isinstance(node, ast.Expr) and (record.shown is not None or bool(record.stdout))),
        ("exploration", bool(set(find_calls(node)) & EXPLORING)),
    )
    return next((reason for reason, is_so in checks if is_so), "unused")


def _is_comment(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
