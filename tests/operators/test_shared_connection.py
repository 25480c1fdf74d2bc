"""Two integrations on one Salesforce connection: what ends it for one ends it for the other."""

from __future__ import annotations

import pytest

from tests.operators.test_connection_life import Line, bag, line

__all__ = ["bag", "line"]
OTHER = "salesforce_account_engagement"


@pytest.mark.req("R11", "R12", "R13")
def test_a_disconnect_of_the_other_integration_drops_what_is_queued_here_too(line: Line) -> None:
    line.settings_path.with_name(f"{OTHER}.yaml").write_text("mode: audit\n")
    line.connect()
    line.set(todo={"enabled": True, "lag_minutes": 10})
    line.book("queued")
    assert line.bookings().state == "success"
    done = line.task("renkei_connection", "disconnect", do="disconnect", integration=OTHER)[0]
    assert done.state == "success" and line.tokens() == [] and not line.connected
    assert "salesforce_default was disconnected by hand" in str(line.bookings().error)
    dropped = "select string_agg(distinct result, ', ') from renkei.booking_explanation where booking = 'queued'"
    assert line.value(dropped) == "dropped"

    line.connect()
    line.set(todo={"enabled": True, "lag_minutes": 0})
    line.book("disarmed")
    assert line.bookings().state == "success" and line.subjects() == []


def test_the_other_is_told_why_it_stands_still_and_a_broken_settings_file_keeps_nobody_connected(line: Line) -> None:
    line.settings_path.with_name(f"{OTHER}.yaml").write_text("mode: audit\n")
    line.connect()
    assert line.disconnect().state == "success"
    reason = f"select reason from renkei.integration_state where integration = '{OTHER}' and not connected"
    assert line.value(reason) == "its connection salesforce_default was disconnected by hand"
    line.settings_path.write_text("todo: {enabled: [broken]}\n")
    assert line.task("renkei_connection", "disconnect", do="disconnect", integration=OTHER)[0].state == "success"
