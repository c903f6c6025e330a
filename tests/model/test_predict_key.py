"""What decides the bytes of answers is in their key."""

import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "system"))

from test_key_is_complete import CANNOT_CHANGE_BYTES, PACKAGES_THAT_CANNOT, WHOLE_PACKAGES, list_files, read_packages

from model.ask.files.job import CODE

ROOT = Path(__file__).resolve().parents[2]

IMPORTED = """
import sys
import model.ask.files.command, relay.registry.own_model, relay.registry.onnx_file, relay.registry.predictions
print(*(name for name in sys.modules if name.partition(".")[0] in ("model", "relay")))
"""

CANNOT = {
    "model.ask": "holds packages, no code",
    "model.ask.files": "holds modules, no code",
    "model.ask.files.command": "decides whether there is something to do, and refuses files",
    "model.ask.files.write": "names paths and renames finished files",
    "relay.handoff.preparation": "prepares texts, for models of styles",
    "relay.handoff.spreadsheet": "of CSV files that are written for people",
    "relay.handoff.wording": "words messages",
    "relay.reading": "holds modules, no code",
    "relay.registry.asking": "asks models of styles",
    "relay.registry.artifacts": "fetches files, whose SHA-256 is that of the contract, which is in the key",
    "relay.registry.record_table": "reads CSV of records on standard input; here it says which columns are missing",
    "relay.registry.trusted": "decides which types of a model file are loaded",
}
"""Module that a prediction imports -> why it cannot change the bytes of answers."""

PACKAGES_THAT_CANNOT_HERE = {
    "scipy": "scikit-learn requires it, so it is in the key",
    "stylometry": "of models of styles",
}


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_each_module_of_a_prediction_is_in_its_key_or_cannot_change_bytes() -> None:
    said = subprocess.run([sys.executable, "-c", IMPORTED], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = said.stdout.split()
    assert "model.ask.files.check" in modules
    known = {**CANNOT_CHANGE_BYTES, **CANNOT}
    excluded = [*known, *CODE.modules]
    found = [name for name in modules if name not in excluded and not is_within(name, WHOLE_PACKAGES)]
    assert found == []


def test_each_package_of_these_modules_is_in_the_key() -> None:
    imported = {name for path in list_files(CODE) for name in read_packages(path)}
    assert sorted(imported - {*CODE.packages, *PACKAGES_THAT_CANNOT, *PACKAGES_THAT_CANNOT_HERE}) == []
