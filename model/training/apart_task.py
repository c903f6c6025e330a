"""What runs in the process of own code: a whole training, and the files that it gives."""

from pathlib import Path
from typing import Any

from model.parameters import find_own, parse_parameters
from model.training.own_calls import Own
from model.training.result import add_warnings, render_files
from model.training.train import train
from relay.handoff.dataset import open_dataset
from relay.handoff.files import Fingerprints
from relay.handoff.location import DatasetLocation
from relay.handoff.own.arguments import unpack
from relay.handoff.own.child import Child
from relay.handoff.receipt import flatten
from relay.handoff.recipe import load_recipe


def run(child: Child) -> dict[str, Any]:
    """Train with the user's function and write the files of the result into a folder.

    `child.arguments` holds `recipe`, `overrides`, `parameters`, `dataset` (address, stage, fingerprint), `values`,
    `data_dir` and `results`, the folder.

    Returns:
        `rows` and `dropped`; or `changed`, the name of what is another one than in the key.

    Raises:
        ModelError, RecipeError: data, recipe and what own code gave do not go together.
    """
    given = child.arguments
    recipe = load_recipe(given["recipe"], given["overrides"], data_dir=Path(given["data_dir"]))
    parameters = parse_parameters(recipe)
    function = find_own(parameters, recipe)
    assert function is not None  # noqa: S101 - the stage came here because there is one
    if flatten(parameters.model_dump(mode="json")) != given["parameters"]:
        return {"changed": given["recipe"]}
    data_dir, wanted = Path(given["data_dir"]), given["dataset"]
    location = DatasetLocation(data_dir, wanted["address"], wanted["stage"])
    dataset = open_dataset(location, Fingerprints(data_dir / ".state", data_dir), "python -m preprocess")
    if dataset.receipt.fingerprint != wanted["fingerprint"]:
        return {"changed": wanted["address"]}
    own = Own(child, unpack(given["values"]), function.signature.data)
    results = add_warnings(train(dataset, recipe, parameters, own), dataset.receipt.warnings)
    for name, content in render_files(results).items():
        path = Path(given["results"]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return {"rows": results.rows, "dropped": results.dropped}
