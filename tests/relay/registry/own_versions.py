"""Versions with own code, signed with a key of the tests."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts import make_contract

from relay.registry.code_key import sign
from relay.registry.contract import CONTRACT_FILE, MODEL_FILE, SIGNATURE_FILE

KEY = b"k" * 64
CODE = {"recipes/churn.py": b"from . import parts\n", "recipes/deep/parts.py": b"X = 1\n", "recipes/deep/x.csv": b"a\n"}


def write_version(folder: Path, code: dict[str, bytes] | None = None, *, model: str = "churn", **names: Any) -> Path:
    """A version with own code, as a training writes and signs it."""
    code = CODE if code is None else code
    digests = {name: sha256(content).hexdigest() for name, content in code.items()}
    contract = make_contract(model, b"a model", **{"code": digests, **names})
    for name, content in code.items():
        path = folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / MODEL_FILE).write_bytes(b"a model")
    (folder / CONTRACT_FILE).write_bytes(contract.to_json())
    (folder / SIGNATURE_FILE).write_text(sign(contract.to_json(), KEY) + "\n")
    return folder
