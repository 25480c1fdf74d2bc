"""A mail server and a webhook receiver on loopback that keep what they are sent."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Sink:
    """``port`` listens; ``got`` holds the mails (as text) or posts (path, JSON)."""

    port: int
    got: list[Any] = field(default_factory=list)


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """A mail server that takes everything."""
    got: list[Any] = []

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            for line in self.rfile:
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    got.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.wfile.write(b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        yield from _serving(server, got)


@contextmanager
def webhook_sink() -> Iterator[Sink]:
    """A receiver of Slack-compatible webhooks."""
    got: list[Any] = []

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Post) as server:
        yield from _serving(server, got)


def _serving(server: socketserver.BaseServer, got: list[Any]) -> Iterator[Sink]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Sink(server.server_address[1], got)
    finally:
        server.shutdown()
        thread.join()
