"""Calls over real sockets: refused, dropped, cut short, trickling."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from renkei.clients.redact import redact
from renkei.clients.transport import Call, Transport, WallClock
from renkei.errors import ConfigurationError, OutcomeUnknown, Retriable
from tests.support.http import ScriptedVendor, session_with

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
Behave = Callable[[socket.socket], None]


@contextmanager
def server(behave: Behave) -> Iterator[str]:
    """Answers one connection by ``behave`` once the request has arrived."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            behave(connection)

    threading.Thread(target=run, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.close()


def send(url: str, *, write: bool = True, seconds: float = 5.0, **parts: str) -> bytes:
    transport = Transport(requests.Session(), WallClock(), "Vendor")
    return transport.send(Call("thing", "POST", url, seconds, write, **parts)).body  # type: ignore[arg-type]


def drop(connection: socket.socket) -> None:
    """Closes without an answer."""


def cut(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")


def garble(connection: socket.socket) -> None:
    connection.sendall(b"???\r\n\r\n")


def trickle(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
    try:
        for _ in range(100):
            connection.sendall(b" ")
            time.sleep(0.1)
    except OSError:
        pass


@pytest.mark.parametrize("behave", [drop, cut, garble])
def test_an_answer_that_never_came_leaves_a_write_unknown(behave: Behave) -> None:
    with server(behave) as url, pytest.raises(OutcomeUnknown):
        send(url)
    with server(behave) as url, pytest.raises(Retriable) as caught:
        send(url, write=False)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_a_refused_connection_executed_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Retriable) as caught:
        send(f"http://127.0.0.1:{port}/")
    assert not isinstance(caught.value, OutcomeUnknown)


def test_an_unknown_host_executed_nothing() -> None:
    with pytest.raises(Retriable, match="no connection"):
        send("http://nowhere.invalid/")


def test_a_trickling_answer_ends_at_the_deadline() -> None:
    began = time.monotonic()
    with server(trickle) as url, pytest.raises(OutcomeUnknown):
        send(url, seconds=1.2)
    assert time.monotonic() - began < 3


def test_a_good_answer_is_whole() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    with server(answer) as url:
        assert send(url) == b"{}"


@pytest.mark.parametrize("url", ["nonsense", "ftp://example.com/", "http://"])
def test_an_unusable_address_is_a_setting(url: str) -> None:
    with pytest.raises(ConfigurationError):
        send(url)


def test_a_credential_that_no_header_can_hold_is_a_setting() -> None:
    with pytest.raises(ConfigurationError) as caught:
        send("http://127.0.0.1:9/", headers={"token": "a\nb"})
    assert "a\nb" not in str(caught.value)


def test_no_session_authentication_replaces_ours() -> None:
    vendor = ScriptedVendor({})
    session = session_with(vendor)
    session.auth = ("somebody", "else")
    call = Call("thing", "GET", "http://vendor.example.com/", 5, headers={"Authorization": "Bearer x"})
    Transport(session, WallClock(), "Vendor").send(call)
    assert vendor.sent[0].headers["Authorization"] == "Bearer x"


def test_reprs_hold_neither_secrets_nor_people() -> None:
    call = Call("thing", "GET", "http://x/a@example.jp", 5, headers={"Authorization": "Bearer secret"}, body=b"a@b.jp")
    assert "secret" not in repr(call) and "example.jp" not in repr(call) and "b.jp" not in repr(call)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The attendant a.b+c@example.jp doesn't exist.", "The attendant (address) doesn't exist."),
        ("Invalid 'a%40example.jp'", "Invalid '(address)'"),
        ("two\nlines", "two lines"),
        ("x" * 400, "x" * 300),
    ],
)
def test_vendor_texts_lose_addresses(text: str, shown: str) -> None:
    assert redact(text) == shown
