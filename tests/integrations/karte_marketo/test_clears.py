"""Clearing an old run after newer ones: everybody ends with what was said last."""

from __future__ import annotations

from typing import Any

import pytest

from renkei.sync.request import RunRequest
from renkei.sync.steps import extract, open_run, plan, push, settle
from tests.integrations.karte_marketo.conftest import Pair

USER_DATA = {"users": {"fields": {"leadRole": "identify.rank"}}}


def clear(pair: Pair, flow_name: str, run: str, **changes: Any) -> None:
    """All of a run once more."""
    flow = pair.flow(flow_name, **changes)
    run_id = open_run(pair.engine, flow, RunRequest(flow_name, run, clear_number=1))
    for step in (extract, plan):
        step(pair.engine, flow, run_id, 1)
    push(pair.engine, flow, run_id)
    settle(pair.engine, flow, run_id)


def test_a_cleared_run_brings_back_no_earlier_user_data(pair: Pair) -> None:
    lead = pair.lead("a@example.jp")
    for rank in ("gold", "platinum"):
        pair.identify("u1", email="a@example.jp", rank=rank)
        pair.users_run()
        pair.pass_time(minutes=30)
    clear(pair, "karte_user_to_marketo", "run 1", **USER_DATA)
    assert pair.leads()[lead]["leadRole"] == "platinum"


@pytest.mark.parametrize(("flow_name", "hours"), [("karte_marketo_leads", 1), ("karte_marketo_realtime", 25)])
def test_a_cleared_run_brings_back_no_earlier_lead(pair: Pair, flow_name: str, hours: int) -> None:
    for email in ("a@example.jp", "b@example.jp"):
        lead = pair.lead(email)
        pair.identify("u1", email=email)
        pair.run(flow_name)
        pair.pass_time(hours=hours)
    clear(pair, flow_name, "run 1")
    assert pair.identified("u1")["marketo"]["id"] == lead


def test_at_once_asks_with_the_address_that_was_said_last_however_many_events_lie_between(pair: Pair) -> None:
    pair.lead("a@example.jp")
    lead = pair.lead("b@example.jp")
    pair.identify("u1", email="a@example.jp")
    for number in range(300):
        pair.identify(f"other{number}", email="nobody@example.jp")
    pair.identify("u1", email="b@example.jp")
    pair.at_once()
    assert pair.identified("u1")["marketo"]["id"] == lead
