"""Forgetting a person: nothing readable is left, nobody else is touched, nothing is done twice, nobody comes back."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, Engine, insert, text

from renkei.errors import ConfigurationError
from renkei.store import tables as t
from renkei.store import tables_cache as cached
from renkei.store import tables_gates as gates
from renkei.store import tables_pairs as two
from renkei.store.forget import forget
from renkei.store.suppression import Suppression, subject_of
from renkei.store.tables_loaded import loaded_event
from renkei.store.tokens import Tokens
from tests.store.seeding import FLOW, SOURCE, TARGET, add_change, add_log, add_record, add_run

MAIL = "hanako@example.jp"
NEIGHBOUR = "a.hanako@example.jp"
PERSON = f"email:{MAIL}"


@pytest.fixture
def suppression(engine: Engine) -> Suppression:
    return Suppression(engine, Fernet.generate_key().decode())


@pytest.fixture(autouse=True)
def seeded(connection: Connection) -> None:
    run = add_run(connection)
    connection.execute(insert(t.feed_subscriber).values(account=SOURCE, feed="on24.registrant", flow=FLOW))
    for number, mail in enumerate((MAIL, NEIGHBOUR), 1):
        _seed(connection, run, number, mail)
    connection.commit()


def _seed(connection: Connection, run: int, number: int, mail: str) -> None:
    who, fields, log = (
        f"email:{mail}",
        {"email": mail, "firstName": "花子"},
        {"run_id": run, "reason": f"{mail} is bad"},
    )
    record = add_record(connection, f"9:{number}", subject=who, payload=fields)
    connection.execute(insert(t.plan_queue).values(flow=FLOW, record_id=record, seq=1))
    people = add_change(
        connection, run, who, state="pending", fields=fields, match=[who], record_ids=[record], explanation=fields
    )
    objects: dict[str, Any] = {"object": "attendee", "form": "upsert", "stage": 1, "record_ids": [record]}
    add_change(connection, run, f"9:{number}", unit=f"9:{number}", outcome="created", fields=fields, **objects)
    add_change(connection, run, f"{number}0", form="write_once", outcome="created", record_ids=[record], sent=fields)
    add_change(connection, run, f"7:{who}", unit=who, object="member", outcome="updated", fields=fields)
    add_log(connection, "created", who, change_id=people, detail=fields, **log)
    add_log(connection, "skipped", f"9:{number}", content="x", **log)
    for target_object, key in (("lead", who), ("attendee", f"9:{number}"), ("member", f"7:{who}")):
        row = {"flow": FLOW, "account": TARGET, "object": target_object, "key": key, "target_id": f"10{number}"}
        connection.execute(insert(t.delivered).values(**row, fields={"email": {"sent": mail}}))
    names = {"flow": FLOW, "account": TARGET, "object": "lead", "key": who}
    connection.execute(insert(t.proposal).values(run_id=run, action="update", after=fields, **names))
    link = {"integration": "i", "account": TARGET, "object": "lead", "match_key": who, "target_id": f"10{number}"}
    connection.execute(insert(t.identity_link).values(**link, how="created"))
    event = {"source": "marketo", "sender_id": f"e{number}", "payload": {"lead": {"Email": f" {mail.upper()}"}}}
    connection.execute(insert(t.inbox_event).values(event))
    connection.execute(insert(loaded_event).values(event))
    connection.execute(
        insert(t.due_action).values(flow=FLOW, key=who, action="todo", payload=fields, due_at=text("now()"))
    )
    gate = {"flow": FLOW, "account": TARGET, "key": who, "passed_at": text("now()")}
    connection.execute(insert(gates.request_gate).values(gate))
    _seed_site(connection, number, mail)
    left = {"left_account": SOURCE, "left_feed": "on24.registrant", "left_key": f"9:{number}"}
    right = {"right_account": TARGET, "right_feed": "lead", "right_key": f"10{number}"}
    agreed = {"email": {"value": mail, "at": "2026-11-20"}}
    connection.execute(insert(two.two_way_pair).values(flow=FLOW, **left, **right, how="email", agreed=agreed))
    about = {"account": SOURCE, "object": "registrant", "record": f"9:{number}"}
    finding = {"integration": "i", "kind": "drift", "reason": "differs", "remedy": "look", "detail": fields}
    connection.execute(insert(two.audit_finding).values(**about, **finding))


def _seed_site(connection: Connection, number: int, mail: str) -> None:
    """A member of a list who converted, came back, and is a Lead."""
    definition = {"account": SOURCE, "name": f"list {number}"}
    made = connection.execute(insert(cached.list_definition).values(definition).returning(cached.list_definition.c.id))
    member = {"list": made.scalar_one(), "email": mail, "prospect_id": str(number)}
    connection.execute(insert(cached.list_member).values(member))
    connection.execute(insert(cached.conversion).values(visitor=f"v{number}", email=mail))
    connection.execute(insert(cached.visit).values(visitor=f"v{number}", page="/", outcome="shown"))
    staged = {"window_id": 1, "key": mail, "subject": f"email:{mail}", "payload": {"email": mail}}
    connection.execute(insert(cached.cache_stage).values(staged))
    lead = {"object": "Lead", "record_id": f"00Q{number}", "account": SOURCE, "email": mail, "fields": {"Email": mail}}
    connection.execute(insert(cached.crm_record).values(lead))


def dump(connection: Connection) -> dict[str, str]:
    """All rows of each table, as text."""
    connection.execute(text("set local timezone to 'UTC'"))
    return {
        table.name: str(
            connection.execute(text(f"select json_agg(x order by x::text)::text from {table.fullname} x")).scalar_one()
        )
        for table in t.metadata.sorted_tables
    }


@pytest.mark.parametrize("who", [MAIL, "  HANAKO@Example.JP ", PERSON, "101", "9:1"])
def test_nothing_readable_is_left_and_nobody_else_is_touched(
    connection: Connection, suppression: Suppression, who: str
) -> None:
    counts = forget(connection, suppression, who)
    assert counts == {
        "plan_queue": 1,
        "change": 4,
        "change_log": 2,
        "delivered": 3,
        "proposal": 1,
        "due_action": 1,
        "request_gate": 1,
        "identity_link": 1,
        "inbox_event": 1,
        "loaded_event": 1,
        "source_record": 1,
        **dict.fromkeys(("visit", "conversion", "cache_stage", "list_member", "crm_record"), 1),
        **dict.fromkeys(("two_way_pair", "audit_finding"), 1),
    }
    for table, content in dump(connection).items():
        assert content.lower().replace(NEIGHBOUR, "").find(MAIL) == -1, table
    neighbour = text("select count(*) from renkei.change where fields ->> 'email' = :mail and state = :state")
    assert connection.execute(neighbour, {"mail": NEIGHBOUR, "state": "pending"}).scalar_one() == 1
    assert connection.execute(neighbour, {"mail": NEIGHBOUR, "state": "closed"}).scalar_one() == 2
    left = connection.execute(text("select count(*) from renkei.delivered where fields <> '{}'")).scalar_one()
    assert left == 3


def test_dedupe_keys_stay(connection: Connection, suppression: Suppression) -> None:
    forget(connection, suppression, MAIL)
    kept = set(connection.execute(text("select key from renkei.change")).scalars())
    assert {"10", "9:1", "20", "9:2"} < kept
    assert "e1" in connection.execute(text("select sender_id from renkei.inbox_event")).scalars().all()
    assert "9:1" in connection.execute(text("select key from renkei.source_record")).scalars().all()


def test_what_was_open_ends_unsent(connection: Connection, suppression: Suppression) -> None:
    forget(connection, suppression, MAIL)
    row = connection.execute(text("select state, outcome, reason from renkei.change order by id limit 1")).one()
    assert tuple(row) == ("closed", "skipped", "forgotten")
    assert connection.execute(text("select outcome from renkei.change where key = '10'")).scalar_one() == "created"


def test_the_person_stays_out_and_others_do_not(
    connection: Connection, suppression: Suppression, engine: Engine
) -> None:
    assert not suppression(PERSON)
    forget(connection, suppression, MAIL)
    connection.commit()
    suppression._read_at = float("-inf")
    assert suppression(subject_of("Hanako@example.jp"))
    assert not suppression(f"email:{NEIGHBOUR}")
    stored = connection.execute(text("select digest from renkei.suppression")).scalar_one()
    assert stored == suppression.digest(PERSON) and MAIL not in stored


def test_forgetting_again_changes_nothing(connection: Connection, suppression: Suppression) -> None:
    forget(connection, suppression, MAIL)
    assert sum(forget(connection, suppression, MAIL).values()) == 0


def test_an_id_that_is_not_one_person_is_refused(connection: Connection, suppression: Suppression) -> None:
    with pytest.raises(ConfigurationError, match="Nobody is known"):
        forget(connection, suppression, "999")
    add_record(connection, "8:1", subject="email:other@example.com")
    with pytest.raises(ConfigurationError, match="Several people"):
        forget(connection, suppression, "1")


def test_suppression_outlives_a_change_of_airflows_key(engine: Engine, connection: Connection) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    forget(connection, Suppression(engine, old), MAIL)
    connection.commit()
    Tokens(engine, f"{new},{old}").rotate()
    assert Suppression(engine, new)(PERSON)
