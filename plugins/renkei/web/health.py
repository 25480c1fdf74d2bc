"""GET /health: whether events can be stored, what waits, and which flow had no run when one was due."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from renkei.store import health
from renkei.store.db import db_now

router = APIRouter()


@router.get("/health")
def healthy(request: Request) -> JSONResponse:
    """503 while the database is away, as nothing can be stored then; late flows are listed and change no status."""
    try:
        found = _look(request.app.state.store)
    except sa.exc.SQLAlchemyError:
        return JSONResponse({"status": "database away"}, 503)
    return JSONResponse({"status": "ok", **found})


@router.get("/health/flows")
def flows_healthy(request: Request) -> JSONResponse:
    """For a monitor that only sees the status: 503 also when a flow's run never came."""
    answer = healthy(request)
    return JSONResponse({"status": "late"}, 503) if b'"late":true' in bytes(answer.body) else answer


def _look(store: sa.Engine) -> dict[str, Any]:
    with store.connect() as connection:
        now = db_now(connection)
        return {
            "waiting": health.waiting(connection),
            "flows": [
                {
                    "flow": flow.name,
                    "late": flow.late(now),
                    "last_run_at": flow.last_run_at.isoformat(),
                    "behind_seconds": None if flow.position is None else round((now - flow.position).total_seconds()),
                }
                for flow in health.flows(connection)
            ],
        }
