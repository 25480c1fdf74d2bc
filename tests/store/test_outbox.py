"""The outbox at size: what is asked in every run finds its rows by an index."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
from sqlalchemy import Connection, insert, text

from renkei.store import outbox
from renkei.store import tables as t
from tests.store.seeding import FLOW, TARGET, add_change, add_run

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_who_waits_is_woken_by_the_very_record_it_waits_for(connection: Connection) -> None:
    run = add_run(connection)
    for key in ("email:a/b@example.jp", "email:b@example.jp"):
        add_change(connection, run, key, stage=1, state="waiting", waits_for=[f"{TARGET}/lead/{key}", "other/lead/x"])
    link = {"integration": "on24_marketo", "account": TARGET, "object": "lead", "match_key": "email:a/b@example.jp"}
    connection.execute(insert(t.identity_link).values(**link, target_id="1", how="found"))
    outbox.wake_linked(connection, FLOW, "on24_marketo", 1, NOW)
    woken = connection.execute(text("select key from renkei.change where state = 'pending'")).scalars().all()
    assert woken == ["email:a/b@example.jp"]


def test_many_who_wait_among_many_links_are_looked_through_at_once(
    connection: Connection, store_url: str
) -> None:
    connection.execute(text(f"""
        insert into renkei.identity_link (integration, account, object, match_key, target_id, how)
        select 'on24_marketo', '{TARGET}', 'lead', 'email' || chr(58) || n || '@example.jp', n, 'found'
        from generate_series(1, 20000) n"""))
    connection.execute(text(f"""
        insert into renkei.change (flow, account, object, stage, key, unit, form, state, hash, fingerprint, run_id,
                                   waits_for)
        select '{FLOW}', '{TARGET}', 'record', 1, n, n, 'upsert', 'waiting', 'h', 'f', 1,
               jsonb_build_array('{TARGET}/lead/nobody' || n)
        from generate_series(1, 2000) n"""))
    connection.commit()
    with psycopg.connect(store_url, autocommit=True) as owner:
        owner.execute("analyze renkei.identity_link, renkei.change")
    connection.execute(text("set local statement_timeout = '5s'"))  # 20 s and more where each is held against each
    outbox.wake_linked(connection, FLOW, "on24_marketo", 1, NOW)
