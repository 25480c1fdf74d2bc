"""What a new record is made of, and from which day on one is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from renkei.integrations.salesforce_account_engagement import metadata
from renkei.integrations.salesforce_account_engagement.names import LEAD
from renkei.integrations.salesforce_account_engagement.people import Eligibility
from renkei.sync.flow import Stored
from tests.integrations.salesforce_account_engagement.org import Org, settings_of

Make = Callable[..., Org]


def test_a_new_lead_has_the_prospects_name_and_company_though_they_are_not_mapped(make_org: Make) -> None:
    org = make_org(fields=({"account_engagement": "phone", "salesforce": "Phone", "owner": "most_recent"},))
    org.prospect(lastName="鈴木", company="株式会社例", userId=1)
    org.settle()
    [lead] = org.live("Lead")
    assert (lead["LastName"], lead["Company"]) == ("鈴木", "株式会社例")


@pytest.mark.parametrize(("created", "new"), [("2026-10-31T14:59:59Z", False), ("2026-10-31T15:00:00Z", True)])
def test_a_day_of_the_settings_begins_in_tokyo(created: str, new: bool) -> None:
    settings = settings_of(creates={"prospects_since": date(2026, 11, 1)})
    lead = Stored(LEAD, "00Q", {"CreatedDate": created}, None, None, False, datetime(2026, 11, 20, tzinfo=UTC))
    assert Eligibility(settings).is_new(lead) is new


def test_a_deleted_campaign_of_the_same_name_keeps_nobody_from_being_connected() -> None:
    campaigns = [{"id": 1, "name": "春", "isDeleted": True}, {"id": 2, "name": "春", "isDeleted": False}]
    plan = metadata.plan([], campaigns, [], [{"Id": "701", "Name": "春"}])
    assert (plan.connects, plan.unconnected) == ([(2, "701")], [])
