"""The runs: each step in a process of its own that can be killed, or held while others go on."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import psycopg
import requests
import sqlalchemy as sa
from cryptography.fernet import Fernet

from include.sandbox.transport import mount
from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.on24 import On24Client
from renkei.errors import SyncError
from renkei.integrations.on24_marketo.connect import read_definition
from renkei.integrations.on24_marketo.definition import Definition
from renkei.integrations.on24_marketo.ends import ends_of
from renkei.integrations.on24_marketo.flow import build
from renkei.integrations.on24_marketo.registration import EVENT
from renkei.integrations.on24_marketo.settings import Settings
from renkei.store import records
from renkei.store.db import connect
from renkei.store.suppression import Suppression
from renkei.sync import steps
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow
from renkei.sync.request import RunRequest
from tests.properties.town import PROFILE, START, Town, TownClock
from tests.support.http import TestMeter

STEPS = ("open", "extract", "plan", "push", "settle")
SETTINGS: dict[str, Any] = {
    "create_new_people": True,
    "on24_registrants": True,
    "first": "2026-11-18",
    "full_since": "2026-11-18",
    "fields": ("email", "eventtitle", "custom1", "attendedarchive", "archiveminutes"),
    "profile_url": {"enabled": True, "field": PROFILE},
}
# Mappings a team may switch between; each has a fingerprint of its own.
MAPPINGS: Sequence[dict[str, Any]] = (
    {},
    {"fields": (*SETTINGS["fields"], "custom2")},
    {"on24_registrants": False},
    {"create_new_people": False},
)
BATCH = 2  # records per call: several batches even in a small world
UNPACED = {"people": 0, "event": 0, "event_list": 0, "management": 0}


class Killed(BaseException):
    """The process is gone."""


@dataclass(frozen=True)
class Kill:
    """At the ``at``-th commit or call of the step (of those named ``where``) its process ends."""

    at: int
    where: str = ""


@dataclass(frozen=True)
class Meanwhile:
    """At the ``at``-th commit or call of the step all this happens, then it goes on."""

    at: int
    acts: Sequence[Any]
    where: str = ""


@dataclass
class Run:
    """One DAG run."""

    request: RunRequest
    second: bool = False
    id: int | None = None
    clears: int = 0


class TownEngine(Engine):
    """Postgres' clock and the time that passed in town."""

    town: Town

    def now(self, connection: sa.Connection) -> datetime:
        return super().now(connection) + self.town.shift


class Desk:
    """All runs of one schedule over one database."""

    def __init__(self, url: str, town: Town) -> None:
        self.url, self.town = url, town
        self.numbers = itertools.count()
        self.idle: list[tuple[str, sa.Engine]] = []
        self.office = connect(url, owner=True, application_name="office")
        sa.event.listen(self.office, "connect", _never_wait_long)
        self.tokens = TokenStore()
        self.suppression = Suppression(self.office, Fernet.generate_key().decode())
        self.begin()

    def begin(self) -> None:
        self.runs: list[Run] = []
        self.mapping, self.remapped = 0, False
        self.suppressed: set[str] = set()
        self.trace: list[str] = []
        self.postponed: list[Any] = []  # acts that met a lock; done once the step that holds it is over
        self.held = 0  # steps under way, one inside the other
        self.after_step: Callable[[], None] = lambda: None
        self._definition: Definition | None = None

    def close(self) -> None:
        for _, store in self.idle:
            store.dispose()
        self.office.dispose()

    def rows(self, statement: str, **values: Any) -> list[Any]:
        with self.office.begin() as connection:
            done = connection.execute(sa.text(statement), values)
            return list(done) if done.returns_rows else []

    # Flows.

    def flow(self, second: bool = False) -> Flow:
        """The flow as its settings are today. ``second``: another flow that creates the same people."""
        marketo, on24 = self._clients()
        if self._definition is None:
            self._definition = read_definition(marketo)
        asked = {**SETTINGS, **MAPPINGS[self.mapping]} | ({"profile_url": {"enabled": False}} if second else {})
        settings = Settings.model_validate(asked)
        account = f"on24:{on24.account_id}"
        ends = ends_of(settings, on24, marketo, known_events=lambda ids: self._stored_events(account, ids))
        flow = build(settings, ends, self._definition)
        for stage in flow.stages:
            stage.target.batch_size = BATCH
        return replace(flow, name="second", stages=flow.stages[:1]) if second else flow

    def _stored_events(self, account: str, ids: Sequence[str]) -> set[str]:
        with self.office.begin() as connection:
            return records.known_keys(connection, account, EVENT, ids)

    def _clients(self) -> tuple[MarketoClient, On24Client]:
        session = requests.Session()
        mount(self.town.world, session)
        given = {name: vendor.credentials() for name, vendor in self.town.world.vendors.items()}
        clock = TownClock(self.town)
        at = given["marketo"]
        marketo = MarketoClient(
            session, host=at["base_url"], client_id=at["client_id"], client_secret=at["client_secret"],
            munchkin_id=at["munchkin_id"], meter=self.town.coins, clock=clock, tokens=self.tokens,
        )  # fmt: skip
        at = given["on24"]
        on24 = On24Client(
            session, host=at["base_url"], client_id=at["client_id"], access_token_key=at["access_token_key"],
            access_token_secret=at["access_token_secret"], meter=TestMeter(), clock=clock, pace=UNPACED,
        )  # fmt: skip
        return marketo, on24

    # Runs.

    def new_run(self, dag: str = "regular", **asked: Any) -> Run:
        request = RunRequest(f"{dag}", f"run {len(self.runs)}", **asked)
        self.runs.append(Run(request, second=dag == "second"))
        return self.runs[-1]

    def whole(self, run: Run, first: int = 0, trouble: Kill | Meanwhile | None = None, at: int = 0, again: bool = False,
              upto: int = 4) -> None:  # fmt: skip
        """The steps as Airflow runs them: one that fails is tried once more (``again``), then settle is left."""
        for number in range(first, upto + 1):
            done = self.step(run, number, trouble if number == at else None)
            if done != "done" and again:
                done = self.step(run, number)
            if done != "done":
                if number < 4 <= upto and run.id is not None:
                    self.step(run, 4)
                return
            if number == 0 and not self._has_work(run):
                self.step(run, 4)
                return

    def _has_work(self, run: Run) -> bool:
        name, store = self._process()
        try:
            return run.id is None or steps.has_work(self._engine(store), self.flow(run.second), run.id)
        finally:
            self.idle.append((name, store))

    def step(self, run: Run, number: int, trouble: Kill | Meanwhile | None = None) -> str:
        """One try of one task; returns how it ended: done, failed, killed or blocked."""
        if number and run.id is None:
            return "failed"
        self.held += 1
        name, store = self._process()
        engine = self._engine(store)
        engine.failpoint = self._failpoint(engine, name, trouble)
        ended = "done"
        try:
            self._call(engine, run, number)
        except BaseException as error:
            ended = self._ending(engine, error)
        if engine.store is store:
            self.idle.append((name, store))
        else:
            store.dispose()
        self.trace.append(f"{run.request.dag_id}/{run.request.dag_run_id} {STEPS[number]}: {ended}")
        self.held -= 1
        while self.postponed and not self.held:
            self.postponed.pop(0).do(self)
        self.after_step()
        return ended

    def _ending(self, engine: Engine, error: BaseException) -> str:
        if isinstance(engine.store, _Gone):
            return "killed"
        if isinstance(error, SyncError):
            return f"failed ({type(error).__name__}: {error})"
        if met_a_lock(error):
            return "blocked"
        raise error

    def _call(self, engine: Engine, run: Run, number: int) -> None:
        flow = self.flow(run.second)
        if number == 0:
            run.id = steps.open_run(engine, flow, replace(run.request, clear_number=run.clears))
            return
        assert run.id is not None
        if number == 4:
            steps.settle(engine, flow, run.id)
        else:
            (steps.extract, steps.plan, steps.push)[number - 1](engine, flow, run.id, run.clears)

    # Processes.

    def _process(self) -> tuple[str, sa.Engine]:
        if self.idle:
            return self.idle.pop()
        name = f"process {next(self.numbers)}"
        store = connect(self.url, pool_size=2, application_name=name)
        sa.event.listen(store, "connect", _never_wait_long)
        return name, store

    def _engine(self, store: sa.Engine) -> TownEngine:
        engine = TownEngine(store, TownClock(self.town), suppressed=self.suppression.among)
        engine.town = self.town
        return engine

    def _failpoint(self, engine: Engine, name: str, trouble: Kill | Meanwhile | None) -> Callable[[str], None]:
        passed = itertools.count()

        def failpoint(where: str) -> None:
            if trouble is None or not where.startswith(trouble.where) or next(passed) != trouble.at:
                return
            self.trace.append(f"  {type(trouble).__name__} at {where}")
            if isinstance(trouble, Kill):
                self._kill(engine, name)
            for act in trouble.acts:
                if where != "push.before_call" or not act.takes_long:
                    act.do(self)

        return failpoint

    def _kill(self, engine: Engine, name: str) -> None:
        """Its connections are cut, so that Postgres rolls back and lets go, and nothing it still does has effect."""
        engine.store = _Gone()  # type: ignore[assignment]
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s", [name]
            )
        raise Killed


def met_a_lock(error: BaseException) -> bool:
    """Whether somebody who waits for us held what we waited for."""
    return isinstance(error, sa.exc.DBAPIError) and "lock timeout" in str(error)


class _Gone:
    """The store of a process that was killed."""

    def __getattr__(self, name: str) -> Any:
        raise Killed


def _never_wait_long(raw: Any, _: object) -> None:
    """Who holds the lock is the one that waits for us here: it will not let go."""
    with raw.cursor() as cursor:
        cursor.execute("set lock_timeout = '40ms'")
    raw.commit()


def window(days: int) -> dict[str, datetime]:
    """The span of a backfill slice, so many days up to the start."""
    return {"since": START - timedelta(days=days), "until": START + timedelta(hours=1)}
