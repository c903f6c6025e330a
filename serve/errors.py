"""What a request can fail by. How each is answered stands in problems.py."""

import msgspec

from relay.handoff.errors import RelayError


class Flaw(msgspec.Struct, frozen=True):
    """One cell, or one thing, that is not as it must be."""

    field: str
    """Name of the column; with its record in front where there are several, such as [3].age."""
    found: str
    allowed: str
    message: str
    """The problem as a sentence, in the words of the command line and the page."""


class RequestError(RelayError):
    """The request, or the state of the service, does not allow an answer."""

    def __init__(self, detail: str, flaws: tuple[Flaw, ...] = ()) -> None:
        super().__init__(detail)
        self.flaws = flaws


class MalformedBodyError(RequestError):
    """The body is not the JSON or CSV that it says it is."""


class WrongParameterError(RequestError):
    """A part of the address or a header says what it cannot."""


class WrongHostError(RequestError):
    """The request names no host, or more than one."""


class SeveralModelsError(RequestError):
    """The request names no model, several are served, and the settings prefer none."""


class WrongStateError(RequestError):
    """What is asked does not fit how things stand."""


class KeyMissingError(RequestError):
    """No key came with the request, or a wrong one."""


class UnknownThingError(RequestError):
    """There is no such path, model or prediction."""


class BodyTimeoutError(RequestError):
    """The body did not arrive in time."""


class BodyTooLargeError(RequestError):
    """The body is larger than allowed."""


class TooManyRowsError(RequestError):
    """More records than one request may hold."""


class WrongMediaTypeError(RequestError):
    """The body is of a type that is not understood."""


class InvalidRecordsError(RequestError):
    """The records do not keep the model's contract."""


class KeyReusedError(RequestError):
    """An idempotency key came again with another request."""


class NoAnswerError(RequestError):
    """The model has no finite answer to such values."""


class ModelNotReadyError(RequestError):
    """No version of the model may be served now."""


class SampleMissingError(RequestError):
    """The processed rows are not there."""


class TooSlowError(RequestError):
    """The answer was not ready in time."""


class OverloadedError(RequestError):
    """More requests are under way than can be answered."""


class ClientLeftError(RequestError):
    """The caller closed the connection; nobody reads the answer."""
