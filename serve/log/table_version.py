"""Whether this program knows the tables of a log."""

from serve.log.record import LogVersionError


def require_known_version(found: int, known: int, where: str, instead: str) -> None:
    """Returns when this program knows the tables.

    Raises:
        LogVersionError: a newer program made them.
    """
    if found > known:
        raise LogVersionError(
            f"the prediction log {where} has tables of version {found}, this program knows versions up to {known}: "
            f"use the newer program, or {instead}"
        )
