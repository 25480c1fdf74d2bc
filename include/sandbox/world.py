"""One world: clock, dice, journal, faults and the vendors that share them; and the life of a request in it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Generator
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from werkzeug.http import http_date

from include.sandbox.clock import Clock
from include.sandbox.errors import ControlError, Dropped
from include.sandbox.faults import EARLY, Fault, Faults
from include.sandbox.http import Request, Response
from include.sandbox.journal import Call, Journal
from include.sandbox.vendor import Outcome, Vendor
from include.sandbox.vendors import build_vendors


class World:
    """All vendors of one sandbox.

    ``now`` given: the clock is frozen there (tests). ``sleep`` is what passes latency and delays: tests hand in their
    own, for example ``world.clock.advance``.
    """

    def __init__(self, seed: int = 0, now: datetime | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self.seed = seed
        self.clock = Clock(now)
        self.random = random.Random(seed)
        self.journal = Journal()
        self.faults = Faults(seed)
        self.lock = threading.RLock()
        self.base_urls: dict[str, str] = {}
        self._sleep = sleep
        self.vendors: dict[str, Vendor] = build_vendors(self)

    def base_url(self, vendor: str) -> str:
        """Where a vendor is reached: its port, or the in-process host."""
        return self.base_urls.get(vendor, f"http://{vendor}.sandbox")

    def reset(self) -> None:
        """Empty world; clock, dice, journal, faults and settings back to the start."""
        with self.lock:
            self.clock.reset()
            self.random.seed(self.seed)
            self.journal.reset()
            self.faults.reset()
            for vendor in self.vendors.values():
                vendor.reset()

    def load(self, name: str, seed: int | None = None, scale: float = 1.0) -> None:
        """Replaces all data by the named world (``include/sandbox/worlds/<name>.py``: ``load(world, seed, scale)``)."""
        if name not in world_names():
            raise ControlError(f"there is no world {name!r}; there are: {', '.join(world_names()) or 'none'}", 404)
        with self.lock:
            for vendor in self.vendors.values():
                vendor.empty()
            chosen = self.seed if seed is None else seed
            self.random.seed(chosen)
            import_module(f"include.sandbox.worlds.{name}").load(self, chosen, scale)

    def answer(self, vendor: Vendor, request: Request) -> Response:
        """Lets a vendor answer a request, faults and latency included; raises Dropped when the socket is to close."""
        method, path = vendor.effective_method(request), request.clean_path
        request.call = call = Call(vendor.name, method, path, self.clock.now())
        with self.lock:
            faults = self.faults.strike(vendor.name, method, path)
            call.fault = faults[0].action if faults else None
            vendor.in_flight += 1
        try:
            response = self._execute(vendor, request, faults)
        finally:
            with self.lock:
                vendor.in_flight -= 1
                self.journal.add_call(call)
        if any(fault.action == "drop_after" for fault in faults):
            raise Dropped
        return _damage(response, faults)

    def _execute(self, vendor: Vendor, request: Request, faults: list[Fault]) -> Response:
        with self.lock:
            outcome = _begin(_struck(vendor, request, faults) or vendor.handle(request))
            pause = vendor.settings["latency_ms"] / 1000 + sum(f.seconds for f in faults if f.action == "delay")
        if pause:
            self._sleep(pause)
        with self.lock:
            response = outcome if isinstance(outcome, Response) else _finish(outcome)
            response.headers["Date"] = http_date(self.clock.now())
            response.paused_seconds = pause
            request.call.status = response.status_code
        return response


def _struck(vendor: Vendor, request: Request, faults: list[Fault]) -> Outcome | None:
    for fault in faults:
        if fault.action == "expire_token":
            vendor.expire_tokens()
        elif fault.action == "revoke_token":
            vendor.revoke_tokens()
        elif fault.action in EARLY:
            return _refusal(vendor, request, fault)
    return None


def _refusal(vendor: Vendor, request: Request, fault: Fault) -> Response:
    if fault.action == "error":
        return vendor.error_response(fault.code, fault.message, request)
    request.call.counted = False  # it never reached the vendor's counters
    if fault.action == "drop_before":
        raise Dropped
    body = fault.body if isinstance(fault.body, str) else json.dumps(fault.body, ensure_ascii=False)
    return Response(body, status=fault.status, headers=fault.headers)


def _begin(outcome: Outcome) -> Outcome:
    return outcome if isinstance(outcome, Response) else _step(outcome) or outcome


def _finish(outcome: Generator[None, None, Response]) -> Response:
    response = _step(outcome)
    if response is None:
        raise RuntimeError("a handler yields once at most")
    return response


def _step(outcome: Generator[None, None, Response]) -> Response | None:
    try:
        next(outcome)
    except StopIteration as done:
        response: Response = done.value
        return response
    return None


def _damage(response: Response, faults: list[Fault]) -> Response:
    for fault in faults:
        if fault.action == "truncate":
            response.set_data(response.get_data()[: fault.keep_bytes])
        elif fault.action == "cut":
            response.cut_at = fault.keep_bytes
    return response


def world_names() -> list[str]:
    """The named worlds there are."""
    try:
        package = import_module("include.sandbox.worlds")
    except ModuleNotFoundError:
        return []
    return sorted(module.name for module in iter_modules(package.__path__) if not module.name.startswith("_"))
