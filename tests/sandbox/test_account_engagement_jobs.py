"""Account Engagement's imports and exports."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.crm import Crm


def call(crm: Crm, method: str, path: str, **more: Any) -> requests.Response:
    return crm.ae(method, "/../" + path, **more)


def submit(crm: Crm, text: str, **asked: Any) -> int:
    """An import of one file, submitted; its id."""
    body = {"operation": "Upsert", "object": "Prospect", **asked}
    number = call(crm, "POST", "imports", json=body).json()["id"]
    added = call(crm, "POST", f"imports/{number}/batches", files={"file": ("p.csv", text.encode())})
    assert added.status_code == 204, added.text
    assert call(crm, "PATCH", f"imports/{number}", json={"status": "Ready"}).json()["status"] == "Waiting"
    return int(number)


def test_an_import_makes_and_changes_prospects_and_enters_lists(crm: Crm) -> None:
    crm.engagement.objects["lists"].create([{"name": "L"}])
    known = crm.prospect(email="a@example.jp", phone="1", city="東京")
    text = "matchEmail,phone,city,addToList\na@example.jp,,大阪,1\nb@example.jp,2,,\nno address,,,\n"
    number = submit(crm, text, fields={"phone": {"nullOverwrite": False}})
    fields = {"fields": "status,createdCount,updatedCount,errorCount,errorRef"}
    assert call(crm, "GET", f"imports/{number}", params=fields).json()["status"] == "Waiting"
    crm.world.clock.advance(60)
    done = call(crm, "GET", f"imports/{number}", params=fields).json()
    assert [done[name] for name in ("status", "createdCount", "updatedCount", "errorCount")] == ["Complete", 1, 1, 1]
    after = crm.see_prospect(known["id"])
    assert (after["phone"], after["city"]) == ("1", "大阪")
    assert "no address" in crm.session.get(
        done["errorRef"], headers={"Pardot-Business-Unit-Id": crm.engagement.business_unit}
    ).text  # fmt: skip
    assert [m["prospectId"] for m in crm.engagement.objects["list_memberships"].list()] == [known["id"]]


def test_blank_cells_erase_unless_told_otherwise(crm: Crm) -> None:
    known = crm.prospect(email="a@example.jp", phone="1")
    submit(crm, "matchEmail,phone\na@example.jp,\n")
    crm.world.clock.advance(60)
    assert crm.see_prospect(known["id"])["phone"] is None


def test_an_unknown_column_refuses_the_whole_file(crm: Crm) -> None:
    body = {"operation": "Upsert", "object": "Prospect"}
    number = call(crm, "POST", "imports", json=body).json()["id"]
    for text in ("matchEmail,nope\n", "matchEmail,matchId\n", "phone\n"):
        answer = call(crm, "POST", f"imports/{number}/batches", files={"file": ("p.csv", text.encode())})
        assert answer.json()["code"] == 226
    assert call(crm, "PATCH", f"imports/{number}", json={"status": "Ready"}).json()["code"] == 157


@pytest.mark.req("A3")
def test_imported_prospects_are_synced_by_the_connector(crm: Crm) -> None:
    crm.engagement.configure({"connector": "on"})
    lead = crm.make("Lead", Email="a@example.jp")
    crm.engagement.configure({"connector_creates_prospects": False})
    submit(crm, "matchEmail,phone\na@example.jp,5\n")
    crm.world.clock.advance(60)
    crm.tick()
    assert [row["salesforceId"] for row in crm.prospects()] == [lead["Id"]]
    assert crm.see("Lead", lead["Id"])["Phone"] == "5"


def test_an_export_comes_in_files(crm: Crm) -> None:
    crm.engagement.configure({"export_rows_a_file": 2})
    for number in range(3):
        crm.prospect(email=f"{number}@example.jp")
    procedure = {"name": "filter_by_updated_at", "arguments": {"updatedAfter": "2026-11-01T00:00:00Z"}}
    asked = {"object": "Prospect", "fields": ["id", "email", "campaign.name", "optedOut"], "procedure": procedure}
    crm.world.clock.advance(1)
    number = call(crm, "POST", "exports", json=asked).json()["id"]
    crm.world.clock.advance(60)
    done = call(crm, "GET", f"exports/{number}", params={"fields": "status,resultRefs"}).json()
    assert done["status"] == "Complete" and len(done["resultRefs"]) == 2
    header = {"Pardot-Business-Unit-Id": crm.engagement.business_unit}
    text = crm.session.get(done["resultRefs"][0], headers=header).text
    assert text == "id,email,campaign.name,optedOut\n1,0@example.jp,,false\n2,1@example.jp,,false\n"


def test_exports_that_are_refused(crm: Crm) -> None:
    procedure = {"name": "filter_by_updated_at", "arguments": {"updatedAfter": "2025-01-01T00:00:00Z"}}
    asked = {"object": "Prospect", "fields": ["id"], "procedure": procedure}
    wrong: list[tuple[dict[str, Any], int]] = [
        ({}, 175), ({"object": "Form"}, 51), ({"fields": []}, 13), ({"procedure": {"name": "x"}}, 174),
    ]  # fmt: skip
    for change, code in wrong:
        assert call(crm, "POST", "exports", json={**asked, **change}).json()["code"] == code
