"""Audit: what is wrong between the two systems is found, with reason, remedy and since when; once gone it is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from renkei.integrations.salesforce_account_engagement.flow import reading_only
from renkei.operators.account_engagement.audit import audit
from renkei.store.findings import Kept
from tests.integrations.salesforce_account_engagement.org import Org

Make = Callable[..., Org]
DAY = timedelta(days=1)


class Audited:
    """The vendor's connector is somebody else; Renkei only reads."""

    def __init__(self, org: Org) -> None:
        self.org = org
        flow = org.flow
        org.flow = lambda: reading_only(flow())  # type: ignore[method-assign]

    def night(self, users: Any = ()) -> Kept:
        self.org.tick(DAY)
        accounts = (f"salesforce:{self.org.salesforce.account_id}",
                    f"account_engagement:{self.org.engagement.account_id}")  # fmt: skip
        wired = SimpleNamespace(store=self.org.store, engine=self.org.engine)
        return audit(wired, self.org.settings, accounts, users)

    def open(self) -> dict[tuple[str, str, str], Any]:
        rows = self.org.rows("select * from renkei.audit_finding where gone_at is null")
        return {(row.kind, row.record, row.field): row for row in rows}


@pytest.fixture
def audited(make_org: Make) -> Audited:
    return Audited(make_org(mode="audit", connector={"native": "running"}, shown_in_salesforce=()))


def linked(org: Org, lead: str, **fields: Any) -> str:
    """A prospect the vendor's connector has synced with the lead a minute from now."""
    return org.prospect(**{"salesforceId": lead} | fields)


def test_two_systems_in_step_have_no_findings(audited: Audited) -> None:
    org = audited.org
    lead = org.lead(Phone="1")
    linked(org, lead, phone="1", salesforceLastSync=org.stamp(minutes=5))
    assert not any(audited.night().open.values())
    assert org.writes() == 0 and org.world.journal.writes() == []


@pytest.mark.req("A22")
def test_drift_is_told_field_by_field_against_the_policy_with_since_when(audited: Audited) -> None:
    org = audited.org
    lead = org.lead(Phone="1", Title="S", FirstName="S")
    prospect = linked(org, lead, phone="1", jobTitle="A", firstName="A", salesforceLastSync=org.stamp(minutes=5))
    first = audited.night()
    assert first.open["drift"] == first.new["drift"] == 2
    title = audited.open()["drift", prospect, "jobTitle"]
    assert title.detail["winner"] == "right" and title.detail["written_to"] == "left" and title.remedy
    assert audited.open()["drift", prospect, "firstName"].detail["winner"] == "left"
    again = audited.night()
    assert again.new.get("drift", 0) == 0
    assert audited.open()["drift", prospect, "jobTitle"].first_seen_at == title.first_seen_at
    org.edit(lead, Title="A")
    org.edit(prospect, firstName="S", salesforceLastSync=org.stamp(minutes=5))
    last = audited.night()
    assert last.open["drift"] == 0 and last.gone == 2
    trend = org.rows("select number from renkei.audit_day where kind = 'drift' order by day")
    assert [row.number for row in trend] == [2, 2, 0]


@pytest.mark.req("A5", "A22")
def test_records_that_lag_or_were_never_synced_are_listed(audited: Audited) -> None:
    org = audited.org
    lead = org.lead()
    late = linked(org, lead, salesforceLastSync=org.stamp())
    org.world.clock.advance(3600)
    org.edit(lead, Phone="9")
    assigned = org.prospect(email="new@example.jp", userId=1)
    org.lead(Email="there@example.jp")
    unlinked = org.prospect(email="there@example.jp")
    org.prospect(email="nobody@example.jp")
    assert audited.night().open | {"drift": 0} == dict.fromkeys(audited.night().open, 0) | {"lagging": 1, "unsynced": 2}
    found = audited.open()
    assert ("lagging", late, "") in found and "lead" not in found["lagging", late, ""].reason
    assert {record for kind, record, _ in found if kind == "unsynced"} == {assigned, unlinked}


def test_what_just_changed_is_on_its_way_and_no_finding(audited: Audited) -> None:
    org = audited.org
    lead = org.lead(Phone="1")
    prospect = linked(org, lead, phone="1", salesforceLastSync=org.stamp())
    org.tick(DAY)
    org.edit(prospect, phone="2")
    org.tick(timedelta(minutes=2))
    accounts = (f"salesforce:{org.salesforce.account_id}", f"account_engagement:{org.engagement.account_id}")
    kept = audit(SimpleNamespace(store=org.store, engine=org.engine), org.settings, accounts, ())
    assert not any(kept.open.values())


@pytest.mark.req("A15")
def test_several_prospects_on_one_record_and_ambiguous_addresses(audited: Audited) -> None:
    org = audited.org
    org.set("account_engagement", ampsea=True)
    one, two = org.lead(Email="x@example.jp"), org.lead(Email="x@example.jp")
    ambiguous = org.prospect(email="x@example.jp")
    shared = org.lead(Email="y@example.jp")
    twins = {linked(org, shared, email=f"{n}@example.jp", salesforceLastSync=org.stamp(minutes=5)) for n in "yz"}
    kept = audited.night()
    assert kept.open["one_to_one"] == 2 and kept.open["ambiguous_email"] == 1
    found = audited.open()
    assert {record for kind, record, _ in found if kind == "one_to_one"} == twins
    assert found["ambiguous_email", ambiguous, ""].detail["salesforce"] == sorted([one, two])


def test_ids_that_lead_nowhere_leads_converted_and_the_archived(audited: Audited) -> None:
    org = audited.org
    leads = [org.lead(Email=f"{n}@example.jp") for n in range(4)]
    gone, merged, converted, archived = [
        linked(org, lead, email=f"{n}@example.jp", salesforceLastSync=org.stamp(minutes=9))
        for n, lead in enumerate(leads)
    ]
    winner = org.lead(Email="w@example.jp")
    org.delete(leads[0])
    org.edit(leads[1], merge_into=winner)
    org.edit(leads[2], convert=True)
    org.delete(archived)
    audited.night()
    found = audited.open()
    assert "no live record" in found["dangling_crm_id", gone, ""].reason
    assert found["dangling_crm_id", merged, ""].detail["merged_into"] == winner
    assert found["converted_not_relinked", converted, ""].detail["contact"]
    assert found["archived_but_live", archived, ""].detail["salesforce"] == leads[3]


@pytest.mark.req("A12")
def test_users_without_a_salesforce_user_are_findings(audited: Audited) -> None:
    users = [{"id": 1, "salesforceId": "005"}, {"id": 9, "salesforceId": None}, {"id": 10, "isDeleted": True}]
    assert audited.night(users).open["unmapped_user"] == 1
    assert audited.night([{"id": 9, "salesforceId": "005"}]).open["unmapped_user"] == 0
