"""What can go wrong with a registry, each with what to do next."""

from relay.handoff.errors import RelayError


class RegistryAwayError(RelayError):
    """The registry does not answer, or refuses us."""

    kind = "registry_away"


class RegistryMissingError(RegistryAwayError):
    """The files of the embedded registry are not there: never made, moved away, or on a disk that is not mounted.

    It is no answer: that nothing is registered, only a registry can say that is there.
    """


class RegistryEmptyError(RelayError):
    """No such model, version or production period in the registry."""

    kind = "registry_empty"


class PromotionError(RelayError):
    """A promotion was overtaken by another, or makes no sense."""

    kind = "promotion"
