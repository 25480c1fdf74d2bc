"""The Senses DAGs and renkei_approve by Airflow's task runner, against the sandbox and a real store."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.support.mazrica import deal_fields
from tests.support.sandbox import SandboxServer

Connections = dict[str, dict[str, Any]]
STEPS = ("open", "extract", "plan", "push", "settle")
DEALS = 25


@pytest.fixture
def pair(sandbox_server: SandboxServer, connections: Connections, monkeypatch: pytest.MonkeyPatch) -> Connections:
    """Nothing but the phase field, an account and a user; connections to both vendors."""
    monkeypatch.delenv("RENKEI_SETTINGS_DIR")
    sandbox_server.call("POST", "/reset")
    sandbox_server.call("POST", "/marketo/lead_fields", [{"name": "senses_phase", "dataType": "text"}])
    sandbox_server.call("POST", "/mazrica/users", [{"name": "営業", "email": "sales@example.jp"}])
    sandbox_server.call("POST", "/mazrica/customers", [{"name": "株式会社テスト"}])
    given = sandbox_server.call("GET", "/credentials")["mazrica"]
    mazrica = {"conn_type": "mazrica", "host": given["base_url"], "login": "test", "password": given["api_key"]}
    return connections | {"mazrica_default": mazrica}


def sync(bag: DagBag, connections: Connections, number: int) -> dict[str, Any]:
    """Contacts and phases; what each handed on."""
    handed_on = {}
    for task_id in ("contacts", "deal_phase"):
        api = FakeExecutionApi(run_type="scheduled", run_id=f"scheduled__{number}", connections=connections)
        result = run_task(bag.dags["senses_to_marketo"].get_task(task_id), api)
        assert result.state == "success", (task_id, result.error)
        handed_on[task_id] = api.xcom[task_id, -1, "return_value"]
    return handed_on


def reconcile(bag: DagBag, connections: Connections) -> dict[str, Any]:
    """The nightly run of the deals; what its settle handed on."""
    api = FakeExecutionApi(run_type="scheduled", run_id="scheduled__night", connections=connections)
    for step in STEPS:
        result = run_task(bag.dags["senses_reconcile"].get_task(f"deals.{step}"), api)
        assert result.state == "success", (step, result.error)
    found: dict[str, Any] = api.xcom["deals.settle", -1, "return_value"]
    return found


def approve(bag: DagBag, connections: Connections, run: int, answer: str, who: str | None) -> FakeExecutionApi:
    """renkei_approve with an answer in the place of a person's."""
    api = FakeExecutionApi(conf={"run": run}, run_id=f"manual__{answer}{who}", connections=connections)
    dag = bag.dags["renkei_approve"]
    shown = run_task(dag.get_task("show"), api)
    assert shown.state == "success", shown.error
    user = {"id": "1", "name": who} if who else None
    api.xcom["approval", -1, "return_value"] = {
        "chosen_options": [answer], "params_input": {}, "responded_at": datetime.now(UTC).isoformat(),
        "responded_by_user": user,
    }  # fmt: skip
    done = run_task(dag.get_task("apply"), api)
    assert done.state == "success", done.error
    return api


def phase(server: SandboxServer) -> Any:
    [lead] = server.records("marketo", "leads")
    return lead.get("senses_phase")


@pytest.mark.req("S20")
def test_many_deals_gone_are_set_aside_until_a_person_has_looked(
    bag: DagBag, sandbox_server: SandboxServer, pair: Connections
) -> None:
    server = sandbox_server
    sync(bag, pair, 1)
    server.call("POST", "/clock", {"advance_seconds": 60})
    [contact] = server.call("POST", "/mazrica/contacts", [{"name": "山田", "email": "taro@example.jp"}])
    deals = server.call("POST", "/mazrica/deals", [deal_fields(1) for _ in range(DEALS)])
    links = {"pattern": {"id": 1}, "actionContacts": [{"contactId": contact["id"]}]}
    server.call("POST", "/mazrica/actions", [{**links, "deal": {"id": deal["id"]}} for deal in deals])
    server.call("POST", "/clock", {"advance_seconds": 600})
    second = sync(bag, pair, 2)
    assert second["contacts"]["totals"]["created"] == 1
    assert phase(server) == "アプローチ"

    for deal in deals:
        server.call("DELETE", f"/mazrica/deals/{deal['id']}")
    server.call("POST", "/clock", {"advance_seconds": 600})
    night = reconcile(bag, pair)
    assert night["note"] == f"1 changes are set aside for a person: run renkei_approve with run {night['run_id']}."
    assert phase(server) == "アプローチ"

    api = approve(bag, pair, night["run_id"], "Reject", who=None)
    assert api.xcom["apply", -1, "return_value"] == {"decided": 0}
    asked = api.xcom["show", -1, "return_value"]
    assert (asked["count"], asked["flow"]) == (1, "senses_deal_phase")
    assert "many_deals_gone" in asked["told"] and "taro" not in str(api.xcom)
    assert phase(server) == "アプローチ"

    approve(bag, pair, night["run_id"], "Reject", who="admin")
    assert phase(server) == "アプローチ"
    done = approve(bag, pair, night["run_id"], "Approve", who="admin").xcom["apply", -1, "return_value"]
    assert done["totals"]["updated"] == 1
    assert phase(server) is None

    api = FakeExecutionApi(conf={"run": night["run_id"]}, run_id="manual__last", connections=pair)
    nothing = run_task(bag.dags["renkei_approve"].get_task("show"), api)
    assert nothing.state == "failed"
    assert "there is nothing to do" in str(nothing.error)


def test_the_phase_is_not_pushed_where_the_settings_do_not_ask_for_it(
    bag: DagBag,
    sandbox_server: SandboxServer,
    pair: Connections,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = sandbox_server
    sync(bag, pair, 1)
    server.call("POST", "/clock", {"advance_seconds": 60})
    [contact] = server.call("POST", "/mazrica/contacts", [{"name": "山田", "email": "taro@example.jp"}])
    [deal] = server.call("POST", "/mazrica/deals", [deal_fields(1)])
    links = {"pattern": {"id": 1}, "actionContacts": [{"contactId": contact["id"]}]}
    server.call("POST", "/mazrica/actions", [{**links, "deal": {"id": deal["id"]}}])
    server.call("POST", "/clock", {"advance_seconds": 600})
    (tmp_path / "senses_marketo.yaml").write_text("phase: {enabled: false}\n")
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))
    second = sync(bag, pair, 2)
    assert second["contacts"]["totals"]["created"] == 1
    assert second["deal_phase"]["note"] == "phase.enabled is false in senses_marketo.yaml."
    api = FakeExecutionApi(run_type="scheduled", run_id="scheduled__night", connections=pair)
    run_task(bag.dags["senses_reconcile"].get_task("deals.open"), api)
    assert api.xcom["deals.open", -1, "return_value"] is None
    assert phase(server) is None


@pytest.mark.req("S31")
def test_the_check_names_what_is_missing_of_the_service_and_its_rights(
    bag: DagBag, sandbox_server: SandboxServer, pair: Connections, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(number: int, **marketo: str) -> str:
        given = pair | {"marketo_default": pair["marketo_default"] | marketo}
        api = FakeExecutionApi(conf={"integration": "senses_marketo"}, run_id=f"manual__{number}", connections=given)
        run_task(bag.dags["renkei_check"].get_task("check"), api)
        return capsys.readouterr().out

    inputs = {"host": "Identity URL", "login": "Client ID", "password": "Client secret"}
    for number, (field, name) in enumerate(inputs.items()):
        assert f"Connection marketo_default: {name} missing." in said(number, **{field: ""})
    dead = said(10, password="wrong")
    assert "Marketo" in dead and "client" in dead and "wrong" not in dead
    sandbox_server.call("PUT", "/settings", {"marketo": {"rights": ["Read-Write Person", "Read-Only Person"]}})
    assert "Read-Only Activity" in said(11)
