"""The life of a run: open → extract → plan → push → settle, as tasks or in line."""

from __future__ import annotations

from renkei.errors import SyncError
from renkei.sync.engine import Engine, RunFailed, RunSummary, StepReport
from renkei.sync.extract import extract
from renkei.sync.flow import Flow
from renkei.sync.open import has_work, open_run
from renkei.sync.plan import plan
from renkei.sync.push import push
from renkei.sync.request import RunRequest
from renkei.sync.settle import settle, settle_quietly

__all__ = [
    "Engine",
    "RunFailed",
    "RunRequest",
    "RunSummary",
    "StepReport",
    "extract",
    "has_work",
    "open_run",
    "plan",
    "push",
    "run_inline",
    "settle",
]


def run_inline(engine: Engine, flow: Flow, request: RunRequest) -> RunSummary:
    """All five steps in one task. A step's error is raised after the run was settled."""
    run_id = open_run(engine, flow, request)
    if not has_work(engine, flow, run_id):
        return settle(engine, flow, run_id)
    try:
        extract(engine, flow, run_id, request.clear_number)
        plan(engine, flow, run_id, request.clear_number)
        push(engine, flow, run_id, request.clear_number)
    except SyncError:
        settle_quietly(engine, flow, run_id)
        raise
    return settle(engine, flow, run_id)
