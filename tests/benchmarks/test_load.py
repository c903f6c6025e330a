"""Our own load generator, against a server that answers as it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.load import Load, Target, ask_all

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def drive(folder: Path, answer: Answer, *, connections: int = 2) -> tuple[Load, list[bytes]]:
    """What the generator counts, and the bodies that the server got."""
    bodies = folder / "bodies.jsonl"
    bodies.write_text('{"x": 1}\n{"x": 22}\n')
    got: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
                got.append(await reader.readexactly(length))
                await answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> Load:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await ask_all(Target(port, "/predict", bodies), connections, 0.2)

    return asyncio.run(run()), got


async def answer_in_pieces(writer: asyncio.StreamWriter) -> None:
    for piece in (b"HTTP/1.1 200 OK\r\nCont", b"ent-Length: 4\r\n\r\n{", b"  }"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.001)


async def answer_500(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n")


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{")
    writer.close()


def test_each_answer_is_counted_once_however_it_comes(tmp_path: Path) -> None:
    load, got = drive(tmp_path, answer_in_pieces)
    assert (load.requests, load.errors, set(got)) == (len(got), 0, {b'{"x": 1}', b'{"x": 22}'})
    assert load.requests > 2
    assert 0 < load.p50_ms <= load.p99_ms


def test_an_answer_other_than_200_is_an_error(tmp_path: Path) -> None:
    load, got = drive(tmp_path, answer_500)
    assert (load.requests, load.errors) == (len(got), len(got))


def test_an_answer_that_breaks_off_is_an_error_and_no_answer(tmp_path: Path) -> None:
    load, _ = drive(tmp_path, hang_up)
    assert (load.requests, load.errors) == (0, 2)
