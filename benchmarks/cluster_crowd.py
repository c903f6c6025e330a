"""Many workers of a Dask scheduler in one process: they cost the scheduler what real ones do.

python -m benchmarks.cluster_crowd <address> <workers> <folder>
"""

import asyncio
import signal
import sys
from contextlib import suppress

from distributed import Worker

LONGEST_SECONDS = 600
"""Then it ends by itself."""


async def join(address: str, count: int, folder: str) -> None:
    """Run the workers until the process is asked to end."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    options = {"nthreads": 1, "host": "127.0.0.1", "dashboard": False, "memory_limit": 0, "local_directory": folder}
    workers = [Worker(address, name=f"{folder}-{number}", **options) for number in range(count)]
    await asyncio.gather(*workers)
    with suppress(TimeoutError):
        await asyncio.wait_for(asked.wait(), LONGEST_SECONDS)
    await asyncio.gather(*(worker.close(timeout=2) for worker in workers))


if __name__ == "__main__":
    asyncio.run(join(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
