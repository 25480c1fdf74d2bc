"""The fields of a lead: Marketo's standard ones and those an administrator added."""

from __future__ import annotations

from typing import Any

from include.sandbox.errors import ControlError
from include.sandbox.marketo.fields import DATA_TYPES, LENGTHS, SEARCHABLE_TYPES, Field

READ_ONLY = "r"
COMPANY = "c"
_STANDARD = """
id|Id|integer|r
email|Email Address|email
firstName|First Name|string
middleName|Middle Name|string
lastName|Last Name|string
salutation|Salutation|string
title|Job Title|string
phone|Phone Number|phone
mobilePhone|Mobile Phone Number|phone
fax|Fax Number|phone
address|Address|text
city|City|string
state|State|string
country|Country|string
postalCode|Postal Code|string
dateOfBirth|Date of Birth|date
department|Department|string
rating|Lead Rating|string
website|Website|url|c
company|Company Name|string|c
mainPhone|Main Phone|phone|c
billingStreet|Billing Address|text|c
billingCity|Billing City|string|c
billingState|Billing State|string|c
billingCountry|Billing Country|string|c
billingPostalCode|Billing Postal Code|string|c
industry|Industry|string|c
sicCode|SIC Code|string|c
annualRevenue|Annual Revenue|currency|c
numberOfEmployees|Num Employees|integer|c
externalCompanyId|External Company Id|string
leadSource|Lead Source|string
leadStatus|Lead Status|string
leadRole|Role|string
leadScore|Lead Score|score
relativeScore|Relative Score|integer|r
relativeUrgency|Relative Urgency|integer|r
priority|Priority|integer
urgency|Urgency|float
unsubscribed|Unsubscribed|boolean
unsubscribedReason|Unsubscribed Reason|text
emailInvalid|Email Invalid|boolean
emailInvalidCause|Email Invalid Cause|text
doNotCall|Do Not Call|boolean
doNotCallReason|Do Not Call Reason|text
marketingSuspended|Marketing Suspended|boolean
blackListed|Black Listed|boolean
personType|Person Type|string
isLead|Is Lead|boolean|r
isAnonymous|Is Anonymous|boolean|r
leadPartitionId|Lead Partition Id|integer|r
mktoName|Full Name|string|r
mktoAcquisitionDate|Acquisition Date|datetime
acquisitionProgramId|Acquisition Program Id|integer
originalSourceType|Original Source Type|string|r
originalSourceInfo|Original Source Info|string|r
registrationSourceType|Registration Source Type|string|r
registrationSourceInfo|Registration Source Info|string|r
cookies|Marketo Cookie|string|r
sfdcId|SFDC Id|string|r
sfdcLeadId|SFDC Lead Id|string|r
sfdcContactId|SFDC Contact Id|string|r
sfdcAccountId|SFDC Account Id|string|r
sfdcType|SFDC Type|string|r
createdAt|Created At|datetime|r
updatedAt|Updated At|datetime|r
"""
ALWAYS_SEARCHABLE = ("id", "cookies", "email", "leadPartitionId", "sfdcId", "sfdcAccountId", "sfdcContactId",
                     "sfdcLeadId")


class LeadFields:
    """The lead's schema by API name."""

    def __init__(self) -> None:
        self.by_name: dict[str, Field] = {}
        for line in _STANDARD.strip().splitlines():
            name, display, data_type, *marks = line.split("|")
            self._put(name, display, data_type, read_only=READ_ONLY in marks, company=COMPANY in marks)

    def get(self, name: str) -> Field | None:
        """The field of that API name, or None."""
        return self.by_name.get(name)

    def add(self, name: str, data_type: str = "string", display_name: str | None = None,
            length: int | None = None) -> Field:
        """Adds a custom field, as an administrator does in Field Management."""
        if name in self.by_name:
            raise ControlError(f"the lead already has a field {name!r}")
        if data_type not in DATA_TYPES:
            raise ControlError(f"a lead field has no type {data_type!r}; types: {', '.join(DATA_TYPES)}")
        return self._put(name, display_name or name, data_type, length=length, custom=True)

    def remove(self, name: str) -> None:
        """Takes a custom field away again."""
        if name not in self.by_name or not self.by_name[name].custom:
            raise ControlError(f"the lead has no custom field {name!r}", 404)
        del self.by_name[name]

    def searchable(self, name: str) -> bool:
        """Whether the field can be a filterType or lookupField (Adobe: leads; describe2 lists them)."""
        field = self.by_name.get(name)
        return field is not None and (
            name in ALWAYS_SEARCHABLE or (field.custom and field.data_type in SEARCHABLE_TYPES))

    def _put(self, name: str, display_name: str, data_type: str, *, length: int | None = None,
             read_only: bool = False, company: bool = False, custom: bool = False) -> Field:
        number = max((field.id for field in self.by_name.values()), default=0) + 1
        field = Field(number, name, display_name, data_type, length or LENGTHS.get(data_type), read_only, custom,
                      company)
        self.by_name[name] = field
        return field


def field_record(field: Field) -> dict[str, Any]:
    """A field as the control plane shows it."""
    return {"name": field.name, "displayName": field.display_name, "dataType": field.data_type,
            "length": field.length, "isCustom": field.custom}
