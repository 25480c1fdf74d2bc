"""One owner per field over all settings."""

from __future__ import annotations

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations.on24_marketo.settings import Settings
from renkei.integrations.ownership import Claim, refuse_second_owner


def test_a_second_owner_is_refused_with_both_names() -> None:
    claims = [Claim("m", "lead", "pEPURL__c", "on24_marketo"), Claim("m", "Lead", "pepurl__c", "senses_to_marketo")]
    with pytest.raises(ConfigurationError, match=r"senses_to_marketo: Lead\.pepurl__c .* updated by on24_marketo"):
        refuse_second_owner(claims)


def test_other_accounts_objects_and_own_claims_do_not_conflict() -> None:
    refuse_second_owner(
        [
            Claim("m", "lead", "a", "one"),
            Claim("n", "lead", "a", "two"),
            Claim("m", "contact", "a", "two"),
            Claim("m", "lead", "a", "one"),
        ]
    )


def test_on24_claims_its_record_fields_and_what_is_switched_on() -> None:
    assert {claim.object for claim in Settings().claims()} == {"oN24Attendee_c"}
    more = Settings.model_validate({"profile_url": {"enabled": True}, "member_status": {"programs": {4100001: 1001}}})
    assert {("lead", "pEPURL__c"), ("member of program 1001", "statusName")} <= {
        (claim.object, claim.field) for claim in more.claims()
    }
