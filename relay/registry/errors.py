"""What can go wrong with a registry, each with what to do next."""

from relay.handoff.errors import RelayError


class RegistryAwayError(RelayError):
    """The registry does not answer, or refuses us."""

    kind = "registry_away"


class RegistryEmptyError(RelayError):
    """No such model, version or production period in the registry."""

    kind = "registry_empty"


class PromotionError(RelayError):
    """A promotion was overtaken by another, or makes no sense."""

    kind = "promotion"
