"""One Marketo request from call to envelope: token, purse, replays of what was not executed."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from renkei.clients.marketo_auth import MarketoAuth
from renkei.clients.marketo_endpoints import Endpoint
from renkei.clients.marketo_errors import Does, Trouble, error_of, next_reset, trouble_in, trouble_of_status
from renkei.clients.transport import Answer, Call, Transport
from renkei.errors import ConfigurationError, RequestTooLarge, Retriable
from renkei.sync.ports import Clock, Meter

PATIENCE = timedelta(seconds=60)  # for the client's own replays, on top of the call itself
MAX_BODY = 1_000_000  # Adobe: 1 MB, else HTTP 413; refused here without spending a call

Body = dict[str, Any]


def base_url(text: str) -> str:
    """The instance's root, from what Admin > Web Services shows: with or without /identity or /rest, with
    doubled slashes or none, with or without the scheme."""
    found = re.fullmatch(r"\s*(?:(https?)://)?/*([\w.-]+(?::\d+)?)((?:/+[^/\s?#]+)*)/*\s*", text or "", re.I)
    if not found:
        raise ConfigurationError(
            "Marketo: the connection's host is missing or is no address.",
            remedy="Give the Identity URL from Admin > Web Services.",
        )
    scheme, host, path = found.groups()
    parts = [part for part in path.split("/") if part]
    while parts and parts[-1].lower() in ("identity", "rest", "v1", "bulk", "asset"):
        parts.pop()
    return "/".join([f"{(scheme or 'https').lower()}://{host}", *parts])


def call_deadline(endpoint: Endpoint) -> timedelta:
    """How long a request may take in total, replays included."""
    return timedelta(seconds=endpoint.seconds) + PATIENCE


class MarketoRequests:
    """Sends requests of one instance. Raises the tree of ``renkei.errors``."""

    def __init__(self, transport: Transport, auth: MarketoAuth, base: str, meter: Meter, clock: Clock) -> None:
        self.transport = transport
        self._auth = auth
        self._base = base
        self._meter = meter
        self._clock = clock

    def query(self, endpoint: Endpoint, params: Mapping[str, str], **names: str) -> Body:
        """A read with parameters, in the address or, for queries, as a form with ``_method=GET``."""
        if endpoint.query:
            return self._replay(endpoint, names, {"params": {"_method": "GET"}, "form": params})[1]
        return self._replay(endpoint, names, {"params": params})[1]

    def post(self, endpoint: Endpoint, payload: Any, *, patience: timedelta = PATIENCE, **names: str) -> Body:
        """A JSON body; queries carry ``_method=GET``. Over 1 MB raises RequestTooLarge before anything is sent.
        ``patience`` bounds waits and replays on top of the call's own time."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        if len(body) > MAX_BODY:
            raise RequestTooLarge(f"Marketo {endpoint.name}: the request is larger than 1 MB.")
        params = {"_method": "GET"} if endpoint.query else {}
        return self._replay(endpoint, names, {"params": params, "body": body}, patience=patience)[1]

    def raw(self, endpoint: Endpoint, headers: Mapping[str, str], **names: str) -> Answer:
        """A file. An answer with an envelope (Marketo reports errors so, with 200) raises like any other."""
        return self._replay(endpoint, names, {"headers": headers}, file=True)[0]

    def _replay(
        self,
        endpoint: Endpoint,
        names: Mapping[str, str],
        parts: Mapping[str, Any],
        *,
        patience: timedelta = PATIENCE,
        file: bool = False,
    ) -> tuple[Answer, Body]:
        """Sends, and sends the very same again while Marketo says it was not executed and there is time."""
        until = self._clock.now() + timedelta(seconds=endpoint.seconds) + patience
        refused: str | None = None
        pauses = 0
        while True:
            token = self._auth.token(refused)
            call = self._call(endpoint, names, token, parts)
            answer, body, trouble = self._once(call, until, file)
            if trouble is None:
                return answer, body
            if trouble.rule.does is Does.REAUTH and refused is None:
                refused = token
                continue
            pause = trouble.rule.pauses[pauses] if pauses < len(trouble.rule.pauses) else None
            if pause is None or not self._time_for(pause, endpoint, until):
                raise error_of(trouble, endpoint, self.transport.now())
            self._clock.sleep(pause + random.random())
            pauses += 1

    def reserve(self, endpoint: Endpoint) -> None:
        """Takes the place of the next call of this endpoint in the purse."""
        self._meter.lease(endpoint.name, timedelta(seconds=endpoint.seconds))

    def _once(self, call: Call, until: datetime, file: bool) -> tuple[Answer, Body, Trouble | None]:
        with self._meter.call(call.endpoint, timedelta(seconds=call.seconds)) as receipt:
            if self._clock.now() + timedelta(seconds=call.seconds) > until:
                raise Retriable(f"Marketo {call.endpoint}: waited too long for the pace; nothing was sent.")
            answer = self.transport.send(call)
            body: Body = {}
            trouble = trouble_of_status(answer.status)
            if trouble is None and not (file and not _is_json(answer)):
                body = self.transport.parse(call, answer)
                if "success" not in body:
                    self.transport.lost(call, "an answer without 'success'")
                trouble = trouble_in(body)
            receipt.free = trouble is not None and trouble.rule.free
            receipt.records = len(body.get("result") or [])
            if trouble is not None and trouble.rule.does is Does.DAY_OVER:
                receipt.silent_until = next_reset(self.transport.now())
        if trouble and trouble.rule.does is Does.EMPTY:
            return answer, {"success": True, "result": []}, None
        return answer, body, trouble

    def _call(self, endpoint: Endpoint, names: Mapping[str, str], token: str, parts: Mapping[str, Any]) -> Call:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **parts.get("headers", {})}
        if "body" in parts:
            headers["Content-Type"] = "application/json"
        return Call(
            endpoint.name,
            endpoint.method,
            self._base + endpoint.path.format(**{name: quote(value, safe="") for name, value in names.items()}),
            endpoint.seconds,
            endpoint.write,
            params=parts.get("params", {}),
            form=parts.get("form"),
            body=parts.get("body"),
            headers=headers,
        )

    def _time_for(self, pause: float, endpoint: Endpoint, until: datetime) -> bool:
        return self._clock.now() + timedelta(seconds=pause + 1 + endpoint.seconds) <= until


def _is_json(answer: Answer) -> bool:
    return "json" in answer.headers.get("Content-Type", "").lower()
