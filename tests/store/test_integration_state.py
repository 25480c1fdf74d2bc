"""The latch of an integration."""

from __future__ import annotations

from sqlalchemy import Engine

from renkei.store import integration_state as state

NAME = "on24_marketo"


def test_an_integration_nobody_touched_is_connected(engine: Engine) -> None:
    assert state.read(engine, NAME) == state.IntegrationState(NAME)
    assert state.disconnected_reason(engine, NAME) is None
    assert not state.connect(engine, NAME)


def test_only_the_one_who_changes_the_state_tells_of_it(engine: Engine) -> None:
    assert [state.disconnect(engine, NAME, "token revoked"), state.disconnect(engine, NAME, "again")] == [True, False]
    assert state.disconnected_reason(engine, NAME) == "token revoked"
    assert state.disconnected_reason(engine, "another") is None
    assert [state.connect(engine, NAME), state.connect(engine, NAME)] == [True, False]
    assert state.disconnected_reason(engine, NAME) is None


def test_a_check_is_remembered(engine: Engine) -> None:
    state.mark_checked(engine, NAME)
    assert state.read(engine, NAME).checked_at is not None
    assert state.read(engine, NAME).connected
