"""Events by whom they are about: the time a page takes grows with the events, not with events times people."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from renkei.store.newest_events import Question, people

QUESTION = Question("inbox_event", "karte.identify", ("user_id", "visitor_id"), "renkei_id", ("email",))
SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
MANY = """
insert into renkei.inbox_event (source, sender_id, payload, received_at)
select 'karte.identify', number::text, jsonb_build_object('user_id', 'u' || number % 10000,
       'values', jsonb_build_object('email', number % 10000 || '@example.jp', 'rank', number)), '2026-11-20 00:00Z'
  from generate_series(1, 20000) as number
"""


def test_a_page_of_people_among_many_takes_no_time_to_speak_of(connection: Connection) -> None:
    connection.execute(text(MANY))
    connection.execute(text("set local statement_timeout = '1s'"))  # joined event by event it took longer
    found = people(connection, QUESTION, SINCE, UNTIL, "u5", 300)
    assert len(found) == 300
    assert all(person.values["rank"] > 10_000 for person in found)  # the newest of two
