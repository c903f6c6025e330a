"""Who runs this, as far as the system knows."""

import getpass
import socket


def find_user() -> str:
    """The user and the machine; empty where the user has no name, as in containers."""
    try:
        return f"{getpass.getuser()} on {socket.gethostname()}"
    except (KeyError, OSError):
        return ""


def name_user() -> str:
    """The same, with words for a user without a name."""
    return find_user() or f"unknown user on {socket.gethostname()}"
