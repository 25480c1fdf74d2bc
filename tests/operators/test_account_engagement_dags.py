"""The Account Engagement DAGs by Airflow's task runner, against the sandbox over TCP and a real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from renkei.notifiers import channels
from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.operators.world import ROOT
from tests.support.sandbox import SandboxServer

Connections = dict[str, dict[str, Any]]
SETTINGS = "salesforce_account_engagement.yaml"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    return tmp_path / SETTINGS


@pytest.fixture
def two_months_only(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of ON24's settings: ours, as they are delivered but for the demo's own ways."""
    change(settings, ROOT / "include/integrations" / SETTINGS)
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(settings.parent))


def change(settings: Path, source: Path | None = None, **changed: Any) -> None:
    given = yaml.safe_load((source or settings).read_text())
    settings.write_text(yaml.safe_dump(given | changed))


@pytest.fixture
def crm(demo: SandboxServer, connections: Connections) -> Connections:
    """With the connections of org and business unit; the sign-in is by key pair."""
    given = demo.call("GET", "/credentials")
    salesforce, unit = given["salesforce"], given["account_engagement"]
    app = {"consumer_key": salesforce["client_id"], "login_url": salesforce["login_url"],
           "private_key": salesforce["private_key"]}  # fmt: skip
    own = {"business_unit_id": unit["business_unit_id"], "salesforce_conn_id": "salesforce_default"}
    return connections | {
        "salesforce_default": {
            "conn_type": "salesforce_oauth", "login": salesforce["username"], "extra": json.dumps(app),
        },
        "account_engagement_default": {
            "conn_type": "account_engagement", "host": unit["base_url"], "extra": json.dumps(own),
        },
    }  # fmt: skip


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Subjects of the notices sent."""
    sent: list[str] = []
    monkeypatch.setattr(channels.Mail, "send", lambda self, subject, body: sent.append(subject))
    return sent


class Desk:
    """Runs tasks, and looks into both systems and our tables."""

    def __init__(self, bag: DagBag, demo: SandboxServer, crm: Connections, store_url: str) -> None:
        self.bag, self.demo, self.crm, self.store_url = bag, demo, crm, store_url
        self.number = 0

    def run(self, dag_id: str, task_id: str, **conf: Any) -> Any:
        """One task, some seconds later; what it handed on."""
        self.demo.call("POST", "/clock", {"advance_seconds": 5})
        if task_id == "sync":
            conf = {"dry_run": False} | conf  # a run's params stay in the DAG it ran
        result, api = self.tried(dag_id, task_id, **conf)
        assert result.state == "success", result.error
        return api.xcom.get((task_id, -1, "return_value"))

    def tried(self, dag_id: str, task_id: str, **conf: Any) -> tuple[Any, FakeExecutionApi]:
        self.number += 1
        api = FakeExecutionApi(run_type="manual", run_id=f"manual__{self.number}", conf=conf, connections=self.crm)
        return run_task(self.bag.dags[dag_id].get_task(task_id), api), api

    def steps(self, dag_id: str, prefix: str = "", **conf: Any) -> dict[str, Any]:
        """open to settle of one run; what settle handed on."""
        self.number += 1
        api = FakeExecutionApi(run_type="manual", run_id=f"manual__{self.number}", conf=conf, connections=self.crm)
        for step in ("open", "extract", "plan", "push", "settle"):
            result = run_task(self.bag.dags[dag_id].get_task(prefix + step), api)
            assert result.state == "success", (step, result.error)
        handed_on: dict[str, Any] = api.xcom[prefix + "settle", -1, "return_value"]
        return handed_on

    def prospects(self) -> dict[str, dict[str, Any]]:
        return {str(row["id"]): row for row in self.demo.records("account_engagement", "prospects")}

    def rows(self, statement: str) -> list[Any]:
        with psycopg.connect(self.store_url) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]


@pytest.fixture
def desk(bag: DagBag, demo: SandboxServer, crm: Connections, store_url: str) -> Desk:
    return Desk(bag, demo, crm, store_url)


@pytest.mark.req("A6", "A7", "A8", "A9", "A10", "A11")
def test_from_paused_to_unpaused(desk: Desk, mails: list[str]) -> None:
    before = desk.prospects()
    assert desk.run("account_engagement_sync", "sync") == {"paused": True}
    assert desk.prospects() == before, "a new installation is paused"

    [campaign] = desk.demo.call("POST", "/account_engagement/campaigns", [{"name": "オンライン商談"}])
    metadata = desk.run("account_engagement_metadata", "metadata")
    assert metadata["users"] >= 5 and metadata["connected"] == 1, "users and campaigns go on"
    connected = {row["id"]: row["salesforceId"] for row in desk.demo.records("account_engagement", "campaigns")}
    assert connected[campaign["id"]] == "701000000000001AAA"
    owners = desk.rows("select count(*) from renkei.source_record where feed = 'account_engagement.user' "
                       "and payload ->> 'owner' is not null")  # fmt: skip
    assert owners[0][0] >= 3

    unlinked = next(row for row in before.values() if not row["salesforceId"] and row["phone"])
    by_hand = desk.steps("account_engagement_manual_sync", ids=str(unlinked["id"]))
    assert by_hand["state"] == "succeeded"
    after = desk.prospects()
    assert after[str(unlinked["id"])]["salesforceId"], "named by hand, it goes even while paused"
    assert sum(bool(row["salesforceId"]) for row in after.values()) == 1 + sum(
        bool(row["salesforceId"]) for row in before.values()
    )

    rehearsed = desk.run("account_engagement_sync", "sync", dry_run=True)
    assert rehearsed["totals"]["updated"] > 0 and desk.prospects() == after, "tried dry before anybody decides"

    told = desk.run("account_engagement_unpause", "preflight")
    assert "Unpause the sync of prospects?" in told and "calls a day" in told
    assert desk.run("account_engagement_unpause", "apply")["queued"] > 0
    summary = desk.run("account_engagement_sync", "sync")
    assert summary["state"] == "succeeded" and summary["totals"]["updated"] > 0
    again = desk.run("account_engagement_sync", "sync")
    for _ in range(3):
        again = desk.run("account_engagement_sync", "sync")
    assert (again["totals"]["created"], again["totals"]["updated"]) == (0, 0)


@pytest.mark.req("A10")
def test_ids_in_their_short_form_or_in_full_width_name_the_record_while_paused(desk: Desk) -> None:
    lead = {"LastName": "山田", "Company": "例", "Email": "short@example.jp"}
    wide = {"LastName": "山田", "Company": "例", "Email": "wide@example.jp"}
    made = desk.demo.call("POST", "/salesforce/Lead", [lead, wide])
    [prospect] = desk.demo.call("POST", "/account_engagement/prospects", [{"email": "wide@example.jp"}])
    in_full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in str(prospect["id"]))
    ids = f" {made[0]['Id'][:15]}、{in_full_width}　"
    assert desk.steps("account_engagement_manual_sync", ids=ids)["state"] == "succeeded"
    linked = {row["email"]: row["salesforceId"] for row in desk.prospects().values()}
    assert (linked["short@example.jp"], linked["wide@example.jp"]) == (made[0]["Id"], made[1]["Id"])


@pytest.mark.req("A11", "A28")
def test_what_is_not_ready_is_not_unpaused(desk: Desk, settings: Path) -> None:
    change(settings, watcher=None)
    result, _ = desk.tried("account_engagement_unpause", "preflight")
    assert result.state == "failed" and "Nobody is named who watches the queue" in str(result.error)
    connector = yaml.safe_load(settings.read_text())["connector"] | {"reviewed": []}
    change(settings, connector=connector, watcher={"name": "CRM", "mail_to": "crm@example.jp"})
    result, _ = desk.tried("account_engagement_unpause", "preflight")
    assert result.state == "failed" and "Not reviewed before unpausing" in str(result.error)


@pytest.mark.req("A22", "A28")
def test_errors_in_the_queue_are_listed_and_told_the_watcher_once(desk: Desk, mails: list[str]) -> None:
    desk.run("account_engagement_unpause", "apply")
    rule = {"object": "Lead", "error_when": "Phone = '000'", "message": "not this number", "active": True}
    desk.demo.call("POST", "/salesforce/validation_rules", [rule])
    desk.run("account_engagement_sync", "sync")
    linked = next(row for row in desk.prospects().values() if str(row["salesforceId"]).startswith("00Q"))
    desk.demo.call("PATCH", f"/account_engagement/prospects/{linked['id']}", {"phone": "000"})
    desk.run("account_engagement_sync", "sync")
    desk.run("account_engagement_sync", "sync")
    errors = desk.rows("select object, key, code, reason from renkei.sync_queue where status = 'error'")
    assert [(row[0], row[1]) for row in errors] == [("Lead", linked["salesforceId"])]
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in errors[0][3]
    depth = desk.rows("select number, reason, oldest_age > interval '0' from renkei.sync_queue_depth "
                      "where status = 'error'")  # fmt: skip
    assert depth[0][0] == 1 and depth[0][2]
    assert [one for one in mails if "queue errors" in one] == [
        "Renkei: salesforce_account_engagement, queue errors needs a look"
    ]
    desk.demo.call("PATCH", f"/account_engagement/prospects/{linked['id']}", {"phone": "03-1111-2222"})
    desk.run("account_engagement_sync", "sync")
    assert [one for one in mails if "queue errors" in one][1:] == [
        "Renkei: salesforce_account_engagement, queue errors fine again"
    ]


@pytest.mark.req("A22", "A28")
def test_the_audit_tells_its_watcher_each_change_of_state_once(
    desk: Desk, settings: Path, mails: list[str]
) -> None:
    connector = yaml.safe_load(settings.read_text())["connector"] | {"native": "running"}
    change(settings, mode="audit", connector=connector)
    assert desk.run("account_engagement_sync", "sync") == {"mode": "audit"}

    def night() -> dict[str, int]:
        desk.steps("account_engagement_audit", "read.")
        found: dict[str, int] = desk.run("account_engagement_audit", "audit")
        return found

    first = night()
    assert first["drift"] > 0 and first["unmapped_user"] >= 0
    assert sum("audit drift needs a look" in one for one in mails) == 1
    night()
    assert sum("audit drift needs a look" in one for one in mails) == 1
    assert desk.rows("select count(*) from renkei.change") == [(0,)], "an audit writes nothing"
    assert desk.demo.call("GET", "/calls/writes?vendor=salesforce") == []
    assert desk.rows("select sum(number) from renkei.audit_day where kind = 'drift'") == [(first["drift"],)]
