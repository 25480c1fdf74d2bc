"""The trigger of an inbox DAG: when it fires, and that nothing ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from renkei.store.db import connect
from renkei.store.pulse import Pulse
from renkei.triggers import inbox
from renkei.triggers.inbox import REMIND, InboxTrigger, Level

NOTHING = Pulse(waiting=False, left=False, held=False, last_run=1)
WAITS = Pulse(waiting=True, left=False, held=False, last_run=1)
LEFT = Pulse(waiting=False, left=True, held=False, last_run=1)


def seen(pulse: Pulse, **changed: Any) -> Pulse:
    return Pulse(**(pulse.__dict__ | changed))


def test_it_fires_once_until_a_run_has_opened() -> None:
    level = Level()
    assert [level.fires(WAITS, second) for second in (0, 1, 2)] == [True, False, False]
    assert level.fires(seen(WAITS, last_run=2), 3)
    assert not level.fires(seen(WAITS, last_run=2), 4)


def test_it_reminds_after_a_minute_when_no_run_came() -> None:
    level = Level()
    assert level.fires(WAITS, 0)
    assert not level.fires(WAITS, REMIND - 1)
    assert level.fires(WAITS, REMIND)


def test_what_a_run_left_is_tried_again_after_a_minute_not_at_once() -> None:
    level = Level()
    assert level.fires(LEFT, 0)
    assert not level.fires(seen(LEFT, last_run=2), 1)
    assert level.fires(seen(LEFT, last_run=2), REMIND)
    assert level.fires(seen(LEFT, waiting=True, last_run=3), REMIND + 1)


@pytest.mark.parametrize("pulse", [NOTHING, seen(WAITS, held=True), seen(LEFT, held=True)])
def test_it_stays_quiet_without_work_and_while_the_flow_is_held(pulse: Pulse) -> None:
    assert not Level().fires(pulse, 0)


Act = Callable[[sa.Connection], Any]


@pytest.fixture
def watch(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[int, Act], int], list[int]]:
    """Runs the trigger for so many looks; between two of them the database is changed. Returns at which it fired."""
    looks, broken = [0], [False]

    async def get(_: str) -> Any:
        if broken[0]:
            raise ConnectionError
        return SimpleNamespace(get_uri=lambda: store_url)

    monkeypatch.setattr(inbox.BaseHook, "aget_connection", get)

    def watched(acts: dict[int, Act], number: int) -> list[int]:
        store, fired = connect(store_url), []

        async def next_look(_: float) -> None:
            looks[0] += 1
            broken[0] = looks[0] in acts and acts[looks[0]] is break_off
            if looks[0] > number:
                raise asyncio.CancelledError
            if act := acts.get(looks[0]):
                with store.begin() as connection:
                    act(connection)

        async def go() -> None:
            async for event in InboxTrigger("fake", "flow", ["hook"]).run():
                assert event.payload == {"flow": "flow"}
                fired.append(looks[0])

        monkeypatch.setattr(inbox, "sleep", next_look)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(go())
        store.dispose()
        return fired

    return watched


def sql(statement: str) -> Act:
    return lambda connection: connection.execute(sa.text(statement))


def break_off(connection: sa.Connection) -> None:
    connection.execute(sa.text("set local role none"))
    connection.execute(sa.text("""select pg_terminate_backend(pid) from pg_stat_activity
                                   where application_name = 'renkei-trigger' and datname = current_database()"""))


EVENT = "insert into renkei.inbox_event (source, sender_id, payload) values ('hook', gen_random_uuid(), '{}')"
ACTION = """insert into renkei.due_action (flow, key, action, due_at)
            values ('flow', 'k', 'a', now() + interval '{} minutes')"""
RUN = """insert into renkei.flow_run (flow, account, dag_id, dag_run_id, postponed_until, step)
         values ('flow', 'a', 'd', gen_random_uuid(), now() + interval '{} minutes', 'open')"""
ENTERED = RUN.replace("'open'", "'entered'").format(-1)
CHANGE = """insert into renkei.change (flow, account, object, stage, key, unit, form, state, hash, fingerprint, run_id,
                                       due_at)
            values ('flow', 'a', 'o', 0, 'k', 'k', 'upsert', 'failed', '', '', 1, now() + interval '{} minutes')"""
LATCH = "insert into renkei.integration_state (integration, connected) values ('fake', false)"


def test_it_sees_events_runs_and_what_is_due(watch: Any) -> None:
    bound = "update renkei.inbox_event set state = 'bound'"
    acts = {2: sql(EVENT), 4: sql(ENTERED), 5: sql(RUN.format(-1)), 7: sql(bound), 9: sql(ACTION.format(5)),
            11: sql("update renkei.due_action set due_at = now()"), 12: sql(RUN.format(-1))}  # fmt: skip
    assert watch(acts, 14) == [2, 5, 12]


def test_it_sees_changes_that_are_due_and_waits_while_postponed_or_disconnected(watch: Any) -> None:
    acts = {1: sql(CHANGE.format(5)), 3: sql("update renkei.change set due_at = now()"), 5: sql(RUN.format(5)),
            6: sql(EVENT), 8: sql(RUN.format(-1)), 10: sql(LATCH), 11: sql(RUN.format(-1))}  # fmt: skip
    assert watch(acts, 13) == [3, 8]


def test_a_lost_database_and_a_lost_connection_do_not_end_it(watch: Any) -> None:
    assert watch({2: break_off, 4: sql(EVENT)}, 6) == [4]


def test_two_triggers_of_the_same_dag_are_one() -> None:
    path, kwargs = InboxTrigger("i", "flow", ("a",)).serialize()
    assert path == f"{InboxTrigger.__module__}.{InboxTrigger.__name__}"
    assert InboxTrigger(**kwargs).serialize() == (path, kwargs)
