"""What the gate of the model stage has to know of the monitor: that a person accepted that the data have shifted."""

from loguru import logger

from relay.handoff.errors import RelayError
from relay.handoff.settings import Settings
from relay.monitoring.store import AcceptedBaseline
from relay.registry.connection import explain_mlflow, find_registry, open_registry
from relay.registry.shift import accept_shift
from relay.registry.versions import read_version


def tell_gate(settings: Settings, accepted: AcceptedBaseline) -> bool:
    """Note an accepted shift with the version, so that new versions are no longer held against its data.

    Args:
        settings: name the registry.
        accepted: by whom and why; noted once, also where it was accepted through the API.

    Returns:
        Whether the registry knows it. Where it is away, the monitor's next run notes it.
    """
    address = find_registry(settings.data_dir, settings.tracking_uri)
    if address is None or not address.is_made:
        return False
    try:
        client = open_registry(address)
        with explain_mlflow(address):
            if not read_version(client, accepted.model, int(accepted.version)).accepted:
                accept_shift(client, accepted.model, int(accepted.version), accepted.who, accepted.why)
    except RelayError as error:
        logger.warning("the gate does not know of the accepted shift yet, the next run tells it: {}", error.message)
        return False
    return True
