"""Ask the model in production: `python -m model predict credit < records.json`, or `--csv < rows.csv > answers.csv`.

Reads records from standard input and the version that holds `production` in the registry; writes the answers to
standard output, for people or, with `--json`, for programs. Nothing is logged: whoever needs a log asks the API.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from loguru import logger

from model.ask.files.options import add_file_options, asks_for_file
from model.ask.text import read_text
from model.ask.trained import read_trained
from model.release.production import OpenModel, Production, find_production, open_model, require_answers
from relay.handoff.errors import ModelError, SchemaError, UsageError
from relay.handoff.recipe import load_recipe
from relay.handoff.settings import Settings
from relay.handoff.verbs import VerbAnswer, add_recipe_options, read_verb_settings
from relay.registry.cells import decode_json
from relay.registry.contract import MODEL_FILE, Cell
from relay.registry.reasons import Reason, explain, say_change, say_figure, say_method, say_prediction
from relay.registry.record_table import MOST_BYTES, MOST_ROWS, RowAnswer, read_table, write_table
from relay.registry.records import check_record, explain_infinite, find_infinite, show_cell
from relay.registry.task import ModelTask
from relay.registry.versions import name_model
from relay.results.text_attribution import TextAttribution, say_attribution
from stylometry.errors import StylometryError

MOST_FLAWS = 20
"""Flaws that a message names."""


@dataclass(frozen=True)
class Answered:
    """What the model says of some records."""

    predictions: list[Cell]
    probabilities: list[float] | None


def add_options(_: str, parser: argparse.ArgumentParser) -> None:
    """Declare what the command line may hold."""
    parser.description = (
        "Answers records by the version of a recipe's model that is in production. Reads them from "
        "standard input: a JSON object or a list of them, or CSV; or, with --file, from a file of any size, "
        "whose answers are a file too. Nothing is logged."
    )
    parser.epilog = (
        "Examples: echo '{\"x\": 5}' | python -m model predict linear --reasons\n"
        "          python -m model predict linear --file rows.parquet --out answers.parquet"
    )
    add_recipe_options(parser)
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--csv", action="store_true", help="read CSV and write it with the answers beside")
    forms.add_argument("--contract", action="store_true", help="read nothing; say as JSON what the model takes")
    parser.add_argument("--reasons", action="store_true", help="say too which inputs moved each answer")
    parser.add_argument("--version", type=int, metavar="N", help="ask this version (default: the one in production)")
    add_file_options(parser)


def answer(options: argparse.Namespace) -> VerbAnswer:
    """Answer what comes on standard input.

    Raises:
        RegistryEmptyError, RegistryAwayError, ModelError, ModelTamperedError: there is no usable model.
        UsageError, SchemaError: the records cannot be answered.
    """
    if asks_for_file(options):
        from model.ask.files.command import answer_file  # Arrow: records need none of it

        return answer_file(options)
    settings = read_verb_settings(options)
    recipe = load_recipe(options.recipe, settings.overrides, data_dir=settings.data_dir)
    production = find_production(settings, name_model(recipe), recipe.argument, options.version)
    require_answers(production)
    version = production.version
    identity = {"model": version.name, "model_version": version.number, "run_id": version.run_id}
    if options.contract:
        found = identity | {"contract": production.contract.model_dump(mode="json", by_alias=True)}
        return VerbAnswer(found, json.dumps(found))
    if sys.stdin.isatty():
        logger.info("type or paste the records, then end them with Ctrl-D on a line of its own")
    content = sys.stdin.buffer.read(MOST_BYTES + 1)
    if options.csv:
        table = answer_table(production, content)
        return VerbAnswer(identity | {"csv": table}, table)
    records = read_records(content, production)
    if production.contract.task == ModelTask.AUTHORSHIP and options.reasons:
        style = attribute_record(production, records, settings)
        return VerbAnswer(identity | {"style": asdict(style)}, "\n".join(say_attribution(style)))
    model = open_model(production)
    answered = answer_records(model, records)
    reasons = [explain(production.contract, record, model.measure) for record in records] if options.reasons else []
    told = {"reasons": [[asdict(reason) for reason in of_one] for of_one in reasons]} if options.reasons else {}
    return VerbAnswer(identity | asdict(answered) | told, say_answers(production, answered, reasons))


def say_answers(production: Production, answered: Answered, reasons: Sequence[Sequence[Reason]]) -> str:
    """The answers and what moved them, for people."""
    version, contract = production.version, production.contract
    lines = [f"{version.name} {version.number}, run {version.run_id}; not logged"]
    for index, prediction in enumerate(answered.predictions):
        share = None if answered.probabilities is None else answered.probabilities[index]
        lines += ["", say_prediction(contract, prediction, share)]
        for reason in reasons[index] if reasons else []:
            usual = f"with {show_cell(reason.usual)}: {say_figure(contract, reason)}"
            lines.append(f"  {reason.column} = {show_cell(reason.value)}: {say_change(contract, reason)} ({usual})")
    return "\n".join([*lines, *(["", say_method(contract)] if reasons else [])])


def answer_records(model: OpenModel, records: Sequence[dict[str, Cell]]) -> Answered:
    """The answers, all of them finite.

    Raises:
        ModelError: a number is not finite.
        UsageError: a text holds too little to compare.
    """
    try:
        found = model.answer(records)
    except StylometryError as error:
        raise UsageError(f"a text cannot be compared: {error}") from None
    index = find_infinite(found.predictions, found.probabilities)
    if index is not None:
        inputs = model.contract.inputs
        flaw = explain_infinite([records[index][name] for name in inputs], inputs)
        raise ModelError(f"{'' if len(records) == 1 else f'record {index}: '}{flaw.say()}")
    return Answered(found.predictions, found.probabilities)


def answer_table(production: Production, content: bytes) -> str:
    """The CSV with the answers; rows that break the contract are named and stay without one."""
    table = read_table(content, production.contract.inputs, production.contract.limits)
    for bad in table.bad[:MOST_FLAWS]:
        logger.warning("line {}: {}", bad.number, "; ".join(flaw.say() for flaw in bad.flaws))
    if len(table.bad) > MOST_FLAWS:
        logger.warning("and {} lines more; the column `problem` names all", len(table.bad) - MOST_FLAWS)
    answers = {}
    if table.records:
        found = answer_records(open_model(production), list(table.records.values()))
        shares: Sequence[float | None] = found.probabilities or [None] * len(found.predictions)
        version = str(production.version.number)
        rows = zip(table.records, found.predictions, shares, strict=True)
        answers = {index: RowAnswer(prediction, share, version) for index, prediction, share in rows}
    logger.info("{} of {} rows answered", len(answers), len(table.rows))
    return write_table(table, answers).decode()


def attribute_record(production: Production, records: Sequence[dict[str, Cell]], settings: Settings) -> TextAttribution:
    """All that the production model of styles says of one text, as `python -m model ask` says it of the latest.

    Raises:
        UsageError: there is more than one text, or it cannot be compared.
    """
    from model.ask.text_answer import attribute_text
    from model.release.fetch import fetch_run
    from relay.handoff.receipt import Receipt
    from relay.registry.connection import explain_mlflow, find_registry, open_registry
    from relay.results.output import RECEIPT

    if len(records) != 1:
        raise UsageError(f"found {len(records)} texts, expected one: --reasons is about one")
    (text,) = records[0].values()
    address = find_registry(settings.data_dir, settings.tracking_uri)
    assert address is not None  # noqa: S101 - the production version came from it
    client = open_registry(address)
    with explain_mlflow(address):
        folder = fetch_run(client, production.version.run_id, settings.data_dir)
    receipt = Receipt.read(folder / RECEIPT)
    if receipt.files.get(MODEL_FILE) != production.contract.files[MODEL_FILE]:
        raise ModelError(
            "the run in the registry has another model than its version", next_step="Train and promote again"
        )
    read = read_text(str(text).encode("utf-8", "replace"))
    return attribute_text(read_trained(folder, receipt), read, settings.data_dir / ".state")


def read_records(content: bytes, production: Production) -> list[dict[str, Cell]]:
    """The records in a JSON object or list, each as the contract wants it.

    Raises:
        UsageError: this is no JSON, there is no record, or there are too many.
        SchemaError: a record does not keep the contract; names what is wrong.
    """
    try:
        found = decode_json(content) if len(content) <= MOST_BYTES else None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"standard input cannot be read as JSON: {error}", next_step="Give records, or CSV with --csv"
        ) from None
    values = [found] if isinstance(found, dict) else found
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_ROWS:
        raise UsageError(
            f"expected an object, or a list of 1 to {MOST_ROWS:,} objects, of at most {MOST_BYTES:,} bytes in all"
        )
    records, flaws = [], []
    contract = production.contract
    for index, value in enumerate(values):
        record, wrong = check_record(value, contract.inputs, contract.limits)
        records.append(record)
        where = "" if len(values) == 1 else f"record {index}: "
        flaws += [f"{where}{flaw.say()}" for flaw in wrong]
    if flaws:
        more = f"; and {len(flaws) - MOST_FLAWS} more" if len(flaws) > MOST_FLAWS else ""
        raise SchemaError("; ".join(flaws[:MOST_FLAWS]) + more)
    return records
