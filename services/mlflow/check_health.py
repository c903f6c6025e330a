"""Does the server answer its clients? Exits 0 when the API does, for the name by which they call it.

`/health` says OK even where every client is refused for the name it uses, and says nothing about the database.
http.client rather than urllib, which would ask a proxy that the environment names.
"""

import http.client
import os
import sys

PATH = "/api/2.0/mlflow/experiments/search"
CLIENTS_CALL_IT = "mlflow:5000"


def main() -> int:
    """0 when the API answers, else 1 with the reason."""
    server = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("MLFLOW_PORT") or 5000), timeout=4)
    headers = {"Host": CLIENTS_CALL_IT, "Content-Type": "application/json"}
    try:
        server.request("POST", PATH, b'{"max_results": 1}', headers)
        answer = server.getresponse()
        body = answer.read(200).decode(errors="replace")
    except OSError as error:
        status, body = 0, str(error)
    else:
        status = answer.status
    if status != http.HTTPStatus.OK:
        print(f"{PATH} for {CLIENTS_CALL_IT}: {status or 'no answer'} {body}")  # noqa: T201 - Docker keeps the output
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
