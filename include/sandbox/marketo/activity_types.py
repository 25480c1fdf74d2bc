"""The activity types the sandbox knows, as ``activities/types.json`` shows them (Adobe: activities)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NEW_LEAD, CHANGE_VALUE, CHANGE_SCORE = 12, 13, 22
ADD_TO_LIST, REMOVE_FROM_LIST = 24, 25
MERGE_LEADS, DELETE_LEAD = 32, 37
CHANGE_STATUS, CHANGE_MEMBER_DATA = 104, 123
FIRST_CUSTOM = 100001


@dataclass(frozen=True)
class ActivityType:
    """One type; attributes are (name, data type), the primary one may be missing."""

    id: int
    name: str
    description: str
    primary: tuple[str, str] | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    api_name: str | None = None
    attribute_api_names: dict[str, str] = field(default_factory=dict)
    status: str = "approved"  # of a custom type: draft, approved, approved with draft

    def describe(self) -> dict[str, Any]:
        """The type's line in ``types.json``."""
        line: dict[str, Any] = {"id": self.id, "name": self.name, "description": self.description}
        if self.api_name:
            line["apiName"] = self.api_name
        if self.primary:
            line["primaryAttribute"] = {"name": self.primary[0], "dataType": self.primary[1]}
        line["attributes"] = [{"name": name, "dataType": data_type} for name, data_type in self.attributes]
        return line


STANDARD = (
    ActivityType(1, "Visit Webpage", "User visits a web page", ("Webpage ID", "integer"),
                 (("Client IP Address", "string"), ("Query Parameters", "string"), ("Referrer URL", "string"),
                  ("User Agent", "string"), ("Webpage URL", "string"))),
    ActivityType(2, "Fill Out Form", "User fills out and submits form on web page", ("Webform ID", "integer"),
                 (("Client IP Address", "string"), ("Form Fields", "text"), ("Query Parameters", "string"),
                  ("Referrer URL", "string"), ("User Agent", "string"), ("Webpage ID", "integer"))),
    ActivityType(3, "Click Link", "User clicks link on a page", ("Link ID", "integer"),
                 (("Client IP Address", "string"), ("Query Parameters", "string"), ("Webpage ID", "integer"))),
    ActivityType(6, "Send Email", "Send Marketo Email to a person", ("Mailing ID", "integer"),
                 (("Campaign Run ID", "integer"), ("Step ID", "integer"))),
    ActivityType(7, "Email Delivered", "Marketo Email is delivered to a lead/contact", ("Mailing ID", "integer"),
                 (("Campaign Run ID", "integer"), ("Step ID", "integer"))),
    ActivityType(8, "Email Bounced", "Marketo Email is bounced for a lead", ("Mailing ID", "integer"),
                 (("Category", "string"), ("Details", "string"), ("Email", "string"))),
    ActivityType(9, "Unsubscribe Email", "Person unsubscribed from Marketo Emails", ("Mailing ID", "integer"),
                 (("Client IP Address", "string"), ("Form Fields", "text"))),
    ActivityType(10, "Open Email", "User opens Marketo Email", ("Mailing ID", "integer"),
                 (("Device", "string"), ("Is Mobile Device", "boolean"), ("Platform", "string"))),
    ActivityType(11, "Click Email", "User clicks on a link in a Marketo Email", ("Mailing ID", "integer"),
                 (("Device", "string"), ("Is Mobile Device", "boolean"), ("Link", "string"))),
    ActivityType(NEW_LEAD, "New Lead", "New person/record is added to the lead database", None,
                 (("API Method Name", "string"), ("Created Date", "date"), ("Lead Source", "string"),
                  ("Modifying User", "string"), ("Source Type", "string"))),
    ActivityType(CHANGE_VALUE, "Change Data Value", "Changed attribute value for a person/record",
                 ("Attribute Name", "string"),
                 (("API Method Name", "string"), ("Modifying User", "string"), ("New Value", "string"),
                  ("Old Value", "string"), ("Reason", "string"), ("Source", "string"))),
    ActivityType(CHANGE_SCORE, "Change Score", "Modify the score", ("Score Name", "string"),
                 (("Change Value", "string"), ("New Value", "integer"), ("Old Value", "integer"),
                  ("Reason", "string"))),
    ActivityType(ADD_TO_LIST, "Add to List", "Add a person/record to a list", ("List ID", "integer"),
                 (("Source", "string"),)),
    ActivityType(REMOVE_FROM_LIST, "Remove from List", "Remove this lead from a list", ("List ID", "integer"),
                 (("Source", "string"),)),
    ActivityType(27, "Email Bounced Soft", "Campaign Email is bounced soft for a lead", ("Mailing ID", "integer"),
                 (("Category", "string"), ("Details", "string"), ("Email", "string"))),
    ActivityType(MERGE_LEADS, "Merge Leads", "Merge two or more leads into a single record", ("Lead ID", "integer"),
                 (("Master Updated", "boolean"), ("Merge IDs", "string"), ("Merge Source", "string"),
                  ("Merged in Sales", "boolean"))),
    ActivityType(DELETE_LEAD, "Delete Lead", "Delete the lead record from the database", ("Lead ID", "integer"),
                 (("Campaign", "string"), ("Remove from CRM", "boolean"))),
    ActivityType(38, "Send Alert", "Send alert email about a person", ("Mailing ID", "integer"),
                 (("Send To List", "string"),)),
    ActivityType(47, "Request Campaign", "Campaign is requested", ("Campaign ID", "integer"), (("Source", "string"),)),
    ActivityType(100, "Change Lead Partition", "Partition is changed for a lead", ("New Partition ID", "integer"),
                 (("Old Partition ID", "integer"), ("Reason", "string"))),
    ActivityType(CHANGE_STATUS, "Change Status in Progression", "Change the status in a program progression",
                 ("Program ID", "integer"),
                 (("Acquired By", "boolean"), ("New Status", "string"), ("New Status ID", "integer"),
                  ("Old Status", "string"), ("Old Status ID", "integer"), ("Reason", "string"),
                  ("Success", "boolean"))),
    ActivityType(CHANGE_MEMBER_DATA, "Change Program Member Data", "Changed member attribute value for a person",
                 ("Attribute Name", "string"),
                 (("New Value", "string"), ("Old Value", "string"), ("Program", "string"), ("Reason", "string"))),
)
