"""The Salesforce Connector API: status, pause, unpause. The vendor names the API but its addresses are not published:
these are ours."""

from __future__ import annotations

from typing import Any

from include.sandbox.account_engagement.ask import Ask
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.http import Response
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/api/v5/salesforce-connector"


@routes.add("GET", ROOT)
def status(ask: Ask) -> Any:
    return {"version": 2, "isVerified": True, "isPaused": _state(ask) == "paused"}


@routes.add("POST", f"{ROOT}/do/pause", writes=True)
def pause(ask: Ask) -> Any:
    return _change(ask, "paused")


@routes.add("POST", f"{ROOT}/do/unpause", writes=True)
def unpause(ask: Ask) -> Any:
    return _change(ask, "on")


def _state(ask: Ask) -> str:
    state = str(ask.vendor.settings["connector"])
    if state == "off":
        raise Refused(233)
    return state


def _change(ask: Ask, wanted: str) -> Response:
    if _state(ask) == wanted:
        raise Refused(235)
    ask.vendor.configure({"connector": wanted})
    return Response(status=204)
