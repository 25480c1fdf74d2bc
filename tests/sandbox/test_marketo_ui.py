"""Marketo's objects on the control plane: what a person in the UI does, with all that follows from it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from include.sandbox.transport import mount
from include.sandbox.world import World


@pytest.fixture
def world() -> World:
    return World(seed=7, now=datetime(2026, 11, 20, 3, 0, tzinfo=UTC))


@pytest.fixture
def ui(world):
    session = requests.Session()
    mount(world, session)
    return lambda method, path, body=None: session.request(method, f"http://control.sandbox/marketo/{path}", json=body)


def test_leads_are_created_changed_merged_and_deleted(ui) -> None:
    first, second = ui("POST", "leads", [{"email": "a@example.jp"}, {"email": "a@example.jp", "title": "部長"}]).json()
    assert (first["id"], second["id"]) == (1, 2)
    assert ui("PATCH", "leads/1", {"leadScore": 10, "company": "株式会社例"}).json()["company"] == "株式会社例"
    assert ui("PATCH", "leads/2", {"merge_into": 1}).json()["title"] == "部長"
    assert [lead["id"] for lead in ui("GET", "leads").json()] == [1]
    assert ui("DELETE", "leads/1").status_code == 200
    kinds = [activity["activityTypeId"] for activity in ui("GET", "activities").json()]
    assert kinds == [12, 12, 22, 13, 32, 37]


@pytest.mark.parametrize(("method", "path", "body", "status"), [
    ("POST", "leads", [{"nothing": 1}], 400), ("POST", "leads", [{"email": "山田@example.jp"}], 400),
    ("POST", "leads", [{"numberOfEmployees": "many"}], 400), ("POST", "leads", "x", 400),
    ("PATCH", "leads/9", {"title": "x"}, 404), ("DELETE", "leads/x", None, 404), ("PATCH", "leads", {}, 405),
    ("GET", "leads/1", None, 405), ("GET", "nothing", None, 404), ("POST", "activities", [{"leadId": 1}], 400),
    ("POST", "programs", [{"id": 7}], 400), ("POST", "lead_fields", [{"name": "x", "dataType": "blob"}], 400),
    ("POST", "members", [{"programId": 7, "leadId": 1, "statusName": "x"}], 404),
    ("POST", "activity_types", [{"name": "x"}], 400), ("POST", "companies", [{"nothing": 1}], 400),
])
def test_refusals_change_nothing(ui, method, path, body, status) -> None:
    answer = ui(method, path, body)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert ui("GET", "leads").json() == []


def test_companies_programs_and_members(ui) -> None:
    ui("POST", "leads", [{"email": "a@example.jp", "externalCompanyId": "c1", "company": "A"}])
    company = ui("POST", "companies", [{"externalCompanyId": "c1", "company": "A"}]).json()[0]
    ui("PATCH", f"companies/{company['id']}", {"company": "B"})
    assert ui("GET", "leads").json()[0]["company"] == "B"
    program = ui("POST", "programs", [{"name": "ウェビナー"}]).json()[0]
    member = ui("POST", "members", [{"programId": program["id"], "leadId": 1, "statusName": "Registered"}]).json()[0]
    assert ui("PATCH", f"members/{member['id']}", {"statusName": "Attended"}).json()["reachedSuccess"] is True
    assert ui("DELETE", f"members/{member['id']}").status_code == 200
    assert ui("GET", "members").json() == []


def test_one_seed_makes_one_world() -> None:
    def look(seed: int) -> dict[str, str]:
        return World(seed=seed).vendors["marketo"].credentials()

    assert look(3) == look(3)
    assert look(3) != look(4)
