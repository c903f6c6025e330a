"""One request and its answer in JSON: whatever comes, a status and words go back.

The library's own handler closes the connection without an answer where reading a request fails in a way that it does
not expect, and answers in HTML where it does.
"""

import json
import re
import socket
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import SplitResult, urlsplit

LARGEST_BODY = 4096
LONGEST_LINE = 65_536
"""Of a request line or a header, in bytes."""
REQUEST_SECONDS = 30
LINGER_SECONDS, LINGER_BYTES = 1.0, 16 << 20
"""How long, and how much, is still read of a request that was answered early: the system destroys the answer where
a connection is closed while bytes wait to be read."""
METHODS = ("GET", "POST", "DELETE")


class BadRequestError(Exception):
    """The request cannot be read; the message says what was found."""

    def __init__(self, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(why)
        self.status = status


class Exchange(BaseHTTPRequestHandler):
    """Reads one request, leaves the answer to `answer`, and writes it."""

    timeout = REQUEST_SECONDS
    server_version = "relay-runner"
    sys_version = ""
    # The answer to a line without a version gets a status line too.
    default_request_version = "HTTP/1.0"

    def answer(self) -> tuple[HTTPStatus, Any]:
        """Status and body of the answer to the request that was read."""
        raise NotImplementedError

    def handle_one_request(self) -> None:
        """Read a request and answer it; every failure has a status and words."""
        self.close_connection = True
        self.requestline, self.request_version, self.command = "", self.default_request_version, ""
        try:
            self._handle()
        except ConnectionError:
            return  # the caller is gone
        except TimeoutError:
            self._reply_if_there(HTTPStatus.REQUEST_TIMEOUT, f"nothing came for {REQUEST_SECONDS} s")
        except Exception:
            traceback.print_exc()
            self._reply_if_there(HTTPStatus.INTERNAL_SERVER_ERROR, "a fault of the runner: its log has the traceback")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer as all else is answered: the library calls this for what it cannot read."""
        status = HTTPStatus(code)
        self.reply(status, {"why": explain or message or status.phrase})

    def reply(self, status: HTTPStatus, body: Any) -> None:
        """Write the answer."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", ", ".join(METHODS))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        if status >= HTTPStatus.BAD_REQUEST:
            self._linger()

    def read_json(self) -> Any:
        """The body as JSON.

        Raises:
            BadRequestError: it is missing, too large, or no JSON.
        """
        content = self._read_body()
        try:
            return json.loads(content.decode("utf-8"))
        except RecursionError:
            raise BadRequestError("no JSON that is read here: it is nested too deeply") from None
        except ValueError as error:
            raise BadRequestError(f"no JSON in UTF-8: {error}") from None

    def split_path(self) -> SplitResult:
        """The parts of the address that was asked for.

        Raises:
            BadRequestError: it cannot be split.
        """
        try:
            return urlsplit(self.path)
        except ValueError as error:
            raise BadRequestError(f"no address: {error}") from None

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Log no request that went well: the schedule looks once per second, and each run has a line of its own."""

    def _handle(self) -> None:
        self.raw_requestline = self._read_line()
        if not self.raw_requestline:
            return None  # a connection on which nothing was asked
        if len(self.raw_requestline) > LONGEST_LINE:
            why = f"a request line of more than {LONGEST_LINE} bytes"
            return self.reply(HTTPStatus.REQUEST_URI_TOO_LONG, {"why": why})
        if not self.raw_requestline.split():
            return self.reply(HTTPStatus.BAD_REQUEST, {"why": "a request line without a word"})
        if not self.parse_request():
            return None  # it is answered
        self.close_connection = True
        if self.command not in METHODS:
            why = f"method {self.command!a}: expected {', '.join(METHODS)}"
            return self.reply(HTTPStatus.METHOD_NOT_ALLOWED, {"why": why})
        try:
            status, body = self.answer()
        except BadRequestError as error:
            status, body = error.status, {"why": str(error)}
        return self.reply(status, body)

    def _read_line(self) -> bytes:
        """The request line; one empty line before it is left out, as RFC 9112 has it."""
        line = self.rfile.readline(LONGEST_LINE + 1)
        return line if line.rstrip(b"\r\n") else self.rfile.readline(LONGEST_LINE + 1)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding"):
            raise BadRequestError("a Transfer-Encoding: expected Content-Length", HTTPStatus.LENGTH_REQUIRED)
        lengths = self.headers.get_all("Content-Length") or []
        if not lengths:
            raise BadRequestError("no Content-Length: expected a body of JSON", HTTPStatus.LENGTH_REQUIRED)
        said = str(lengths[0]).strip()
        if len(set(lengths)) > 1 or not re.fullmatch(r"\d{1,12}", said, re.ASCII):
            raise BadRequestError(f"Content-Length: expected one whole number, found {ascii(said)[:80]}")
        if int(said) > LARGEST_BODY:
            why = f"a body of {int(said)} bytes: at most {LARGEST_BODY}"
            raise BadRequestError(why, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        content = self.rfile.read(int(said))
        if len(content) < int(said):
            raise BadRequestError(f"the body ended after {len(content)} of {said} bytes")
        return content

    def _reply_if_there(self, status: HTTPStatus, why: str) -> None:
        try:
            self.reply(status, {"why": why})
        except OSError:
            return  # the caller is gone

    def _linger(self) -> None:
        """Read what is left of the request, within limits, so that the caller can read the answer."""
        left = LINGER_BYTES
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            while left > 0 and (piece := self.connection.recv(65_536)):
                left -= len(piece)
        except OSError:
            return  # it is gone, or keeps silent
