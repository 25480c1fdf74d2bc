"""Which lead fields go to KARTE, held against what this Marketo instance says it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkei.integrations.karte_marketo.settings import Settings

# The lead's fields in every Marketo instance, by REST name (Adobe, "List of standard fields").
_STANDARD = """
id email firstName middleName lastName salutation title phone mobilePhone fax address city state country postalCode
dateOfBirth department rating website company mainPhone billingStreet billingCity billingState billingCountry
billingPostalCode industry sicCode annualRevenue numberOfEmployees externalCompanyId leadSource leadStatus leadRole
leadScore relativeScore relativeUrgency priority urgency unsubscribed unsubscribedReason emailInvalid emailInvalidCause
emailSuspended emailSuspendedAt emailSuspendedCause doNotCall doNotCallReason marketingSuspended
marketingSuspendedCause blackListed blackListedCause personType personSource site facebookDisplayName twitterDisplayName
linkedInDisplayName isLead isCustomer isPartner mktoIsCustomer mktoIsPartner leadPartitionId mktoName
mktoAcquisitionDate mktoPersonNotes acquisitionProgramId originalSourceType originalSourceInfo originalReferrer
originalSearchEngine originalSearchPhrase registrationSourceType registrationSourceInfo anonymousIP inferredCompany
inferredCountry inferredCity inferredStateRegion inferredPostalCode inferredMetropolitanArea inferredPhoneAreaCode
ecids sfdcId sfdcLeadId sfdcContactId sfdcAccountId sfdcType sfdcLeadOwnerId externalSalesPersonId createdAt updatedAt
"""
STANDARD = frozenset(_STANDARD.split())
DATES = frozenset({"date", "datetime"})
STAMP = "updatedAt"  # moves with every change of the lead, also of what is not carried: sent along, never compared
NEEDED = ("id", "email", STAMP, "unsubscribed", "emailInvalid")


@dataclass(frozen=True)
class CarriedFields:
    """``names``: what goes under ``identify.marketo``, in order; ``asked``: what is asked of Marketo for it;
    ``missing``: named in the settings, unknown to Marketo; ``dates``: date fields among the rows."""

    names: tuple[str, ...] = ()
    asked: tuple[str, ...] = NEEDED
    missing: tuple[str, ...] = ()
    dates: Mapping[str, str] = field(default_factory=dict)


def carried_fields(settings: Settings, described: Sequence[Mapping[str, Any]]) -> CarriedFields:
    """``described``: the fields of describe2."""
    types = {str(one["name"]): str(one.get("dataType", "")) for one in described}
    wanted = settings.lead_fields
    standard = [name for name in types if name in STANDARD]
    custom = [name for name in wanted.custom if name in types and name not in STANDARD]
    names = tuple(name for name in dict.fromkeys([*standard, *custom]) if name not in settings.blocked)
    sources = [row.source for row in wanted.rows]
    missing = tuple(name for name in dict.fromkeys([*wanted.custom, *sources]) if name not in types)
    asked = [name for name in (*NEEDED, *names, *sources) if name in types]
    dates = {name: types[name] for name in sources if types.get(name) in DATES}
    return CarriedFields(names, tuple(dict.fromkeys(asked)), missing, dates)
