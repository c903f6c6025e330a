"""What runs in the process of own code when the gate compares two versions of which one needs it."""

from pathlib import Path
from typing import Any

from model.release.candidates import unpack
from model.release.common_rows import TrainedOn, read_new
from model.release.promotion_gate import judge_challenger
from relay.handoff.own.child import Child
from relay.handoff.own.failure import CalledError
from relay.handoff.recipe import load_recipe
from relay.registry.task import ModelTask


def run(child: Child) -> dict[str, Any]:
    """Load both models with the recipe's own code, and compare them on the common test rows.

    `child.arguments` holds `versions` (challenger and champion, from `Fetched.pack`), `recipe`, `overrides`,
    `data_dir`, `inputs` and `ingested`.

    Returns:
        The decision as JSON.

    Raises:
        RelayError: the test rows are not there any more, or a model gives no scores.
        CalledError: own code failed.
    """
    given = child.arguments
    recipe = load_recipe(given["recipe"], given["overrides"], data_dir=Path(given["data_dir"]))
    challenger, champion = map(unpack, given["versions"])
    as_classes = challenger.contract.task != ModelTask.REGRESSION
    trained_on = TrainedOn(given["inputs"], given["ingested"])
    new = read_new(recipe, Path(given["data_dir"]), trained_on, as_classes=as_classes)
    child.admit()
    try:
        one, other = (version.open(with_model=True, is_own=True) for version in (challenger, champion))
        return judge_challenger(one, other, new.split.test, recipe.seed, new).to_json()
    except (ImportError, AttributeError, TypeError, ValueError, LookupError, ArithmeticError) as error:
        # What own classes raise: scikit-learn may stand between them and the error.
        raise CalledError from error
