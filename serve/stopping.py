"""How the service stops taking connections: none that a caller believes to have is closed without an answer.

The system makes connections by itself and keeps them until they are taken. What waits there when the port is closed is
reset, though its caller may have sent a request already. So the port first takes no new ones, then all that wait are
taken, and then it is closed.
"""

import asyncio
import ctypes
import socket
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import uvicorn
from uvicorn.supervisors import Multiprocess

TAKE_SECONDS = 0.25
"""For what waits, and for a connection that is being made: longer than its packets travel within a network."""

ATTACH_FILTER = 26
"""SO_ATTACH_FILTER of Linux, which Python's `socket` does not name. Source: include/uapi/asm-generic/socket.h."""

DROP_FIRST_PACKETS = (
    (0x30, 0, 0, 13),  # load the byte of TCP's flags
    (0x54, 0, 0, 0x12),  # keep SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone, the first packet of a connection?
    (0x06, 0, 0, 0),  # yes: drop it
    (0x06, 0, 0, 0xFFFFFFFF),  # no: let it pass
)
"""A program for the system's packet filter (BPF). A caller repeats such a packet after 1 s, and hears then that the
port is closed. Source: https://docs.kernel.org/networking/filter.html."""


class DrainingServer(uvicorn.Server):
    """One process that takes what waits at its port before it closes it."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        refuse_connections(one.fileno() for server in self.servers for one in server.sockets)
        await asyncio.sleep(TAKE_SECONDS)
        await super().shutdown(sockets)


class DrainingSupervisor(Multiprocess):
    """The process that starts and ends the workers, which share a port."""

    def terminate_all(self) -> None:
        """Let the workers take what waits at the port before they stop."""
        refuse_connections(one.fileno() for one in self.sockets)
        time.sleep(TAKE_SECONDS)
        super().terminate_all()
        # It is closed when the last worker closes it; else callers would be connected to a port that no process serves.
        for one in self.sockets:
            one.close()


def run(config: uvicorn.Config) -> bool:
    """Serve until a signal comes; gives whether the service began at all."""
    if config.workers > 1:
        DrainingSupervisor(config, sockets=[config.bind_socket()]).run()
        return True
    server = DrainingServer(config)
    with suppress(KeyboardInterrupt):  # uvicorn finishes what was begun, and raises it again
        server.run()
    return server.started


def refuse_connections(descriptors: Iterable[int]) -> None:
    """Let listening sockets take no new connections; those that are made stay. Linux alone can do that."""
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in DROP_FIRST_PACKETS))
    option = struct.pack("HP", len(DROP_FIRST_PACKETS), ctypes.addressof(program))
    for descriptor in descriptors:
        with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as listener:
            try:
                listener.setsockopt(socket.SOL_SOCKET, ATTACH_FILTER, option)
            except OSError:  # a system without packet filters: what waits is taken all the same
                return
