"""Are the web server, the scheduler and the DAG processor well? Exits 0 when they are.

http.client rather than urllib, which would ask a proxy that the environment names.
"""

import http.client
import json
import os
import sys

PARTS = ("metadatabase", "scheduler", "dag_processor")


def main() -> int:
    """0 when all are healthy, else 1 with those that are not."""
    server = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("AIRFLOW__API__PORT") or 8080), timeout=8)
    try:
        server.request("GET", "/api/v2/monitor/health")
        found = json.loads(server.getresponse().read())
        ill = {part: found[part]["status"] for part in PARTS if found[part]["status"] != "healthy"}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        ill = {"api-server": f"no answer ({error})"}
    if ill:
        print(json.dumps(ill))  # noqa: T201 - Docker keeps the output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
