"""Settings that name a field which stored records were read without: not known is not empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.integrations.salesforce_account_engagement.org import FIELDS, Org, settings_of
from tests.integrations.salesforce_account_engagement.test_audit import Audited

Make = Callable[..., Org]
FAX = {"account_engagement": "fax", "salesforce": "Fax", "owner": "salesforce"}
RULE = {"field": "Region__c", "value": "Japan"}
LATER = timedelta(hours=2)  # no window reaches back so far


def changed(org: Org, **settings: Any) -> None:
    """Long after the records were read the settings change."""
    org.settle()
    org.tick(LATER)
    org.settings = settings_of(**settings)


@pytest.mark.req("A25")
def test_a_field_that_is_added_is_left_as_it_is_until_both_sides_were_read(
    org: Org, caplog: pytest.LogCaptureFixture
) -> None:
    lead, prospect = org.lead(Fax="03-1"), org.prospect(fax="03-9")
    changed(org, fields=(*FIELDS, FAX))
    org.edit(prospect, phone="2")
    org.tick()
    assert (org.get(lead)["Fax"], org.get(lead)["Phone"]) == ("03-1", "2")
    assert "1 pairs have fields that are new in the settings" in caplog.text
    [row] = org.rows("select decision -> 'fax' ->> 'reason' as reason from renkei.two_way_pair where state = 'live'")
    assert row.reason == "not_read"
    org.tick(full=True)
    assert (org.get(lead)["Fax"], org.get(prospect)["fax"]) == ("03-1", "03-1")


def test_a_sharing_rule_that_is_added_archives_nobody_it_has_not_looked_at(org: Org) -> None:
    for sobject in ("Lead", "Contact"):
        region = {"object": sobject, "name": "Region__c", "type": "string", "label": "Region"}
        org.vendors["salesforce"].objects["fields"].create([region])
    org.lead(Region__c="Japan")
    outside = org.lead(Email="b@example.jp", Region__c="US")
    inside, other = org.prospect(), org.prospect(email="b@example.jp")
    changed(org, connector={"sharing": {"lead": RULE, "contact": RULE}})
    org.edit(inside, phone="2")
    org.tick(replan=True)
    org.tick()
    assert [row["isDeleted"] for row in org.all("prospects")] == [False, False]
    assert set(org.skips(inside)) == {"not_read_since_the_settings_changed"}
    org.tick(full=True)
    assert (org.get(inside)["isDeleted"], org.get(other)["isDeleted"]) == (False, True)
    assert org.skips(outside)[-1] == "outside_sharing_rule"


def test_a_flag_that_is_named_later_holds_for_records_read_before(make_org: Make) -> None:
    org = make_org(do_not_sync_field=None)
    lead, flagged = org.lead(Phone="1"), org.prospect(isDoNotSync=True, phone="1")
    changed(org)
    org.edit(lead, Phone="2")
    org.tick()
    assert org.get(flagged)["phone"] == "1"
    org.tick(full=True)
    assert org.get(flagged)["phone"] == "1"
    assert org.skips(flagged)[-1] == "do_not_sync"


def test_an_audit_finds_no_drift_in_what_was_not_read(make_org: Make) -> None:
    audited = Audited(make_org(mode="audit", connector={"native": "running"}, shown_in_salesforce=()))
    org = audited.org
    lead = org.lead(Fax="03-1")
    prospect = org.prospect(salesforceId=lead, fax="03-1")
    audited.night()
    org.settings = settings_of(mode="audit", shown_in_salesforce=(), fields=(*FIELDS, FAX))
    org.edit(prospect, comments="電話した", fax="03-1")
    assert audited.night().open["drift"] == 0
