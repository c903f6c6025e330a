"""A small service in a process of its own: writes each number that a client sends into the log, then says its id.

Use: python log_process.py <url, or empty> <folder> commit-first|answer-first
Prints the port on which it listens on loopback, once the log is open. A line is `<number>` or `<number> <key>`; the
answer is `stored <id>`, `taken <id>` or `failed <class of the error>`. `answer-first` is the mistake that the log is
there to avoid.
"""

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from serve.log import open_log
from serve.log.record import LogKeyTakenError, PredictionLog, Row, new_id


async def answer(log: PredictionLog, words: list[str], is_committed_first: bool) -> str:
    """What a client hears of its line."""
    row = Row(
        id=new_id(),
        at_unix=time.time(),
        model="credit",
        version="3",
        run_id="a" * 32,
        input=words[0].encode(),
        output=b"[0.5]",
        latency_us=100,
        client="client",
        idempotency_key=words[1] if len(words) > 1 else None,
    )
    try:
        if is_committed_first:
            await log.append(row)
        else:
            UNHEARD.add(asyncio.ensure_future(log.append(row)))
    except LogKeyTakenError as error:
        return f"taken {error.stored.id}"
    except Exception as error:
        return f"failed {type(error).__name__}"
    return f"stored {row.id}"


UNHEARD: set["asyncio.Future[None]"] = set()


async def main(url: str, folder: str, order: str) -> None:
    """Serve until killed."""
    log = open_log(url, Path(folder))
    await log.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write((await answer(log, line.decode().split(), order == "commit-first") + "\n").encode())
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
