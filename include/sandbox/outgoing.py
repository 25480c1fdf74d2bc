"""Requests that a vendor sends by itself, from a thread of its own: a receiver may call it before it answers."""

from __future__ import annotations

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What the receiver answered; status 0 when it did not."""

    status: int
    body: bytes = b""


Post = Callable[[str, dict[str, str], bytes], Answer]


def post(url: str, headers: dict[str, str], body: bytes, seconds: float = 10.0) -> Answer:
    """Sends over the network, through no proxy."""
    request = urllib.request.Request(url, body, headers, method="POST")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=seconds) as answer:
            return Answer(int(answer.status), answer.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code)
    except (OSError, ValueError):
        return Answer(0)


class Outgoing:
    """Sends in the order of the queue; ``wait`` returns when everything was sent."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Callable[[], None]] = queue.Queue()
        self._worker: threading.Thread | None = None

    def put(self, send: Callable[[], None]) -> None:
        """``send`` is called by the thread when its turn has come."""
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, daemon=True)
            self._worker.start()
        self._queue.put(send)

    def forget(self) -> None:
        """What was not sent yet never leaves."""
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return
            self._queue.task_done()

    def wait(self) -> None:
        """Until the queue is empty."""
        self._queue.join()

    def _work(self) -> None:
        while True:
            send = self._queue.get()
            try:
                send()
            finally:
                self._queue.task_done()
