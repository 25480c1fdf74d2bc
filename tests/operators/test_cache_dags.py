"""The caches' DAGs by Airflow's task runner, against the sandbox over TCP and a real store."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from renkei.store import api_keys
from renkei.store.db import connect
from tests.notifiers.sinks import webhook_sink
from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.operators.world import ROOT
from tests.support.sandbox import SandboxServer

Connections = dict[str, dict[str, Any]]
STEPS = ("open", "extract", "settle")


@pytest.fixture
def two_months_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of ON24's settings: immedio's, as they are delivered."""
    shutil.copy(ROOT / "include/integrations/immedio_salesforce.yaml", tmp_path)
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))


@pytest.fixture
def crm(demo: SandboxServer, connections: Connections) -> Connections:
    """With the connections of org and business unit."""
    given = demo.call("GET", "/credentials")
    salesforce, unit = given["salesforce"], given["account_engagement"]
    app = {"consumer_key": salesforce["client_id"], "consumer_secret": salesforce["client_secret"],
           "login_url": salesforce["login_url"], "client_credentials": True}  # fmt: skip
    own = {"business_unit_id": unit["business_unit_id"], "salesforce_conn_id": "salesforce_default"}
    return connections | {
        "salesforce_default": {"conn_type": "salesforce_oauth", "extra": json.dumps(app)},
        "account_engagement_default": {
            "conn_type": "account_engagement", "host": unit["base_url"], "extra": json.dumps(own),
        },
    }  # fmt: skip


def run(bag: DagBag, dag_id: str, crm: Connections, number: int, run_type: str = "scheduled") -> dict[str, Any]:
    """A whole run; what settle handed on."""
    api = FakeExecutionApi(run_type=run_type, run_id=f"{run_type}__{number}", connections=crm)
    for step in STEPS:
        result = run_task(bag.dags[dag_id].get_task(step), api)
        assert result.state == "success", (step, result.error)
    handed_on: dict[str, Any] = api.xcom["settle", -1, "return_value"]
    return handed_on


def refused(bag: DagBag, dag_id: str, crm: Connections) -> str:
    api = FakeExecutionApi(run_type="manual", run_id="manual__again", connections=crm, retries=3)
    result = run_task(bag.dags[dag_id].get_task("open"), api)
    assert result.state == "failed"  # at once, whatever retries there are
    return str(result.error)


@pytest.mark.req("R36", "R37")
def test_lists_are_cached_every_night_and_by_hand_once_in_two_hours(
    bag: DagBag, demo: SandboxServer, crm: Connections, store_url: str
) -> None:
    schedule = bag.dags["immedio_list_cache"].schedule
    assert (schedule.expression, str(schedule.timezone)) == ("0 2 * * *", "Asia/Tokyo")  # type: ignore[union-attr]
    nightly = run(bag, "immedio_list_cache", crm, 1)
    assert nightly["state"] == "succeeded" and nightly["totals"]["created"] > 0
    by_hand = run(bag, "immedio_list_cache", crm, 2, "manual")
    assert by_hand["totals"]["unchanged"] == nightly["totals"]["created"]
    assert "next at" in refused(bag, "immedio_list_cache", crm)
    with psycopg.connect(store_url) as connection:
        held = connection.execute("select count(*) from renkei.list_member").fetchone()
    assert held == (nightly["totals"]["created"],)


@pytest.mark.req("R46", "R47", "R49")
def test_fields_are_synced_every_night_and_only_read(bag: DagBag, demo: SandboxServer, crm: Connections) -> None:
    schedule = bag.dags["immedio_field_sync"].schedule
    assert (schedule.expression, str(schedule.timezone)) == ("0 2 * * *", "Asia/Tokyo")  # type: ignore[union-attr]
    nightly = run(bag, "immedio_field_sync", crm, 1)
    assert set(nightly["counts"]) == {"salesforce.Lead", "salesforce.Contact", "salesforce.Account"}
    assert nightly["totals"]["created"] > 30 and nightly["totals"]["failed"] == 0
    assert "next at" in refused(bag, "immedio_field_sync", crm)
    assert demo.call("GET", "/calls/writes?vendor=salesforce") == []


@pytest.mark.req("R48")
def test_a_sync_with_several_troubles_is_one_message_in_the_channel(
    bag: DagBag, crm: Connections, two_months_only: None, tmp_path: Path
) -> None:
    file = tmp_path / "immedio_salesforce.yaml"
    asked = yaml.safe_load(file.read_text())
    asked["fields"] |= {"lead": ["Nope__c", "Nix__c", "Company"], "account": ["Nix__c", "Name"]}
    asked["notices"] = {"mode": "failures", "slack_conn_id": "channel"}
    file.write_text(yaml.safe_dump(asked))
    with webhook_sink() as channel:
        way = {"conn_type": "http", "host": f"http://127.0.0.1:{channel.port}", "password": "/services/x"}
        api = FakeExecutionApi(run_type="scheduled", connections=crm | {"channel": way})
        states = [run_task(bag.dags["immedio_field_sync"].get_task(step), api).state for step in STEPS]
    assert states[-1] == "failed"
    [(path, message)] = channel.got
    assert path == "/services/x" and all(name in message["text"] for name in ("Lead.Nope__c", "Account.Nix__c"))


@pytest.mark.req("R45")
def test_the_sync_test_names_each_bad_path_in_one_line(
    bag: DagBag, crm: Connections, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (task,) = bag.dags["immedio_field_test"].tasks
    asked = {"fields": "Lead.Nope__c, Contact.Account.Name"}
    api = FakeExecutionApi(conf=asked, connections=crm, retries=3)
    result = run_task(task, api)
    assert result.state == "failed"
    assert str(result.error).startswith("Lead.Nope__c: no such field") and "(not saved" in str(result.error)
    assert "Contact.Account.Name: found" in capsys.readouterr().out
    with psycopg.connect(store_url) as connection:
        assert connection.execute("select count(*) from renkei.crm_record").fetchone() == (0,)


@pytest.mark.req("R53")
def test_the_check_asks_for_a_key_of_the_tag(
    bag: DagBag, crm: Connections, store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (task,) = bag.dags["renkei_check"].tasks
    assert run_task(task, FakeExecutionApi(connections=crm)).state == "success"
    assert "No API key was issued for the tag" in capsys.readouterr().out
    store = connect(store_url)
    key = api_keys.issue(store, "www.example.jp", "tag")
    store.dispose()
    assert run_task(task, FakeExecutionApi(connections=crm, run_id="manual__2")).state == "success"
    said = capsys.readouterr().out
    assert "No API key" not in said and key not in said
