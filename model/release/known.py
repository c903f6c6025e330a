"""Whether the registry knows a result already, asked without MLflow's client: an unchanged run must stay quick."""

from contextlib import suppress

from relay.handoff.receipt import Receipt
from relay.registry.connection import Address
from relay.registry.errors import RegistryMissingError
from relay.registry.quick import read_database
from relay.registry.rest import ask_server
from relay.registry.versions import RESULT, identify_result

SETTLED = "relay.settled"
"""Run tag, written last: everything of the run has been sent, and the gate has spoken."""


IS_SETTLED = (
    "select 1 from tags t join tags s on s.run_uuid = t.run_uuid join runs r on r.run_uuid = t.run_uuid "
    "where t.key = ? and t.value = ? and s.key = ? and r.status = 'FINISHED' and r.lifecycle_stage = 'active'"
)


def is_settled(address: Address, receipt: Receipt) -> bool:
    """Whether the registry holds a finished run of this result, the gate's word included.

    Raises:
        RegistryAwayError: the registry does not answer.
    """
    result = identify_result(receipt)
    if address.is_embedded:
        with suppress(RegistryMissingError):  # then it knows no run
            return bool(read_database(address, IS_SETTLED, (RESULT, result, SETTLED)))
        return False
    return _ask(address.uri, receipt.recipe, result)


def _ask(uri: str, experiment: str, result: str) -> bool:
    by_name = {"max_results": 1, "filter": f"name = '{experiment}'"}
    experiments = ask_server(uri, "experiments/search", by_name).get("experiments", [])
    if not experiments:
        return False
    filters = f"tags.`{RESULT}` = '{result}' and tags.`{SETTLED}` = 'yes' and attributes.status = 'FINISHED'"
    wanted = {"experiment_ids": [experiments[0]["experiment_id"]], "filter": filters, "max_results": 1}
    return bool(ask_server(uri, "runs/search", wanted).get("runs"))
