"""The vendor's connector as its screens show it: made and paused, by hand, its queue, its errors, its status."""

from __future__ import annotations

import pytest

from include.sandbox.errors import ControlError
from include.sandbox.world import World
from tests.sandbox.crm import Crm


@pytest.fixture
def crm(world: World) -> Crm:
    return Crm(world).with_connector()


@pytest.mark.req("A1", "A6")
def test_a_connector_is_made_paused_and_only_once(world: World) -> None:
    store = world.vendors["account_engagement"].objects["connectors"]
    assert store.create([{}])[0]["state"] == "paused"
    with pytest.raises(ControlError, match="one Salesforce connector"):
        store.create([{}])


@pytest.mark.req("A7", "A8")
def test_paused_users_and_campaigns_go_on_and_people_wait(crm: Crm) -> None:
    user, known = crm.staff()
    crm.engagement.objects["connectors"].update("1", {"state": "paused"})
    lead = crm.make("Lead", Email="a@example.jp")
    crm.make("Campaign", Name="展示会")
    crm.edit("User", user, Title="課長")
    crm.tick(2)
    assert crm.prospects() == []
    assert "展示会" in [row["name"] for row in crm.engagement.objects["campaigns"].list()]
    assert crm.engagement.objects["users"].find(known)["jobTitle"] == "課長"
    crm.engagement.objects["connectors"].update("1", {"state": "on"})
    crm.tick()
    assert [row["salesforceId"] for row in crm.prospects()] == [lead["Id"]]


@pytest.mark.req("A9", "A10")
def test_by_hand_records_sync_while_paused(crm: Crm) -> None:
    crm.engagement.objects["connectors"].update("1", {"state": "paused"})
    lead, other = crm.make("Lead", Email="a@example.jp"), crm.make("Lead", Email="b@example.jp")
    prospect = crm.prospect(email="a@example.jp")
    manual = crm.engagement.objects["manual_syncs"]
    assert manual.create([{"prospect_id": prospect["id"]}])[0]["error"] is None
    assert crm.see_prospect(prospect["id"])["salesforceId"] == lead["Id"]
    manual.create([{"salesforce_id": other["Id"]}])
    assert [row["salesforceId"] for row in crm.prospects(email="b@example.jp")] == [other["Id"]]


def test_a_field_that_the_connector_user_does_not_see_is_passed_over(crm: Crm) -> None:
    crm.engagement.configure({"connector_hidden_fields": ["Lead.Title"]})
    crm.make("Lead", Email="a@example.jp", Title="部長", Phone="1")
    crm.tick()
    (prospect,) = crm.prospects()
    assert (prospect["jobTitle"], prospect["phone"]) == (None, "1")


def test_what_salesforce_refuses_stands_among_the_errors_until_it_goes_through(crm: Crm) -> None:
    rule = {"object": "Lead", "error_when": "Phone = null", "message": "電話番号が必要です"}
    crm.salesforce.objects["validation_rules"].create([rule])
    prospect = crm.prospect(email="a@example.jp", userId=1)
    crm.tick()
    (error,) = crm.engagement.objects["sync_errors"].list()
    assert (error["record_id"], error["code"]) == (prospect["id"], "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    crm.edit_prospect(prospect["id"], phone="03-1")
    crm.tick()
    assert crm.engagement.objects["sync_errors"].list() == []


def test_a_long_queue_is_worked_off_in_batches(crm: Crm) -> None:
    crm.engagement.configure({"connector_batch": 3})
    for number in range(5):
        crm.make("Lead", Email=f"{number}@example.jp")
    crm.tick()
    assert (len(crm.prospects()), len(crm.engagement.objects["sync_queue"].list())) == (3, 2)
    crm.tick(2)
    assert len(crm.prospects()) == 5


def test_its_status_can_be_read_and_changed(crm: Crm) -> None:
    def call(method: str, path: str = "") -> tuple[int, object]:
        answer = crm.ae(method, "/../salesforce-connector" + path)
        return answer.status_code, answer.json() if answer.content else None

    assert call("GET")[1] == {"version": 2, "isVerified": True, "isPaused": False}
    assert call("POST", "/do/pause")[0] == 204
    assert call("POST", "/do/pause")[1]["code"] == 235
    crm.engagement.configure({"connector": "off"})
    assert call("GET")[1]["code"] == 233
