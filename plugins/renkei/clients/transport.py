"""One HTTP call to a vendor: time-outs, a total deadline, and what a missing answer means."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.exceptions import ProxyError as UnreachableProxy

from renkei.errors import ConfigurationError, OutcomeUnknown, Retriable
from renkei.sync.ports import Clock, Receipt

CONNECT_SECONDS = 10.0
_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, UnreachableProxy)
_BAD_REQUEST = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidHeader,
)


@dataclass(frozen=True)
class Call:
    """One request. ``seconds`` bounds it in total and is longer than the vendor's own time-out;
    ``write`` says that an answer that never came leaves the outcome unknown. Tracebacks that print locals show
    neither secrets nor people."""

    endpoint: str
    method: str
    url: str = field(repr=False)
    seconds: float
    write: bool = False
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    body: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Transport:
    """Sends calls of one vendor over a session and keeps the offset of the vendor's clock."""

    def __init__(self, session: requests.Session, clock: Clock, system: str) -> None:
        self._session = session
        self._clock = clock
        self.system = system
        self.offset: timedelta | None = None

    def now(self) -> datetime:
        """The vendor's clock as its last Date header showed it; ours before the first answer."""
        return self._clock.now() + (self.offset or timedelta(0))

    def send(self, call: Call) -> Answer:
        """The answer, whatever its status. Raises Retriable when nothing was sent, OutcomeUnknown when a
        write's answer never came (Retriable for a read), ConfigurationError for an unusable address."""
        deadline = time.monotonic() + call.seconds
        try:
            response = self._open(call)
            with response, _watchdog(response, deadline - time.monotonic()) as late:
                body = response.content
        except requests.exceptions.RequestException as error:
            self._explain(call, error)
        except ValueError as error:  # http.client on a header that no header can hold
            self._unusable(call, type(error).__name__)
        if late.is_set():
            self.lost(call, f"the answer took longer than {call.seconds:.0f} s")
        self._note_clock(response.headers.get("Date"))
        if response.status_code in (301, 302, 303, 307, 308):
            raise ConfigurationError(
                f"{self.system} {call.endpoint}: the host redirects elsewhere.", remedy="Correct the connection's host."
            )
        return Answer(response.status_code, response.headers, body)

    def parse(self, call: Call, answer: Answer) -> dict[str, Any]:
        """The answer's JSON object; a body that is cut short counts as an answer that never came."""
        try:
            value = json.loads(answer.body)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            self.lost(call, f"HTTP {answer.status} with a body that is not a JSON object or was cut short")
        return value

    def lost(self, call: Call, what: str) -> NoReturn:
        """The call may or may not have been executed."""
        if call.write:
            raise OutcomeUnknown(f"{self.system} {call.endpoint}: {what}; its outcome is unknown.") from None
        raise Retriable(f"{self.system} {call.endpoint}: {what}.") from None

    def _open(self, call: Call) -> requests.Response:
        return self._session.request(
            call.method,
            call.url,
            params=call.params,
            data=call.body if call.form is None else call.form,
            auth=_Headers(call.headers),
            timeout=(CONNECT_SECONDS, max(1.0, call.seconds - CONNECT_SECONDS)),
            allow_redirects=False,
            stream=True,
        )

    def _explain(self, call: Call, error: requests.exceptions.RequestException) -> NoReturn:
        # The texts of these errors hold the URL, so only their kind is told.
        kind = type(error).__name__
        if isinstance(error, _BAD_REQUEST):
            self._unusable(call, kind)
        if _was_never_sent(error):
            raise Retriable(f"{self.system} {call.endpoint}: no connection could be made ({kind}).") from None
        self.lost(call, f"the connection was lost ({kind})")

    def _unusable(self, call: Call, kind: str) -> NoReturn:
        raise ConfigurationError(
            f"{self.system} {call.endpoint}: the connection's host or credentials cannot be used ({kind}).",
            remedy="Correct the connection.",
        ) from None

    def _note_clock(self, date: str | None) -> None:
        if not date:
            return
        try:
            shown = parsedate_to_datetime(date)
        except ValueError:
            return
        if shown.tzinfo is None:
            shown = shown.replace(tzinfo=UTC)
        self.offset = shown - self._clock.now()


class _Headers(AuthBase):
    """Sets headers as request auth, so that neither the session's auth nor a .netrc replaces them."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


def _was_never_sent(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection was ever established, so that the vendor cannot have seen the request."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, _NEVER_SENT)


@contextmanager
def _watchdog(response: requests.Response, seconds: float) -> Iterator[threading.Event]:
    """Ends a body that trickles in for longer than ``seconds``; the read time-out only bounds single reads."""
    late = threading.Event()
    shutdown = getattr(response.raw, "shutdown", None)
    if shutdown is None:
        yield late
        return

    def bark() -> None:
        late.set()
        shutdown()

    timer = threading.Timer(max(0.1, seconds), bark)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


class WallClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class NoMeter:
    """No purse: for connection tests."""

    @contextmanager
    def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
        yield Receipt()

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        return None
