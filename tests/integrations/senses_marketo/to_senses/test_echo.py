"""Whatever is changed on either side, in whatever order: when all flows have run until quiet, nothing is written any
more (S32), nobody is there twice, and Marketo's three values stand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sandbox.transport import mount
from include.sandbox.world import World
from renkei.integrations.senses_marketo.lead_items import LEAD_ID, SCORE
from renkei.store.db import connect
from tests.integrations.senses_marketo.to_senses.conftest import Pair
from tests.support.sandbox import NOW, Sandbox

ASKED = int(os.environ.get("RENKEI_SCHEDULES", "50"))
EXAMPLES = max(2, ASKED // 25) if ASKED <= 50 else ASKED
ROUNDS = 3  # until quiet
EMPTY = """
do $$ declare name text; begin
  for name in select tablename from pg_tables where schemaname = 'renkei' and tablename <> 'alembic_version'
              order by tablename not in ('run_window', 'plan_queue')
  loop execute format('delete from renkei.%I', name); end loop;
end $$
"""
NAMES = (" 前後に空白 ", "山田", "ﾔﾏﾀﾞ", "Zoë")
COMPANIES = (None, "株式会社サンプル", " 空白商事 ", "ABC")
EMAILS = tuple(f"p{number}@example.jp" for number in range(4))

email, name = st.sampled_from(EMAILS), st.sampled_from(NAMES)
number = st.integers(0, 3)
ACTS = st.one_of(
    st.tuples(st.just("lead"), email, name, st.sampled_from(COMPANIES), st.sampled_from([None, "03-1", "06-2"])),
    st.tuples(st.just("contact"), st.one_of(st.none(), email), name),
    st.tuples(st.just("score"), number, st.integers(0, 99)),
    st.tuples(st.just("lead_name"), number, name),
    st.tuples(st.just("lead_email"), number, email),
    st.tuples(st.just("contact_name"), number, name),
    st.tuples(st.just("contact_email"), number, email),
    st.tuples(st.just("items"), number, st.integers(0, 99)),
    st.tuples(st.just("delete_lead"), number),
    st.tuples(st.just("delete_contact"), number),
    st.tuples(st.just("to_senses")),
    st.tuples(st.just("to_marketo")),
)


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    store = connect(store_url)
    yield store
    store.dispose()


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None,
    derandomize="RENKEI_SEED" not in os.environ,
)
@given(acts=st.lists(ACTS, min_size=1, max_size=10))
@pytest.mark.faults
@pytest.mark.req("S32")
def test_the_second_round_writes_nothing(engine: sa.Engine, acts: list[tuple[Any, ...]]) -> None:
    with desk(engine) as pair:
        for act in acts:
            do(pair, *act)
        for _ in range(ROUNDS):
            pair.to_senses()
            pair.sync()
        pair.forget_journal()
        pair.to_senses()
        pair.sync()
        assert pair.writes() == []
        scores = {lead["id"]: lead.get("leadScore") for lead in pair.leads()}
        carried = [pair.shown(contact)[LEAD_ID] for contact in pair.contacts() if pair.shown(contact).get(LEAD_ID)]
        assert len(carried) == len(set(carried)), "a lead is one contact"
        for contact in pair.contacts():
            lead = pair.shown(contact).get(LEAD_ID)
            if lead in scores:
                assert pair.shown(contact)[SCORE] == scores[lead]


def do(pair: Pair, kind: str, *given: Any) -> None:
    """One thing that a person, or a schedule, does."""
    if kind == "lead":
        address, called, company, tel = given
        pair.person(email=address, lastName=called, company=company, mainPhone=tel)
    elif kind == "contact":
        pair.ui.advance(60)
        pair.contact(given[1], given[0])
    elif kind in ("to_senses", "to_marketo"):
        pair.to_senses() if kind == "to_senses" else pair.sync()
    elif kind in ("score", "lead_name", "lead_email", "delete_lead"):
        _lead_act(pair, kind, *given)
    else:
        _contact_act(pair, kind, *given)


def _lead_act(pair: Pair, kind: str, which: int, *values: Any) -> None:
    leads = pair.leads()
    if not leads:
        return
    lead = leads[which % len(leads)]["id"]
    if kind == "delete_lead":
        pair.delete_lead(lead)
    else:
        field = {"score": "leadScore", "lead_name": "lastName", "lead_email": "email"}[kind]
        pair.change_lead(lead, **{field: values[0]})


def _contact_act(pair: Pair, kind: str, which: int, *values: Any) -> None:
    contacts = pair.contacts()
    if not contacts:
        return
    contact = contacts[which % len(contacts)]["id"]
    if kind == "delete_contact":
        pair.remove("contacts", contact)
    elif kind == "items":
        pair.edit_items(contact, leadScore=values[0])
    else:
        pair.edit("contacts", contact, **{kind.removeprefix("contact_"): values[0]})


@contextmanager
def desk(store: sa.Engine) -> Iterator[Pair]:
    """A new world over an emptied database, vendor-side trimming and rounding on, one run of everything behind it."""
    with store.begin() as connection:
        connection.execute(sa.text(EMPTY))
    world = World(seed=7, now=NOW, sleep=lambda seconds: None)
    session = requests.Session()
    mount(world, session)
    pair = Pair(Sandbox(world, session), store)
    pair.field()
    pair.items()
    pair.ui.settings(trim_text=True, round_numbers=True)
    pair.to_senses()
    pair.sync()
    yield pair
