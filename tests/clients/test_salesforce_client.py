"""Salesforce's client against the sandbox: tokens, trouble, pages, bulk; and queries that values cannot change."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from include.sandbox.world import World
from renkei.clients.salesforce_auth import Grant, InMemory
from renkei.clients.salesforce_soql import bind, by_length, path, select
from renkei.errors import (
    ConfigurationError,
    CursorExpired,
    Disconnected,
    OutcomeUnknown,
    QuotaExhausted,
    Retriable,
)
from renkei.hooks.kept_tokens import KeptTokens
from renkei.store.db import connect
from tests.support.salesforce import Org, first_grant, salesforce_client
from tests.support.sandbox import NOW

TOKEN = "/services/oauth2/token"


@pytest.fixture
def world() -> World:
    return World(seed=7, now=NOW, sleep=lambda seconds: None)


def configure(world: World, **settings: Any) -> None:
    world.vendors["salesforce"].configure(settings)


def fault(world: World, action: str, where: str = "/services/data/*", **rule: Any) -> None:
    world.faults.add(action=action, vendor="salesforce", path=where, **rule)


def token_calls(world: World) -> int:
    return world.journal.count("salesforce", f"POST {TOKEN}")


def test_a_rotated_refresh_token_is_stored_before_it_is_used(world: World, store_url: str) -> None:
    configure(world, rotate_refresh_tokens=True)
    store = connect(store_url)
    keeper = KeptTokens("salesforce_default", store, Fernet.generate_key().decode())
    keeper.write(first_grant(world))
    client = salesforce_client(world, keeper=keeper)
    seen = []
    for _ in range(3):
        client.limits()
        kept = keeper.read()
        assert kept is not None
        seen.append(kept.values["refresh_token"])
        world.faults.add(action="expire_token", vendor="salesforce", path="/services/data/*")
    assert len(set(seen)) == 3
    with store.begin() as connection:
        sealed = connection.execute(sa.text("select encrypted from renkei.vendor_token")).scalar_one()
    assert seen[-1].encode() not in bytes(sealed)
    store.dispose()


def test_many_at_once_renew_it_once(store_url: str) -> None:
    world = World(seed=7, now=datetime.now(UTC), sleep=lambda seconds: None)  # Postgres tells what has run out
    configure(world, rotate_refresh_tokens=True)
    store = connect(store_url, pool_size=6)
    keys = Fernet.generate_key().decode()
    KeptTokens("salesforce_default", store, keys).write(first_grant(world))
    clients = [
        salesforce_client(world, keeper=KeptTokens("salesforce_default", store, keys)) for _ in range(4)
    ]
    threads = [threading.Thread(target=client.limits) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert token_calls(world) == 1
    store.dispose()


def test_a_refused_grant_is_never_redeemed_again(world: World) -> None:
    keeper = InMemory(first_grant(world))
    world.vendors["salesforce"].revoke_tokens()
    for _ in range(3):
        with pytest.raises(Disconnected, match="invalid_grant"):
            salesforce_client(world, keeper=keeper).limits()
    assert token_calls(world) == 1
    with pytest.raises(Disconnected, match="nobody has connected"):
        salesforce_client(world, keeper=InMemory()).limits()


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"app_active": False}, "invalid_client_id"),
        ({"login_ip_allowed": False}, "ip restricted"),
    ],
)
def test_a_wrong_app_or_address_is_set_up_not_a_disconnect(world: World, settings: Any, error: str) -> None:
    configure(world, **settings)
    with pytest.raises(ConfigurationError, match=error):
        salesforce_client(world).limits()


@pytest.mark.parametrize("app", [{"client_credentials": True}, {"private_key": "pem", "username": "name"}])
def test_sign_in_without_a_person(world: World, app: dict[str, Any]) -> None:
    given = world.vendors["salesforce"].credentials()
    if "private_key" in app:
        app = {"private_key": given["private_key"].replace("\n", "\\n"), "username": given["username"]}
    client = salesforce_client(world, keeper=InMemory(), **app)
    assert client.authenticate() == given["organization_id"]


def test_a_session_that_is_refused_twice_is_dead(world: World) -> None:
    fault(world, "refuse", status=401, body=[{"errorCode": "INVALID_SESSION_ID", "message": "expired"}], count=2)
    with pytest.raises(Disconnected, match="INVALID_SESSION_ID"):
        salesforce_client(world).limits()


def test_a_locked_row_is_tried_again_and_then_put_back(world: World) -> None:
    client = salesforce_client(world)
    fault(world, "error", code="UNABLE_TO_LOCK_ROW", count=3)
    assert client.create("Lead", {"LastName": "山田", "Company": "例"}).startswith("00Q")
    fault(world, "error", code="UNABLE_TO_LOCK_ROW", count=9)
    with pytest.raises(Retriable, match="UNABLE_TO_LOCK_ROW"):
        client.create("Lead", {"LastName": "山田", "Company": "例"})


@pytest.mark.parametrize("action", ["drop_after", "cut", "refuse"])
def test_a_write_without_an_answer_is_unknown_and_a_read_is_tried_again(world: World, action: str) -> None:
    client = salesforce_client(world)
    client.limits()
    fault(world, action, status=500, keep_bytes=4)
    with pytest.raises(OutcomeUnknown):
        client.create("Lead", {"LastName": "山田", "Company": "例"})
    assert len(Org(world).rows("Lead")) == (0 if action == "refuse" else 1)
    if action == "refuse":
        fault(world, "refuse", status=502)
        assert list(client.query(select(("Id",), "Lead"))) == []


def test_the_orgs_day_that_is_over_closes_the_purse_for_a_while(world: World) -> None:
    client = salesforce_client(world)
    client.limits()
    configure(world, daily_quota=1)
    with pytest.raises(QuotaExhausted) as over:
        client.limits()
    assert over.value.resets_at > world.clock.now()


def test_the_vendors_count_is_read_with_and_without_that_of_the_app(world: World) -> None:
    for per_app in (False, True):
        configure(world, per_app_usage=per_app)
        client = salesforce_client(world)
        client.limits()
        assert client.usage is not None and client.usage.limit == 100_000 and client.usage.used > 0


def test_pages_until_the_end_and_a_dead_locator(world: World) -> None:
    org = Org(world)
    made = [org.lead(f"p{number}@example.jp") for number in range(7)]
    configure(world, page_cap=3)
    client = salesforce_client(world)
    assert sorted(row["Id"] for row in client.query(select(("Id",), "Lead"))) == sorted(made)
    pages = client.pages(select(("Id", "Owner.Email"), "Lead"))
    first = next(pages)
    assert "attributes" not in first[0] and "attributes" not in (first[0]["Owner"] or {})
    fault(world, "error", code="INVALID_QUERY_LOCATOR")
    with pytest.raises(CursorExpired):
        next(pages)


def test_an_error_says_what_is_wrong_with_a_query_and_shows_no_part_of_it(world: World) -> None:
    configure(world, hidden_objects=["Lead"])
    query = select(("Id", "Email"), "Lead", "WHERE Email IN {}", ["yamada.taro.of.the.tokyo.sales.office@example.jp"])
    with pytest.raises(ConfigurationError, match="sObject type 'Lead' is not supported") as told:
        list(salesforce_client(world).query(query))
    assert "yamada" not in str(told.value)


def test_collections_tell_each_record_on_its_own(world: World) -> None:
    client = salesforce_client(world)
    saved = client.create_all("Lead", [{"LastName": "山田", "Company": "例"}, {"LastName": "佐藤"}])
    assert [one.success for one in saved] == [True, False]
    assert saved[1].trouble is not None and saved[1].trouble.code == "REQUIRED_FIELD_MISSING"
    assert client.get("Lead", saved[0].id or "", ("LastName",)) == {"LastName": "山田"}
    assert client.delete_all([saved[0].id or ""])[0].success
    assert client.get("Lead", saved[0].id or "", ("LastName",)) is None


def test_bulk_query_and_ingest(world: World) -> None:
    client = salesforce_client(world)
    company = "例, \"株式会社\"\n二行"
    rows = [{"LastName": f"氏名{number}", "Company": company} for number in range(5)] + [{"LastName": "x"}]
    job = client.bulk.start_ingest("Lead", "insert", rows, ("LastName", "Company"))
    assert client.bulk.wait(job, "ingest").failed == 1
    assert len(client.bulk.ingested(job, "successfulResults")) == 5
    assert "REQUIRED_FIELD_MISSING" in client.bulk.ingested(job, "failedResults")[0]["sf__Error"]
    query = select(("LastName", "Company"), "Lead")
    job = client.bulk.start_query(query)
    client.bulk.wait(job, "query")
    found, locator = [], None
    while True:
        part = client.bulk.results(job, locator, rows=2)
        found += part.rows
        locator = part.locator
        if locator is None:
            break
    assert sorted(row["LastName"] for row in found) == [f"氏名{number}" for number in range(5)]
    assert found[0]["Company"] == company
    with pytest.raises(CursorExpired):
        client.bulk.results("750000000000000AAA", None)


def test_what_was_deleted_since(world: World) -> None:
    org, client = Org(world), salesforce_client(world)
    lead = org.lead("a@example.jp")
    world.clock.advance(120)
    org.delete("Lead", lead)
    world.clock.advance(120)
    told = client.deleted("Lead", NOW, world.clock.now())
    assert told.ids == (lead,)


@pytest.mark.parametrize("name", ["Email FROM User", "Id; DELETE", "", "A.B.C.D.E.F.G", "Émail", "Name)", "count()"])
def test_only_api_names_get_into_a_query(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no API name"):
        path(name)
    with pytest.raises(ConfigurationError, match="no API name"):
        select((name,), "Lead")


@given(st.text(max_size=40))
def test_a_value_stays_inside_its_quotes(text: str) -> None:
    bound = bind("Email = {}", text)
    assert bound.startswith("Email = '") and bound.endswith("'")
    inside = bound[len("Email = '") : -1]
    at = 0
    while at < len(inside):
        assert inside[at] != "'", bound
        at += 2 if inside[at] == "\\" else 1
    assert at == len(inside), "the last quote is not escaped"
    with pytest.raises(ValueError, match="literals"):
        bind("Email = {:literal}", text)


@given(st.lists(st.text(min_size=1, max_size=60), max_size=300))
def test_portions_hold_everything_and_fit_into_an_address(values: list[str]) -> None:
    portions = list(by_length(values))
    assert [value for portion in portions for value in portion] == values
    for portion in portions:
        assert len(portion) <= 200
        assert len(portion) == 1 or len(bind("{}", portion).encode()) <= 16_000


def test_a_grant_shows_nothing_of_itself() -> None:
    assert "secret" not in repr(Grant({"access_token": "secret"}))
