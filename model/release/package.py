"""A trained model as MLflow knows models: our files, and beside them what its own tools need to load them."""

import json
import platform
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relay.handoff.column import Column
from relay.registry.contract import CODE_FOLDER, CONTRACT_FILE, LINEAGE_FILE, MODEL_FILE, Contract
from relay.registry.model_file import OURS, list_own_types
from relay.registry.task import ModelTask

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
"""What MLflow's own server installs to load the model; an authorship model needs the library `stylometry` too."""

TYPES = {
    "int": "long",
    "float": "double",
    "bool": "boolean",
    "text": "string",
    "category": "string",
    "time": "datetime",
}
"""Our types as MLflow's."""


def write_package(result: Path, contract: Contract, lineage: dict[str, Any], folder: Path, run_id: str) -> None:
    """Fill a folder with a model in MLflow's layout, the model file byte for byte the one of the result.

    Args:
        result: the folder of results, already held against its receipt.
        contract: of the model.
        lineage: where it comes from.
        folder: is filled.
        run_id: the MLflow run that made it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (
        *contract.files,
        *contract.monitored,
        CONTRACT_FILE,
        *(f"{CODE_FOLDER}/{name}" for name in contract.code),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(result / name, folder / name)
    (folder / LINEAGE_FILE).write_text(format_json(lineage), encoding="utf-8")
    if contract.example.records:
        _write_json(folder / "input_example.json", _split_example(contract))
    pins = [f"{name}=={version(name)}" for name in PACKAGES]
    (folder / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    environment = {"python": platform.python_version(), "dependencies": ["-r requirements.txt"]}
    _write_json(folder / "python_env.yaml", environment)  # JSON is YAML
    types = list_own_types((folder / MODEL_FILE).read_bytes()) if contract.code else []
    _write_description(contract, folder / "MLmodel", run_id, types)


def sign(contract: Contract) -> "ModelSignature | None":
    """The signature of a contract: its input columns, and what one row's answer is; None where it has neither."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    inputs: list[ColSpec | TensorSpec] = [ColSpec(find_type(column), name) for name, column in contract.inputs.items()]
    if contract.task == ModelTask.OTHER or contract.target_column is None:
        return ModelSignature(inputs=Schema(inputs)) if inputs else None
    numbers = contract.task == ModelTask.REGRESSION
    output = ColSpec("double" if numbers else find_type(contract.target_column), contract.target)
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([output]))


def find_type(column: Column) -> str:
    """MLflow's type of a column; a whole number that may be missing is a double there, for only that can be empty."""
    return "double" if column.null and column.type == "int" else TYPES[column.type]


def _write_description(contract: Contract, path: Path, run_id: str, own: list[str]) -> None:
    from mlflow.models import Model

    # Ours is written by hand: MLflow's own writer would dump the model anew, with other bytes.
    description = Model(
        run_id=run_id,
        signature=sign(contract),
        saved_input_example_info={
            "artifact_path": "input_example.json",
            "type": "dataframe",
            "pandas_orient": "split",
        }
        if contract.example.records
        else None,
    )
    # One model takes a list of texts, which MLflow's tables cannot be; another one answers no rows.
    if contract.task not in (ModelTask.AUTHORSHIP, ModelTask.OTHER):
        description.add_flavor(
            "python_function",
            loader_module="mlflow.sklearn",
            model_path=MODEL_FILE,
            predict_fn="predict",
            python_version=platform.python_version(),
            env={"virtualenv": "python_env.yaml"},
        )
    description.add_flavor(
        "sklearn",
        pickled_model=MODEL_FILE,
        sklearn_version=version("scikit-learn"),
        serialization_format="skops",
        skops_trusted_types=[*OURS, *own],
        code=None,
    )
    description.save(path)


def _split_example(contract: Contract) -> dict[str, Any]:
    columns = list(contract.inputs)
    return {"columns": columns, "data": [[record[name] for name in columns] for record in contract.example.records]}


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(format_json(value), encoding="utf-8")


def format_json(value: dict[str, Any]) -> str:
    """A document as the files of a version have it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
