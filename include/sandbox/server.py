"""Serves WSGI applications on loopback ports: HTTP/1.1 with keep-alive, and sockets that close when a fault says so.

werkzeug's own server closes every connection after one answer; clients would never meet a kept one that breaks.
"""

from __future__ import annotations

import socket
import sys
import threading
import traceback
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from include.sandbox.errors import Dropped
from include.sandbox.wsgi import Application, Cut

HOST = "127.0.0.1"


class Server(ThreadingHTTPServer):
    """One application on one loopback port; ``port`` 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, app: Application, port: int = 0) -> None:
        self.app = app
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.server_port}"

    def start(self) -> Server:
        """Serves in a thread of its own."""
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 600
    server: Server

    def answer(self) -> None:
        """Runs the application for one request."""
        status: list[Any] = []

        def start_response(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            status[:] = [line, headers]

        try:
            chunks = self.server.app(self._environ(), start_response)
            self._send(status, chunks)
        except (Dropped, Cut):
            self._hang_up()
        except ConnectionError:
            raise
        except Exception:  # a bug of the sandbox must not look like a dropped connection
            traceback.print_exc()
            self.send_error(500, "the sandbox failed")

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the journal has it all."""

    def _send(self, status: list[Any], chunks: Iterable[bytes]) -> None:
        chunks = iter(chunks)
        first = next(chunks, b"")
        line, headers = status
        self.send_response_only(int(line.split()[0]), line.partition(" ")[2])
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(first)
            for chunk in chunks:
                self.wfile.write(chunk)
        self.wfile.flush()

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _environ(self) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        environ = {
            "REQUEST_METHOD": self.command, "SCRIPT_NAME": "", "QUERY_STRING": query, "REQUEST_URI": self.path,
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"), "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.server_port), "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0], "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(body), "wsgi.errors": sys.stderr, "wsgi.multithread": True,
            "wsgi.multiprocess": False, "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                environ[f"HTTP_{key}"] = value
        return environ
