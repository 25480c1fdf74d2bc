"""simple-salesforce, unmodified, against the sandbox over TCP: its https addresses lead to the sandbox's port."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceLogin, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from include.sandbox.serve import serve
from include.sandbox.world import World


class Rewrite(HTTPAdapter):
    """Sends what is meant for https://…salesforce.com to the sandbox."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        super().__init__()

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        url = urlsplit(request.url or "")
        request.url = urlunsplit((self._target.scheme, self._target.netloc, url.path, url.query, ""))
        return super().send(request, **more)


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    world = World(seed=7)
    servers = serve(world, 0)
    yield world
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def world(served: World) -> World:
    served.reset()
    served.vendors["salesforce"].configure({"bulk_seconds": 0, "page_cap": 250})
    return served


@pytest.fixture
def session(world: World) -> requests.Session:
    session = requests.Session()
    session.mount("https://", Rewrite(world.base_url("salesforce")))
    return session


@pytest.fixture
def client(world: World, session: requests.Session) -> Salesforce:
    """Logged in by JWT bearer, the library's own way."""
    given = world.vendors["salesforce"].credentials()
    return Salesforce(username=given["username"], consumer_key=given["client_id"], privatekey=given["private_key"],
                      domain="login", session=session)  # fmt: skip


def lead(number: int, **more: Any) -> dict[str, Any]:
    return {"LastName": f"山田{number}", "Company": "見本", "Email": f"lead{number}@example.jp", **more}


def test_logs_in_with_client_credentials(world: World, session: requests.Session) -> None:
    given = world.vendors["salesforce"].credentials()
    token, host = SalesforceLogin(session=session, domain="acme.my", consumer_key=given["client_id"],
                                  consumer_secret=given["client_secret"])  # fmt: skip
    client = Salesforce(session_id=token, instance=host, session=session)
    assert client.query("SELECT Username FROM User WHERE IsActive = true ORDER BY CreatedDate LIMIT 1")["done"]


def test_a_wrong_secret_is_refused(world: World, session: requests.Session) -> None:
    given = world.vendors["salesforce"].credentials()
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        SalesforceLogin(session=session, domain="acme.my", consumer_key=given["client_id"], consumer_secret="no")
    assert refused.value.code == "invalid_client"


def test_create_read_change_delete(client: Salesforce) -> None:
    made = client.Lead.create(lead(1))
    assert made["success"] and made["id"].startswith("00Q") and len(made["id"]) == 18
    assert client.Lead.get(made["id"])["Status"] == "Open - Not Contacted"
    assert client.Lead.update(made["id"], {"Title": "部長"}) == 204
    row = client.query(format_soql("SELECT Title, Owner.Username FROM Lead WHERE Email = {}", "LEAD1@example.jp"))
    assert row["records"][0]["Title"] == "部長"
    assert row["records"][0]["Owner"]["Username"] == "api.user@sandbox.example.com"
    assert client.Lead.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound) as gone:
        client.Lead.get(made["id"])
    assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_pages_of_a_query(client: Salesforce) -> None:
    for start in range(0, 600, 200):
        records = [{"attributes": {"type": "Lead"}, **lead(n)} for n in range(start, start + 200)]
        done = client.restful("composite/sobjects", method="POST", json={"records": records})
        assert all(one["success"] for one in done)
    found = list(client.query_all_iter("SELECT Id, Email FROM Lead ORDER BY Email"))
    assert len(found) == 600 and found[0]["Email"] == "lead0@example.jp"
    first = client.query("SELECT Id FROM Lead")
    assert (first["totalSize"], first["done"], len(first["records"])) == (600, False, 250)
    assert client.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"]


def test_upsert_by_external_id(world: World, client: Salesforce) -> None:
    world.vendors["salesforce"].objects["fields"].create(
        [{"object": "Lead", "name": "Ref__c", "length": 40, "external_id": True}]
    )
    assert client.Lead.upsert("Ref__c/見本-1", lead(1)) == 201
    assert client.Lead.upsert("Ref__c/見本-1", {"Title": "x"}) == 200
    assert client.Lead.get_by_custom_id("Ref__c", "見本-1")["Title"] == "x"
    client.Lead.create(lead(2, Ref__c="見本-1"))
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Lead.upsert("Ref__c/見本-1", {"Title": "y"})


def test_refusals_carry_their_code(client: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.query("SELECT Nothing FROM Lead")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceMalformedRequest) as missing:
        client.Lead.create({"FirstName": "花子"})
    assert missing.value.content[0]["fields"] == ["LastName", "Company"]


def test_describe_limits_updated_and_deleted(world: World, client: Salesforce) -> None:
    fields = {field["name"]: field for field in client.Task.describe()["fields"]}
    assert fields["WhoId"]["referenceTo"] == ["Contact", "Lead"] and fields["Status"]["defaultedOnCreate"]
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000
    assert client.api_usage["api-usage"].total == 100_000
    kept, gone = (client.Lead.create(lead(n))["id"] for n in (1, 2))
    client.Lead.delete(gone)
    world.clock.advance(3600)
    span = (datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=2))
    assert client.Lead.updated(*span)["ids"] == [kept]
    assert [line["id"] for line in client.Lead.deleted(*span)["deletedRecords"]] == [gone]


def test_bulk_2_query_and_ingest(client: Salesforce, tmp_path: Any) -> None:
    outcome = client.bulk2.Lead.insert(records=[lead(n) for n in range(5)] + [{**lead(9), "LastName": ""}], wait=0.05)
    assert [(one["numberRecordsProcessed"], one["numberRecordsFailed"]) for one in outcome] == [(6, 1)]
    failed = client.bulk2.Lead.get_failed_records(outcome[0]["job_id"])
    assert "REQUIRED_FIELD_MISSING" in failed
    soql = "SELECT Email, Owner.Username FROM Lead ORDER BY Email"
    pages = list(client.bulk2.Lead.query(soql, max_records=3, wait=0.05))
    assert [page.count("\n") for page in pages] == [4, 3]
    assert pages[0].startswith('"Email","Owner.Username"\n"lead0@example.jp","api.user@sandbox.example.com"')


def test_an_expired_session_is_told(world: World, session: requests.Session) -> None:
    vendor = world.vendors["salesforce"]
    given = vendor.credentials()
    answer = session.post("https://login.salesforce.com/services/oauth2/token", data={
        "grant_type": "refresh_token", "refresh_token": given["refresh_token"], "client_id": given["client_id"],
        "client_secret": given["client_secret"]}).json()  # fmt: skip
    client = Salesforce(session_id=answer["access_token"], instance_url="https://acme.my.salesforce.com",
                        session=session)  # fmt: skip
    assert client.query("SELECT Id FROM User")["totalSize"] == 2
    vendor.expire_tokens()
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM User")
