"""A model card: what a version is, what it rests on, how good it is, and what it is not for.

Every sentence is derived from files of the run and tags of the version; nobody has to write one by hand.
Source: M. Mitchell et al., Model Cards for Model Reporting, FAT* 2019, https://doi.org/10.1145/3287560.3287596.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relay.handoff.column import Column
from relay.handoff.settings import Settings
from relay.handoff.wording import count, list_words, show, show_bytes, show_moment, show_seconds, show_unix
from relay.registry.contract import CONTRACT_FILE, LINEAGE_FILE, Contract
from relay.registry.model_file import check_digest
from relay.registry.task import ModelTask
from relay.registry.versions import CONTRACT_SHA256, LINEAGE_SHA256, Version
from relay.results.blocks import Block, Code, Document, Items, Picture, Section, Table, Words
from relay.results.card_limits import list_limits, list_parts
from relay.results.figures import list_figures
from relay.results.load import Result, load_result

TASKS = {
    ModelTask.BINARY: "which of two classes a row belongs to",
    ModelTask.MULTICLASS: "which of several classes a row belongs to",
    ModelTask.REGRESSION: "a number",
    ModelTask.AUTHORSHIP: "whose known texts a text resembles most in style",
    ModelTask.OTHER: "nothing by itself: it is what the recipe's own function returned as its model",
}

MOST_NAMED = 12
"""Classes named one by one."""


def read_card(settings: Settings, version: Version, folder: Path) -> Document:
    """The card of a version whose run's results lie in a folder.

    Raises:
        ModelTamperedError, DatasetDamagedError: a file is not the one that was registered.
    """
    result = load_result(settings, folder)
    content = (folder / CONTRACT_FILE).read_bytes()
    check_digest(content, version.tags[CONTRACT_SHA256], str(folder / CONTRACT_FILE))
    written = (folder / LINEAGE_FILE).read_bytes()
    if LINEAGE_SHA256 in version.tags:
        check_digest(written, version.tags[LINEAGE_SHA256], str(folder / LINEAGE_FILE))
    lineage = json.loads(written)
    return describe_version(version, result, Contract.from_json(content), lineage)


def describe_version(version: Version, result: Result, contract: Contract, lineage: Mapping[str, Any]) -> Document:
    """The card of a version.

    Args:
        version: as the registry knows it now.
        result: of its run.
        contract: what the model takes and gives.
        lineage: from `lineage.json`, the nearest step first.
    """
    sections = {
        "Model": _describe_model(version, result, contract, lineage),
        "Intended use": _describe_use(contract),
        "What it is not for": (Items(tuple(list_limits(version, result, contract))),),
        "Inputs and answer": _describe_columns(contract),
        "Data": tuple(_describe_data(version, result, lineage)),
        "How good it is": tuple(_describe_figures(result, contract)),
        "Pictures": tuple(
            Picture(plot.file, plot.caption, (result.folder / plot.file).read_bytes()) for plot in result.findings.plots
        ),
        "How it was compared": tuple(_describe_gate(version)),
        "How to load it": (_describe_loading(version, contract),),
        "About this card": (
            Words(
                "The sections follow Mitchell et al., Model Cards for Model Reporting (2019), "
                "https://doi.org/10.1145/3287560.3287596. Every figure comes from the files of the run."
            ),
        ),
    }
    return Document(
        f"{version.name}, version {version.number}",
        tuple(Section(title, blocks) for title, blocks in sections.items() if blocks),
    )


def _describe_model(
    version: Version, result: Result, contract: Contract, lineage: Mapping[str, Any]
) -> tuple[Block, ...]:
    receipt = result.receipt
    chosen = {
        name: value
        for name, value in receipt.parameters.items()
        if not name.startswith("columns") and value not in (None, "", [], {})
    }
    rows = {
        "State": say_state(version),
        "Answers": TASKS[contract.task],
        "Kind": contract.estimator,
        "Recipe": f"{contract.recipe}: {contract.title}",
        "Trained": f"{show_moment(receipt.started_at_utc)}, in {show_seconds(receipt.seconds)}",
        "Registered": show_unix(version.created_unix),
        "Run": version.run_id,
        "Code": lineage.get("revision") or "revision not known",
        "Parameters": ", ".join(f"{name} = {value}" for name, value in chosen.items()),
        "Changed for this run": ", ".join(f"{name} = {value}" for name, value in receipt.overrides.items())
        or "nothing",
        "Packages": ", ".join(f"{name} {number}" for name, number in receipt.versions.items()),
        **{f"SHA-256 of {name}": sha256 for name, sha256 in (contract.files | contract.monitored).items()},
    }
    return (Table(("What", "Value"), tuple(rows.items())),)


def say_state(version: Version) -> str:
    """Whether a version is production, was, or never was, and whether it is servable."""
    last = version.periods[-1] if version.periods else None
    unserved = ", not servable" if version.unserved else ""
    if version.is_production:
        return "in production" + (f" since {show_moment(last.since)}" if last else "") + unserved
    if last is not None and last.until is not None:
        return f"was in production until {show_moment(last.until)}{unserved}"
    return f"never was in production{unserved}"


def _describe_use(contract: Contract) -> tuple[Block, ...]:
    names = [str(name) for name in contract.classes]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    choices = ", ".join(names[:MOST_NAMED]) + more if more else list_words(names) if names else ""
    target = contract.target
    answers = {
        ModelTask.BINARY: f"From {count(len(contract.inputs), 'input')} of a row it says whether {target} is "
        f"{names[-1] if names else ''}"
        + (", with a probability" if contract.gives_probabilities else "")
        + ("" if contract.threshold is None else f"; it says so from {show(contract.threshold)} on"),
        ModelTask.MULTICLASS: f"From {count(len(contract.inputs), 'input')} of a row it names {target}: {choices}",
        ModelTask.REGRESSION: f"From {count(len(contract.inputs), 'input')} of a row it says {target}"
        + (f" in {contract.unit}" if contract.unit else ""),
        ModelTask.AUTHORSHIP: f"For a text it names the {target} whose known texts are nearest in style: {choices}",
        ModelTask.OTHER: "It does not predict a target, so it is loaded in Python and not served",
    }
    purpose = f"{contract.title}. {contract.description}".strip()
    return (Words(purpose), Words(f"{answers[contract.task]}."))


def _describe_columns(contract: Contract) -> tuple[Block, ...]:
    target = {} if contract.target_column is None else {contract.target: contract.target_column}
    columns = {**contract.inputs, **target}
    if not columns:
        return ()
    rows = tuple(
        (
            name,
            "answer" if name == contract.target else "input",
            column.type,
            column.unit,
            say_range(column),
            "yes" if column.null else "no",
            column.description,
        )
        for name, column in columns.items()
    )
    return (Table(("Column", "Part", "Type", "Unit", "Range", "May be missing", "Description"), rows),)


def say_range(column: Column) -> str:
    """What a column's cells may be: `0 to 20`, `0 or more`, `a, b`; empty when nothing is declared."""
    if column.allowed is not None:
        return ", ".join(str(value) for value in column.allowed)
    low, high = (None if limit is None else f"{limit:,g}" for limit in (column.min, column.max))
    if low is not None and high is not None:
        return f"{low} to {high}"
    return f"{low} or more" if low is not None else f"{high} or less" if high is not None else ""


def _describe_data(version: Version, result: Result, lineage: Mapping[str, Any]) -> Iterator[Block]:
    sources = result.receipt.sources
    if sources:
        rows = (
            (one.where, show_bytes(one.bytes), show_moment(one.fetched_at_utc or ""), one.sha256) for one in sources
        )
        yield Table(("Source", "Size", "Fetched", "SHA-256"), tuple(rows))
    else:
        yield Words(f"The recipe makes its rows up by itself, with the seed {result.receipt.seed}.")
    steps = list(reversed(lineage.get("steps", [])))
    yield Table(
        ("Step", "Rows", "Rejected", "Left out", "Fingerprint"),
        tuple(
            (
                step["stage"],
                f"{step['rows']:,}",
                f"{step['rejected']['rows']:,}",
                f"{sum(step['dropped'].values()):,}",
                step["fingerprint"],
            )
            for step in steps
        ),
    )
    if len(steps) < len(("ingest", "preprocess", "model")):
        yield Words("Earlier steps are not known: their data was written anew before the run was sent.")
    if (split := version.split) is not None:
        yield Words(
            f"A row is a test row when a hash of its {list_words(split['by'])} with the seed {split['seed']} falls "
            f"below the share {split['test_share']:g}: whatever rows are added later, none changes sides."
        )


def _describe_figures(result: Result, contract: Contract) -> Iterator[Block]:
    metrics = result.metrics
    if rows := metrics.get("rows"):
        sample = f" They are a sample of {count(rows['sample_of'], 'row')}." if "sample_of" in rows else ""
        yield Words(
            f"Learned from {count(rows['train'], 'row')}, judged on {count(rows['test'], 'row')} not seen.{sample}"
        )
    if figures := list_figures(metrics):
        yield Table(
            ("Figure", "Model", "Baseline", "Better is"),
            tuple(
                (
                    figure.title,
                    show(figure.value),
                    figure.baseline_words,
                    figure.better,
                )
                for figure in figures
            ),
        )
    if (folds := metrics.get("cross_validation")) is not None:
        yield Words(
            f"Cross-validation of the {folds['rows']:,} training rows in {folds['folds']} parts: {folds['score']} "
            f"{folds['mean']:.4g} on average, standard deviation {show(folds['standard_deviation'])}."
        )
    if parts := list_parts(metrics, contract.segments):
        name = metrics["score"]["name"]
        rows_of_parts = tuple(
            (part.name, f"{part.rows:,}", "cannot be judged" if part.score is None else show(part.score))
            for part in parts
        )
        yield Table(("Part of the test rows", "Rows", name), rows_of_parts)
    yield Items(result.findings.sentences)


def _describe_gate(version: Version) -> Iterator[Block]:
    gate = version.gate
    if gate is None:
        yield Words("It was not compared with another version.")
        return
    verdict = "passed" if gate.get("passes") else "was refused"
    against = "" if gate.get("champion") is None else f" against version {gate['champion']}, then in production"
    yield Words(f"It {verdict}{against}: {str(gate.get('why', '')).rstrip('.')}.")
    if checks := gate.get("checks"):
        yield Table(CHECK_NAMES, tuple(map(tabulate_check, checks)))


CHECK_NAMES = ("Compared", "Test rows", "Production", "This version", "Gain, 95 % interval", "Verdict")


def tabulate_check(check: Mapping[str, Any]) -> tuple[str, ...]:
    """The cells of one of the gate's checks, in the order of `CHECK_NAMES`."""
    values = [
        "" if check.get(key) is None else f"{check[key]:.4g}" for key in ("champion", "challenger", "low", "high")
    ]
    gain = f"{values[2]} to {values[3]}" if values[2] and values[3] else ""
    rows = f"{check['rows']:,}" if check.get("rows") else ""
    text = str(check.get("text") or "")
    failed = "refused" if text or values[0] == "" else "too much worse"
    name = f"{check['name']}: {text}" if text else str(check["name"])
    return name, rows, values[0], values[1], gain, "passed" if check["passed"] else failed


def _describe_loading(version: Version, contract: Contract) -> Block:
    if not contract.example.records:
        record = None
    elif contract.task == ModelTask.AUTHORSHIP:
        record = f'{{{next(iter(contract.inputs))!r}: Path("a-text.txt").read_text(encoding="utf-8")}}'
    else:
        record = repr(contract.example.records[0])
    own = OWN_LOADING.format(files=", ".join(contract.code)) if contract.code else ""
    text = LOADING.format(
        name=version.name, number=version.number, own=own, is_own=", is_own=True" if contract.code else ""
    )
    return Code(text if record is None else f"{text}\nprint(predict_with_model(contract, model, [{record}]))")


LOADING = """from pathlib import Path

from relay.registry.predictions import predict_with_model
from relay.registry.artifacts import fetch_version
from relay.registry.connection import find_registry, open_registry
from relay.registry.contract import MODEL_FILE
from relay.registry.model_file import read_model
from relay.registry.versions import read_version

# Of a server: find_registry(Path("data"), "http://127.0.0.1:5000")
client = open_registry(find_registry(Path("data")))
folder = Path("{name}-{number}")
# Each file is held against the SHA-256 that was registered.
contract = fetch_version(client, read_version(client, "{name}", {number}), folder)
{own}model = read_model(folder / MODEL_FILE, contract.files[MODEL_FILE]{is_own})"""

OWN_LOADING = """# Loading runs {files}: make sure that these are the files in contract.code.
"""
