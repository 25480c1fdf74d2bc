"""The life of a connection through its DAG, the receiver's pages, and the runs that live on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import sqlalchemy as sa
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Connection
from cryptography.fernet import Fernet
from starlette.testclient import TestClient

from renkei.clients.salesforce_auth import Grant
from renkei.errors import ConfigurationError
from renkei.hooks.account_engagement import AccountEngagementHook
from renkei.hooks.kept_tokens import KeptTokens
from renkei.hooks.salesforce import SalesforceHook
from renkei.operators.connection import life_of
from renkei.store.clock import PostgresClock
from renkei.store.connection_life import BY_HAND
from renkei.store.db import connect, to_json
from renkei.store.tokens import Tokens
from renkei.web.app import create_app
from tests.operators.fake_execution import FakeExecutionApi, run_task
from tests.operators.world import bag
from tests.support.sandbox import SandboxServer

__all__ = ["bag"]
CALLBACK = "http://testserver/salesforce/callback"
GUEST = "guest@example.jp"


@dataclass
class Line:
    """An integration that is to be connected, with everything around it."""

    sandbox: SandboxServer
    bag: DagBag
    store: sa.Engine
    keys: str
    app: TestClient
    connections: dict[str, dict[str, Any]]
    settings_path: Any
    campaign: str
    runs: int = 0
    xcoms: list[Any] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    capsys: Any = None

    def set(self, **parts: Any) -> None:
        self.settings_path.write_text(yaml.safe_dump(yaml.safe_load(self.settings_path.read_text()) | parts))

    def task(self, dag_id: str, task_id: str, *, api: FakeExecutionApi | None = None, **conf: Any) -> Any:
        self.runs += 1
        api = api or FakeExecutionApi(
            conf=conf, connections=self.connections, run_id=f"manual__{self.runs}", retries=1
        )
        result = run_task(self.bag.dags[dag_id].get_task(task_id), api)
        self.logs.append("".join(self.capsys.readouterr()))
        self.xcoms.append([*api.xcom.values(), str(result.error)])
        return result, api

    def offer(self) -> tuple[str, FakeExecutionApi]:
        """The link that the log shows."""
        result, api = self.task("renkei_connection", "offer", do="connect", integration="immedio_salesforce")
        assert result.state == "success", result.error
        link = re.search(r"http://testserver/salesforce/connect/[\w-]{32}", self.logs[-1])
        assert link, self.logs[-1]
        return link[0], api

    def go(self, link: str) -> str:
        """Opens the link; where it leads."""
        answer = self.app.get(link, follow_redirects=False)
        assert answer.status_code == 302, (link, answer.text)
        return str(answer.headers["location"])

    def decide(self, authorize_url: str, decision: str = "approve") -> str:
        """Decides on Salesforce's page; where that leads."""
        assert requests.get(authorize_url, timeout=10).status_code == 200
        asked = dict(parse_qsl(urlsplit(authorize_url).query)) | {"decision": decision}
        there = authorize_url.partition("?")[0]
        answer = requests.post(there, data=asked, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def connect(self) -> None:
        link, api = self.offer()
        assert self.app.get(self.decide(self.go(link))).status_code == 200
        waited = self.task("renkei_connection", "wait", api=api)[0]
        assert waited.state == "success", waited.error

    def disconnect(self) -> Any:
        return self.task("renkei_connection", "disconnect", do="disconnect", integration="immedio_salesforce")[0]

    def arm(self, **conf: Any) -> Any:
        return self.task("renkei_connection", "arm", **{"do": "arm", "integration": "immedio_salesforce"} | conf)[0]

    def bookings(self) -> Any:
        return self.task("immedio_bookings", "run")[0]

    def check(self) -> Any:
        return self.task("renkei_check", "check", integration="immedio_salesforce")[0]

    def book(self, number: str) -> None:
        event = {
            "event_id": number, "event_type": "meeting.booked", "booking": {"id": number},
            "guest": {"email": GUEST}, "host": {}, "notification": {"subject": number},
        }  # fmt: skip
        columns = "renkei.inbox_event (source, sender_id, payload)"
        statement = f"insert into {columns} values ('immedio.booking', :id, :payload)"
        with self.store.begin() as connection:
            connection.execute(sa.text(statement), {"id": number, "payload": to_json(event)})

    def tokens(self) -> list[str]:
        with self.store.begin() as connection:
            return list(connection.execute(
                sa.text("select account from renkei.vendor_token where account like 'connection:%'")
            ).scalars())

    def held(self) -> Grant | None:
        return KeptTokens("salesforce_default", self.store, self.keys).read()

    def calls(self) -> int:
        return sum(row["calls"] for row in self.sandbox.call("GET", "/calls"))

    def subjects(self) -> list[str]:
        return [task["Subject"] for task in self.sandbox.records("salesforce", "Task")]

    def value(self, statement: str) -> Any:
        with self.store.begin() as connection:
            return connection.execute(sa.text(statement)).scalar_one_or_none()

    @property
    def connected(self) -> bool:
        told = self.value("select connected from renkei.integration_state where integration = 'immedio_salesforce'")
        return told is None or bool(told)


@pytest.fixture
def line(
    sandbox_server: SandboxServer, bag: DagBag, store_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Line]:  # fmt: skip
    keys = Fernet.generate_key().decode()
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", keys)
    given = sandbox_server.call("GET", "/credentials")
    [campaign] = sandbox_server.call("POST", "/salesforce/Campaign", [{"Name": "面談", "IsActive": True}])
    sandbox_server.call("POST", "/salesforce/Lead", [{"LastName": "山田", "Company": "例", "Email": GUEST}])
    salesforce, where = given["salesforce"], urlsplit(store_url)
    extra = {
        "consumer_key": salesforce["client_id"], "consumer_secret": salesforce["client_secret"],
        "login_url": salesforce["login_url"],
    }  # fmt: skip
    connections = {
        "salesforce_default": {"conn_type": "salesforce_oauth", "extra": json.dumps(extra)},
        "account_engagement_default": {
            "conn_type": "account_engagement", "host": given["account_engagement"]["base_url"],
            "extra": json.dumps({"business_unit_id": given["account_engagement"]["business_unit_id"]}),
        },
        "renkei_db": {
            "conn_type": "postgres", "host": where.hostname, "port": where.port, "login": where.username,
            "schema": where.path[1:],
        },
    }  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_SALESFORCE_DEFAULT", json.dumps(connections["salesforce_default"]))
    settings = {
        "todo": {"enabled": True, "lag_minutes": 0}, "connect": {"callback_url": CALLBACK},
        "campaign": {"enabled": True, "campaign_id": campaign["Id"]},
    }  # fmt: skip
    path = tmp_path / "immedio_salesforce.yaml"
    path.write_text(yaml.safe_dump(settings))
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))
    store = connect(store_url)
    app = TestClient(create_app(store_url, keys))
    yield Line(sandbox_server, bag, store, keys, app, connections, path, campaign["Id"], capsys=capsys)
    store.dispose()


@pytest.mark.req("R51", "R4", "R5", "R1")
def test_connect_is_a_redirect_an_approval_and_the_way_back(line: Line) -> None:
    link, api = line.offer()
    assert line.task("renkei_connection", "wait", api=api)[0].state != "success", "nobody has approved yet"
    target = line.go(link)
    asked = dict(parse_qsl(urlsplit(target).query))
    assert asked["redirect_uri"] == CALLBACK
    assert asked["scope"].split() == ["api", "refresh_token"]
    back = line.decide(target)
    page = line.app.get(back)
    assert page.status_code == 200 and "Connected" in page.text
    held = line.held()
    assert held is not None and held.values["refresh_token"]
    assert line.task("renkei_connection", "wait", api=api)[0].state == "success"

    assert line.app.get(back).status_code == 400, "an answer counts once"
    assert line.app.get(link).status_code == 404, "so does the link"
    assert line.check().state == "success"
    line.book("bk-1")
    assert line.bookings().state == "success"
    assert line.subjects() == ["bk-1"], "the first connection acts at once"
    line.sandbox.call("POST", "/faults", {"action": "expire_token", "vendor": "salesforce"})
    line.book("bk-2")
    assert line.bookings().state == "success", "renewed unattended"
    assert len(line.subjects()) == 2


@pytest.mark.req("R51")
@pytest.mark.parametrize("wrong", ["denied", "another state", "no state", "another browser", "code used before"])
def test_what_is_no_approval_stores_nothing(line: Line, wrong: str) -> None:
    link, api = line.offer()
    target = line.go(link)
    back = line.decide(target, "deny" if wrong == "denied" else "approve")
    if wrong == "another state":
        back = re.sub(r"state=[^&]+", "state=AAAA", back)
    elif wrong == "no state":
        back = re.sub(r"&?state=[^&]+", "", back)
    elif wrong == "another browser":
        line.app.cookies.clear()
    elif wrong == "code used before":
        code = dict(parse_qsl(urlsplit(back).query))["code"]
        requests.post(f"{target.split('/services')[0]}/services/oauth2/token", timeout=10, data={
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
            "client_id": "someone", "client_secret": "else",
        })  # fmt: skip
        first = SalesforceHook(store=line.store, fernet_keys=line.keys)
        given = first.app()
        assert given.client_id
        verifier = line.app.cookies.get("renkei_connect")
        requests.post(f"{given.login_url}/services/oauth2/token", timeout=10, data={
            "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": given.client_id,
            "client_secret": given.client_secret, "code_verifier": verifier,
        }).raise_for_status()  # fmt: skip
    page = line.app.get(back)
    assert page.status_code >= 400
    assert re.search(r"denied|no request|another browser|invalid_grant", page.text)
    assert line.tokens() == []
    if wrong in ("denied", "another browser", "code used before"):
        result = line.task("renkei_connection", "wait", api=api)[0]
        assert result.state == "failed" and "Not connected" in str(result.error)


@pytest.mark.req("R51")
def test_a_link_nobody_opens_in_time_is_over(line: Line) -> None:
    link, api = line.offer()
    with line.store.begin() as connection:
        connection.execute(sa.text("update renkei.connect_request set expires_at = now() - interval '1 s'"))
    assert line.app.get(link).status_code == 404
    result = line.task("renkei_connection", "wait", api=api)[0]
    assert result.state == "failed" and "nobody approved in time" in str(result.error)


@pytest.mark.req("R1")
@pytest.mark.parametrize(
    ("missing", "named"), [("consumer_key", "Consumer key"), ("consumer_secret", "Consumer secret")]
)
def test_a_missing_key_or_secret_is_refused(
    line: Line, missing: str, named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SALESFORCE_DEFAULT")
    held = line.connections["salesforce_default"]
    held["extra"] = json.dumps({name: value for name, value in json.loads(held["extra"]).items() if name != missing})
    result, _ = line.task("renkei_connection", "offer", do="connect", integration="immedio_salesforce")
    assert result.state == "failed"
    assert f"{named} missing" in str(result.error)


@pytest.mark.req("R3")
def test_lists_need_the_scope_pardot_api(line: Line) -> None:
    lists = {"name": "A", "group": "B", "meeting_type": "C", "calendar_url": "https://c.example.jp"}
    unit = json.loads(line.connections["account_engagement_default"]["extra"])["business_unit_id"]
    line.set(lists={"enabled": True, "business_unit_id": unit, "lists": [lists]})
    assert "pardot_api" in dict(parse_qsl(urlsplit(line.go(line.offer()[0])).query))["scope"].split()
    line.set(lists={"enabled": False})
    line.connect()  # without it
    line.set(lists={"enabled": True, "business_unit_id": unit, "lists": [lists]})
    result = line.check()
    assert result.state == "failed"
    assert "does not grant the scope pardot_api (list cache is on)" in str(result.error)


def test_connecting_again_takes_no_scope_from_others_on_the_connection(line: Line) -> None:
    lists = {"name": "A", "group": "B", "meeting_type": "C", "calendar_url": "https://c.example.jp"}
    unit = json.loads(line.connections["account_engagement_default"]["extra"])["business_unit_id"]
    line.set(lists={"enabled": True, "business_unit_id": unit, "lists": [lists]})
    line.connect()
    line.set(lists={"enabled": False})
    line.connect()
    held = line.held()
    assert held is not None and "pardot_api" in held.values["scope"].split()


@pytest.mark.req("R10", "R11", "R13")
@pytest.mark.parametrize("how", ["revoked", "user left"])
def test_a_dead_token_disconnects_by_itself_once_told(line: Line, how: str) -> None:
    line.connect()
    line.set(todo={"enabled": True, "lag_minutes": 10})
    line.book("bk-1")
    assert line.bookings().state == "success"  # queued, not due yet
    if how == "revoked":
        line.sandbox.call("POST", "/faults", {"action": "revoke_token", "vendor": "salesforce"})
    else:
        user = next(row for row in line.sandbox.records("salesforce", "User") if row["Username"].startswith("api"))
        line.sandbox.call("PATCH", f"/salesforce/User/{user['Id']}", {"IsActive": False})
        line.sandbox.call("POST", "/faults", {"action": "expire_token", "vendor": "salesforce"})
    line.set(todo={"enabled": True, "lag_minutes": 0})
    line.book("bk-2")
    assert line.bookings().state == "failed"
    assert not line.connected and line.tokens() == []
    assert line.value("select count(*) from renkei.due_action where state = 'dropped'") >= 1
    calls = line.calls()
    for _ in range(2):
        assert line.bookings().state == "failed"
    assert line.calls() == calls, "a grant that was refused is not redeemed again"
    assert line.subjects() == []


@pytest.mark.req("R10")
@pytest.mark.parametrize("trouble", [
    {"action": "refuse", "status": 503, "count": 12}, {"action": "expire_token", "count": 1},
    {"action": "drop_before", "count": 12},
])  # fmt: skip
def test_trouble_that_passes_does_not_disconnect(
    line: Line, trouble: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresClock, "sleep", lambda clock, seconds: None)  # the pauses between tries
    line.connect()
    line.book("bk-1")
    line.sandbox.call("POST", "/faults", {"vendor": "salesforce", **trouble})
    line.bookings()
    assert line.connected and line.held() is not None
    line.sandbox.call("DELETE", "/faults")


@pytest.mark.req("R52", "R11", "R12", "R13")
def test_a_confirmed_disconnect_stops_everything_and_a_reconnect_keeps_it_disarmed(line: Line) -> None:
    line.connect()
    line.set(todo={"enabled": True, "lag_minutes": 10})
    line.book("queued")
    assert line.bookings().state == "success"
    revoked = line.held()
    assert revoked is not None
    assert line.disconnect().state == "success"
    assert "not authenticated" in line.logs[-1]
    assert not line.connected and line.tokens() == []
    app = SalesforceHook(store=line.store).app()
    again = requests.post(f"{app.login_url}/services/oauth2/token", timeout=10, data={
        "grant_type": "refresh_token", "refresh_token": revoked.values["refresh_token"], "client_id": app.client_id,
        "client_secret": app.client_secret,
    })  # fmt: skip
    assert again.json()["error"] == "invalid_grant", "revoked at Salesforce too"
    line.book("while disconnected")
    assert line.bookings().state == "failed"
    assert line.check().state == "failed" and not line.connected, "a check does not undo it"
    assert line.arm().state == "failed", "nothing to arm while disconnected"

    line.connect()
    line.set(todo={"enabled": True, "lag_minutes": 0})
    line.book("disarmed")
    assert line.bookings().state == "success"
    assert line.subjects() == []
    assert "disarmed" in line.value("select reason from renkei.booking_explanation where booking = 'disarmed' limit 1")
    assert line.arm().state == "success"
    line.book("armed")
    assert line.bookings().state == "success"
    assert line.subjects() == ["armed"], "neither what was queued nor what came in before it was armed"
    settings = yaml.safe_load(line.settings_path.read_text())
    assert settings["connect"]["callback_url"] == CALLBACK, "settings of lists and fields are files: they stay"


@pytest.mark.req("R52")
def test_disconnect_asks_first_and_a_rejection_changes_nothing(line: Line) -> None:
    dag = line.bag.dags["renkei_connection"]
    confirm = dag.get_task("confirm")
    assert confirm.downstream_task_ids == {"disconnect"} and confirm.defaults == ["Reject"]
    result, _ = line.task("renkei_connection", "choose", do="disconnect", integration="immedio_salesforce")
    assert result.state == "success"
    line.connect()
    result, _ = line.task("renkei_connection", "confirm", do="disconnect", integration="immedio_salesforce")
    assert result.state != "success", "waits for a person"
    assert line.connected and line.held() is not None


@pytest.mark.req("R12")
def test_single_actions_are_armed(line: Line) -> None:
    line.connect()
    line.disconnect()
    line.connect()
    assert line.arm(actions=["campaign"]).state == "success"
    line.book("bk-1")
    line.bookings()
    assert line.subjects() == []
    assert line.value("select action from renkei.booking_explanation where result = 'not due yet'") == "campaign"
    assert "todo is switched on and disarmed" in str(line.check().error or line.logs[-1])


@pytest.mark.req("R2")
@pytest.mark.parametrize(
    ("extra", "login", "unit"),
    [
        ({}, "https://login.salesforce.com", "https://pi.pardot.com"),
        ({"sandbox": True}, "https://test.salesforce.com", "https://pi.demo.pardot.com"),
        ({"domain": "acme.my"}, "https://acme.my.salesforce.com", "https://pi.pardot.com"),
    ],
)
def test_the_sandbox_flag_chooses_both_hosts(
    extra: dict[str, Any], login: str, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"consumer_key": "k", "consumer_secret": "s"}
    salesforce = Connection(conn_id="salesforce_default", conn_type="salesforce_oauth", extra=json.dumps(keys | extra))
    account_engagement = Connection(
        conn_id="account_engagement_default", conn_type="account_engagement",
        extra=json.dumps({"business_unit_id": "0Uv000000000001CAA"}),
    )  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_SALESFORCE_DEFAULT", salesforce.get_uri())
    monkeypatch.setenv("AIRFLOW_CONN_ACCOUNT_ENGAGEMENT_DEFAULT", account_engagement.get_uri())
    assert SalesforceHook().app().login_url == login
    assert AccountEngagementHook().client()._root == unit


def test_a_reason_by_hand_is_kept(line: Line) -> None:
    line.connect()
    line.disconnect()
    assert line.value("select reason from renkei.integration_state") == BY_HAND
    assert Tokens(line.store, line.keys).read("connection:salesforce_default") is None


def test_no_token_secret_or_address_is_in_any_log_xcom_or_error(line: Line, caplog: pytest.LogCaptureFixture) -> None:
    """Through everything that can happen: connect, bookings, a refusal that quotes the address, a lost answer,
    disconnect."""
    caplog.set_level("DEBUG", logger="renkei")
    line.connect()
    first = line.held()
    line.book("fine")
    line.bookings()
    line.sandbox.call("POST", "/faults", {
        "vendor": "salesforce", "action": "error", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": f"{GUEST} is not welcome", "path": "*/composite/sobjects",
    })  # fmt: skip
    line.book("quoted")
    line.bookings()
    line.sandbox.call("POST", "/faults", {"vendor": "salesforce", "action": "drop_after", "path": "*/sobjects"})
    line.book("lost")
    line.bookings()
    second = line.held()
    line.check()
    line.disconnect()
    line.bookings()
    secret = json.loads(line.connections["salesforce_default"]["extra"])["consumer_secret"]
    tokens = [held.values[name] for held in (first, second) if held for name in ("access_token", "refresh_token")]
    with line.store.begin() as connection:
        stored = connection.execute(sa.text("select reason, detail::text from renkei.change_log")).all()
        notes = connection.execute(sa.text("select note from renkei.flow_run")).scalars().all()
    told = "\n".join([*line.logs, caplog.text, json.dumps(line.xcoms, default=str), str(stored), str(notes)])
    assert len(told) > 2_000
    for hidden in (*tokens, secret, GUEST, GUEST.partition("@")[0] + "%40"):
        assert hidden not in told


@pytest.mark.parametrize("name", ["immedio_salesforce", "salesforce_account_engagement"])
def test_every_integration_on_salesforce_can_be_connected(name: str) -> None:
    life = life_of(name)
    assert life.conn_id == "salesforce_default"
    assert life.callback_url.endswith("/salesforce/callback") and "refresh_token" in life.scopes
    with pytest.raises(ConfigurationError, match="not connected by approval"):
        life_of("on24_marketo")
