"""Our clients over the in-process sandbox, on the sandbox's own clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.on24 import On24Client
from tests.support.http import TestMeter


@dataclass
class WorldClock:
    """Sleeping lets time pass in the world."""

    world: World
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.world.clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.world.clock.advance(seconds)


def marketo_client(world: World, meter: Any = None, **credentials: str) -> MarketoClient:
    """A client with the world's credentials (or others) and a token store of its own."""
    given = {**world.vendors["marketo"].credentials(), **credentials}
    return MarketoClient(
        _session(world),
        host=given["base_url"],
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        munchkin_id=given["munchkin_id"],
        meter=meter or TestMeter(),
        clock=WorldClock(world),
        tokens=TokenStore(),
    )


def on24_client(world: World, **credentials: str) -> On24Client:
    """A client with the world's credentials (or others), without pace."""
    given = {**world.vendors["on24"].credentials(), **credentials}
    return On24Client(
        _session(world),
        host=given["base_url"],
        client_id=given["client_id"],
        access_token_key=given["access_token_key"],
        access_token_secret=given["access_token_secret"],
        meter=TestMeter(),
        clock=WorldClock(world),
        pace={"people": 0, "event": 0, "event_list": 0, "management": 0},
    )


def _session(world: World) -> requests.Session:
    session = requests.Session()
    mount(world, session)
    return session
