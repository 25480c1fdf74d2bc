"""Forgetting a person of whom KARTE knows a user id and Marketo a lead: also what bears no address goes, and nothing
is written about them any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from renkei.store.forget import forget
from renkei.store.suppression import Suppression
from tests.integrations.karte_marketo.conftest import RULE, Pair

BY_USER = {"events": [RULE | {"lead_key": "user"}]}
TABLES = (
    "inbox_event", "loaded_event", "source_record", "change", "change_log", "delivered", "proposal",
)  # fmt: skip


@pytest.fixture
def known(typed: Pair) -> Pair:
    """Two people, each linked with their lead; of each an activity, an event and user data, sent on."""
    typed.suppression = Suppression(typed.store, Fernet.generate_key().decode())  # type: ignore[attr-defined]
    typed.engine.suppressed = typed.suppression.among  # type: ignore[attr-defined]
    for user in ("u1", "u2"):
        lead = typed.lead(f"{user}@example.jp", firstName=f"名前{user}")
        typed.identify(user, email=f"{user}@example.jp", rank="gold")
        typed.activity(lead, email=None, attributes={"note": f"活動{user}"})
        typed.event("download", user, document=f"資料{user}")
    typed.leads_run()
    typed.at_once()
    typed.users_run()
    typed.activities_run()
    typed.events_run(**BY_USER)
    assert (len(typed.activities()), len(typed.karte_events("marketo_open_email"))) == (2, 2)
    return typed


def forgotten(pair: Pair, who: str) -> None:
    with pair.store.begin() as connection:
        forget(connection, pair.suppression, who)  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["u1@example.jp", "u1", "1"])
def test_what_names_only_the_user_or_the_lead_goes_too(known: Pair, who: str) -> None:
    forgotten(known, who)
    for table in TABLES:
        text = str([row.x for row in known.rows(f"select x::text as x from renkei.{table} x")])
        assert not any(word in text for word in ("名前u1", "活動u1", "資料u1", "u1@example")), table
        assert table not in ("inbox_event", "source_record", "change") or "資料u2" in text
    live = known.rows("select match_key, target_id from renkei.identity_link where state = 'live'")
    assert not [row for row in live if "u1" in (row.match_key.rpartition(":")[2], row.target_id)]
    assert [row.target_id for row in live if row.match_key == "karte_user:u2"] == ["2"]
    assert [row.key for row in known.rows("select key from renkei.request_gate")] == ["u2"]


def test_nothing_is_written_about_them_any_more(known: Pair) -> None:
    forgotten(known, "u1@example.jp")
    for number, user in enumerate(("u1", "u2"), 1):
        known.activity(number, email=None)
        known.event("download", user, document="x")
        known.identify(user, rank="silver", ago=timedelta(0))
    known.activities_run()
    known.events_run(**BY_USER)
    known.users_run()
    assert [row["leadId"] for row in known.activities()] == [1, 2, 2]
    assert sorted(row["user_id"] for row in known.karte_events("marketo_open_email")) == ["u1", "u2", "u2"]
    assert {lead: fields.get("leadRole") for lead, fields in known.leads().items()} == {1: "gold", 2: "silver"}


def test_an_address_is_found_however_it_is_spelt(pair: Pair) -> None:
    suppression = Suppression(pair.store, Fernet.generate_key().decode())
    for number, spelt in enumerate(("Ｈａｎａｋｏ＠example.jp", "hanako@example.jp\u3000", "\tHanako@example.jp\n")):
        pair.event("form", f"v{number}", address=spelt)
    pair.event("form", "v9", address="a.hanako@example.jp")
    with pair.store.begin() as connection:
        forget(connection, suppression, "hanako@example.jp")
    kept = pair.rows("select payload ->> 'user_id' as who from renkei.inbox_event where payload <> '{}'")
    assert [row.who for row in kept] == ["v9"]
