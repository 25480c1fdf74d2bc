"""The flows from Senses in process: real clients and engine, the sandbox as both vendors."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from renkei.integrations.senses_marketo.lead_fields import lead_fields, phase_fault
from renkei.integrations.senses_marketo.senses_flows import Ends, build, started_at
from renkei.integrations.senses_marketo.settings import ACTION_KIND, DEAL_PHASE, NAME, SENSES_TO_MARKETO, Settings
from renkei.operators.wiring.senses_store import SensesStore
from renkei.store import milestones
from renkei.store.db import connect
from renkei.sync.engine import Engine, RunSummary
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.support.mazrica import Caller, mazrica_client
from tests.support.sandbox import Sandbox
from tests.support.vendors import marketo_client

ROOT = Path(__file__).resolve().parents[4]
FLOWS = (SENSES_TO_MARKETO, ACTION_KIND, DEAL_PHASE)
PHASES = {"アプローチ": 11, "ヒアリング": 12, "提案": 13, "見積": 14, "受注": 15, "失注": 16}
KINDS = {"面談": 1, "メール": 2, "電話": 3, "社内タスク": 4, "社外タスク": 5}


def delivered() -> dict[str, Any]:
    """The settings file as it is delivered, to be changed at will."""
    return deepcopy(_delivered())


@cache
def _delivered() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "include" / "integrations" / "senses_marketo.yaml").read_text())
    return found


class Senses:
    """A person at the screens of Senses and Marketo, and the flows between them."""

    def __init__(self, sandbox: Sandbox, store: sa.Engine) -> None:
        self.sandbox = sandbox
        self.store = store
        self.engine = Engine(store)
        self.ui = Caller(sandbox)
        self.mazrica = mazrica_client(sandbox.world)
        self.marketo = marketo_client(sandbox.world)
        self.number = 0
        self.options: dict[str, Any] = {}

    # a person

    def account(self, name: str = "株式会社テスト") -> int:
        return int(self.ui.make("customers", name=name)["id"])

    def contact(self, name: str = "山田 太郎", email: str | None = "taro@example.jp", **fields: Any) -> int:
        return int(self.ui.make("contacts", name=name, email=email, **fields)["id"])

    def deal(self, customer: int, phase: str = "アプローチ", **fields: Any) -> int:
        return int(self.ui.deal(customer, phase={"id": PHASES[phase]}, **fields)["id"])

    def phase(self, deal: int, phase: str) -> None:
        """A minute later somebody moves the deal on."""
        self.ui.advance(60)
        self.ui.change("deals", deal, phase={"id": PHASES[phase]})

    def action(self, *contacts: int, deal: int | None = None, kind: str = "面談", **fields: Any) -> int:
        """A minute later somebody registers an action."""
        self.ui.advance(60)
        hangs = {"deal": {"id": deal}} if deal else {}
        links = [{"contactId": contact} for contact in contacts]
        made = self.ui.make("actions", pattern={"id": KINDS[kind]}, actionContacts=links, **hangs, **fields)
        return int(made["id"])

    def edit(self, kind: str, record_id: int, **fields: Any) -> None:
        self.ui.advance(60)
        self.ui.change(kind, record_id, **fields)

    def remove(self, kind: str, record_id: int) -> None:
        self.ui.advance(60)
        self.ui.remove(kind, record_id)

    def merge(self, deal: int, into: int, *, carry: bool) -> None:
        self.edit("deals", deal, merge_into=into, carry_actions=carry)

    def marketo_ui(self, name: str) -> Any:
        return self.sandbox.world.vendors["marketo"].find_store(name)[0]

    def field(self, name: str = "senses_phase", data_type: str = "text") -> None:
        self.marketo_ui("lead_fields").create([{"name": name, "dataType": data_type}])

    def lead(self, **fields: Any) -> int:
        return int(self.marketo_ui("leads").create([fields])[0]["id"])

    def leads(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.marketo_ui("leads").list()
        return found

    def phase_of(self, email: str = "taro@example.jp") -> Any:
        """What the lead with this address shows."""
        [lead] = [lead for lead in self.leads() if lead["email"] == email]
        return lead.get("senses_phase")

    def status_of(self, email: str = "taro@example.jp") -> Any:
        [lead] = [lead for lead in self.leads() if lead["email"] == email]
        return lead.get("leadStatus")

    # the flows

    def flow(self, name: str, *, nightly: bool = False) -> Flow:
        settings = Settings.model_validate({**delivered(), **self.options})
        fields = lead_fields(self.marketo.describe_leads())
        now = self.mazrica.now()
        with self.store.begin() as connection:
            started = started_at(settings, milestones.reached(connection, NAME, "started", now))
            since: datetime | None = None
            if phase_fault(fields):
                milestones.undo(connection, NAME, "phase")
            else:
                since = milestones.reached(connection, NAME, "phase", now)
        stored = SensesStore(self.engine, f"mazrica:{self.mazrica.account_id}")
        ends = Ends(self.mazrica, self.marketo, stored, stored, started, since)
        return build(name, settings, ends, fields, nightly=nightly)

    def run(self, name: str, *, nightly: bool = False, minutes: float = 10, **request: Any) -> RunSummary:
        """A whole run of one flow, ``minutes`` after the one before."""
        self.pass_time(minutes)
        self.number += 1
        flow = self.flow(name, nightly=nightly)
        dag_id = "senses_reconcile" if nightly else "senses_to_marketo"
        return run_inline(self.engine, flow, RunRequest(dag_id, f"run {self.number}", **request))

    def sync(self, minutes: float = 10) -> dict[str, RunSummary]:
        """One run of the DAG."""
        self.pass_time(minutes)
        return {name: self.run(name, minutes=0) for name in FLOWS}

    def reconcile(self, minutes: float = 10) -> dict[str, RunSummary]:
        """The nightly run."""
        self.pass_time(minutes)
        return {name: self.run(name, nightly=True, minutes=0) for name in (SENSES_TO_MARKETO, DEAL_PHASE)}

    def pass_time(self, minutes: float) -> None:
        self.ui.advance(minutes * 60)
        self.engine.time_shift += timedelta(minutes=minutes)

    def quietly(self) -> list[Any]:
        """What the journal holds of writes over the APIs in one more run of the DAG."""
        self.sandbox.world.journal.reset()
        self.sync()
        return self.sandbox.world.journal.writes()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.store.begin() as connection:
            return list(connection.execute(sa.text(statement), values))

    def skipped(self) -> set[str]:
        """Why records were skipped."""
        return {row[0] for row in self.rows("select distinct reason from renkei.change_log where event = 'skipped'")}

    def waiting(self) -> set[str]:
        return {row[0] for row in self.rows("select distinct reason from renkei.change where state = 'waiting'")}


@pytest.fixture
def fresh(sandbox: Sandbox, store_url: str) -> Iterator[Senses]:
    """Nothing has run yet; Marketo has the phase field."""
    store = connect(store_url)
    senses = Senses(sandbox, store)
    senses.field()
    rights = ["Read-Write Person", "Read-Only Activity"]
    sandbox.world.vendors["marketo"].configure({"rights": rights})
    yield senses
    store.dispose()


@pytest.fixture
def senses(fresh: Senses) -> Senses:
    """With one first run behind it: what happens from now on counts."""
    fresh.sync()
    fresh.ui.advance(60)
    return fresh
