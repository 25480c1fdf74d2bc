"""One call to Salesforce: token, pace, deadline, the vendor's count, and what an error answer means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from renkei.clients.salesforce_auth import Grant, SalesforceAuth
from renkei.clients.salesforce_errors import Does, Rule, Trouble, error_of, rule_for, troubles
from renkei.clients.transport import Answer, Call, Transport
from renkei.sync.ports import Clock, Meter

SECONDS = 60.0
_USAGE = re.compile(r"api-usage=(\d+)/(\d+)")


@dataclass(frozen=True)
class Usage:
    """The org's own count of the last 24 hours."""

    used: int
    limit: int


class Requests:
    """Sends calls of one connection. ``usage`` is the vendor's count as its last answer told it."""

    def __init__(self, transport: Transport, auth: SalesforceAuth, meter: Meter, clock: Clock) -> None:
        self.transport = transport
        self.auth = auth
        self.usage: Usage | None = None
        self._meter = meter
        self._clock = clock

    def send(
        self,
        endpoint: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        csv: bytes | None = None,
        write: bool = False,
        seconds: float = SECONDS,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer of a success (below 300). A read, and a write that was surely not executed, is sent again after
        the pauses of its error's rule; a dead access token is renewed once. Raises the error tree."""
        grant = self.auth.grant()
        renewed = False
        pauses = 0
        while True:
            call = self._call(endpoint, method, path, grant, params, body, csv, write, seconds, headers)
            answer = self._once(call)
            if answer.status < 300 or answer.status == 304:
                return answer
            trouble, rule = _read(answer)
            if rule.does is Does.SESSION and not renewed:
                renewed, grant = True, self.auth.grant(grant)
                continue
            pause = self._pause(rule, pauses, write)
            if pause is None:
                raise error_of(rule, answer.status, trouble, endpoint, write=write, now=self._clock.now())
            self._clock.sleep(pause)
            pauses += 1

    def json(self, endpoint: str, method: str, path: str, **kwargs: Any) -> Any:
        """The answer's JSON; a body that is cut short counts as an answer that never came."""
        answer = self.send(endpoint, method, path, **kwargs)
        try:
            return json.loads(answer.body) if answer.body.strip() else None
        except ValueError:
            write = bool(kwargs.get("write"))
            self.transport.lost(Call(endpoint, method, "", SECONDS, write), "a body that was cut short")

    def lease(self, endpoint: str, seconds: float = SECONDS) -> None:
        """Takes the place of the next call in the purse."""
        self._meter.lease(endpoint, timedelta(seconds=seconds))

    def _once(self, call: Call) -> Answer:
        with self._meter.call(call.endpoint, timedelta(seconds=call.seconds)) as receipt:
            answer = self.transport.send(call)
            receipt.free = answer.status in (401, 429)
        told = _USAGE.search(answer.headers.get("Sforce-Limit-Info") or "")
        if told:
            self.usage = Usage(int(told[1]), int(told[2]))
        return answer

    @staticmethod
    def _pause(rule: Rule, pauses: int, write: bool) -> float | None:
        if pauses >= len(rule.pauses) or (write and rule.does is Does.UNKNOWN):
            return None
        return rule.pauses[pauses]

    @staticmethod
    def _call(
        endpoint: str,
        method: str,
        path: str,
        grant: Grant,
        params: Mapping[str, str] | None,
        body: Any,
        csv: bytes | None,
        write: bool,
        seconds: float,
        headers: Mapping[str, str] | None,
    ) -> Call:
        given = {"Authorization": f"Bearer {grant.values['access_token']}", "Accept": "application/json"}
        data = csv
        if body is not None:
            data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
            given["Content-Type"] = "application/json; charset=utf-8"
        if csv is not None:
            given["Content-Type"] = "text/csv; charset=utf-8"
        url = grant.values["instance_url"].rstrip("/") + path
        return Call(
            endpoint, method, url, seconds, write, params=params or {}, body=data, headers={**given, **(headers or {})}
        )


def _read(answer: Answer) -> tuple[Trouble, Rule]:
    found = troubles(answer.body)
    trouble = found[0] if found else Trouble("", "no JSON")
    return trouble, rule_for(answer.status, trouble.code)
