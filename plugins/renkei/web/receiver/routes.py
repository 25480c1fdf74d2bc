"""The receiver's routes: each authenticates, checks, stores and only then answers 200."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from renkei.store.intake import Arrived
from renkei.web.receiver import shapes
from renkei.web.receiver.body import JSON_ONLY, parsed, raw_body
from renkei.web.receiver.proof import check_signature, check_token
from renkei.web.receiver.refusal import Refused
from renkei.web.receiver.secrets import IMMEDIO, KARTE, MARKETO, Place

log = logging.getLogger("renkei.receiver")

TOKEN_HEADER = "x-webhook-token"
RETRY_AFTER = "5"  # seconds, with 503
AS_MARKETO_CALLS_IT = (*JSON_ONLY, "application/x-www-form-urlencoded", "text/plain")  # without a header of one's own
Proof = Callable[[Sequence[str], Request, bytes], None]
Shape = Callable[[dict[str, Any], bytes], Arrived]


def signed(secrets: Sequence[str], request: Request, raw: bytes) -> None:
    """KARTE signs body and timestamp."""
    headers = request.headers
    timestamp = headers.get("x-karte-request-timestamp")
    check_signature(secrets, headers.get("x-karte-signature"), timestamp, raw, time.time())


def with_token(secrets: Sequence[str], request: Request, _raw: bytes) -> None:
    """Marketo and immedio sign nothing; they send a secret in a header."""
    check_token(secrets, request.headers.get(TOKEN_HEADER))


def receiving(
    place: Place, proof: Proof, shape: Shape, kinds: Sequence[str] = JSON_ONLY
) -> Callable[[Request], Awaitable[JSONResponse]]:
    """The endpoint of one sender, which calls its JSON by one of these content types. ``request.app.state`` holds
    ``secrets`` and ``writer``."""

    async def receive(request: Request) -> JSONResponse:
        state = request.app.state
        try:
            raw = await raw_body(request, kinds)
            proof(await state.secrets(place), request, raw)
            await state.writer.put(shape(parsed(raw), raw))
        except Refused as refused:
            state.refusals(request.url.path, refused)
            headers = {"Retry-After": RETRY_AFTER} if refused.status == 503 else None
            return JSONResponse({"error": refused.message}, refused.status, headers)
        except Exception as error:  # its text, and a traceback, might hold what was sent
            log.error("%s: failed (%s); nothing was stored", request.url.path, type(error).__name__)
            return JSONResponse({"error": "The receiver failed; send it again."}, 500)
        return JSONResponse({"status": "stored"})

    return receive


class Refusals:
    """Logs what was refused and why, never what was sent; of many alike, one line every ten seconds."""

    EVERY = 10.0  # seconds

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}
        self._quiet: dict[tuple[str, str], int] = {}

    def __call__(self, path: str, refused: Refused) -> None:
        kind, now = (path, refused.reason), self._clock()
        if now - self._told.get(kind, float("-inf")) < self.EVERY:
            self._quiet[kind] = self._quiet.get(kind, 0) + 1
            return
        self._told[kind] = now
        more = self._quiet.pop(kind, 0)
        log.warning("%s: refused with %d, %s%s", path, refused.status, refused.reason,
                    f" ({more} more since the last such line)" if more else "")  # fmt: skip


router = APIRouter()
for path, endpoint in (
    ("/hooks/karte/event", receiving(KARTE, signed, shapes.karte_event)),
    ("/hooks/karte/hook", receiving(KARTE, signed, shapes.karte_hook)),
    ("/hooks/marketo/activity", receiving(MARKETO, with_token, shapes.marketo_activity, AS_MARKETO_CALLS_IT)),
    ("/hooks/immedio/bookings", receiving(IMMEDIO, with_token, shapes.immedio_booking)),
):
    router.add_route(path, endpoint, methods=["POST"])
