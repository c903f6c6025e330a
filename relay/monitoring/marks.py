"""How questions that no customer asked are marked, so that the monitor leaves them out of its counts.

The mark is the beginning of the request's own id (`X-Request-ID`), which the prediction log keeps as `client`.
"""

OWN_QUESTION = "deployment-"
"""Of the deployment: it asks for a model's example to see whether it answers as promised."""

TRIAL = "page-trial-"
"""Of the page: a person tries the model."""


def mark_request(mark: str, request_id: str) -> str:
    """A request id with its mark."""
    return request_id if request_id.startswith(mark) else f"{mark}{request_id}"


def find_reason(client: str) -> str:
    """Why a request's records are not counted, as a report's `left_out` names it; empty where they are."""
    if client.startswith(OWN_QUESTION):
        return "own questions"
    return "trials" if client.startswith(TRIAL) else ""
