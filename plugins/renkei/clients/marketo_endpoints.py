"""Marketo's endpoints as Renkei calls them: path, right of the API role, and how long they may take.

Seconds are Adobe's documented server time-outs (30 s default, leads query 60, Sync Leads 90, paging token 300,
Sync Custom Objects 120) plus 20 for connecting and the way back.
Source: Adobe, Marketo developer documentation, endpoint reference and "Leads", "Activities", "Custom Objects".
"""

from __future__ import annotations

from dataclasses import dataclass

READ_LEAD = "Read-Only Person or Read-Write Person"
WRITE_LEAD = "Read-Write Person"
READ_ACTIVITY = "Read-Only Activity"
WRITE_ACTIVITY = "Read-Write Activity"
READ_ACTIVITY_TYPE = "Read-Only Activity Metadata or Read-Write Activity Metadata"
READ_OBJECT = "Read-Only Custom Object or Read-Write Custom Object"
WRITE_OBJECT = "Read-Write Custom Object"
READ_OBJECT_TYPE = "Read-Only Custom Object Type or Read-Write Custom Object Type"


@dataclass(frozen=True)
class Endpoint:
    """``query`` marks reads that are sent as POST with ``_method=GET``: their values can exceed the 8 KB of a URI."""

    name: str
    method: str
    path: str
    right: str
    seconds: float = 50.0
    write: bool = False
    query: bool = False


QUERY_LEADS = Endpoint("leads/query", "POST", "/rest/v1/leads.json", READ_LEAD, 80, query=True)
SYNC_LEADS = Endpoint("leads/sync", "POST", "/rest/v1/leads.json", WRITE_LEAD, 110, write=True)
DESCRIBE_LEADS = Endpoint("leads/describe", "GET", "/rest/v1/leads/describe2.json", READ_LEAD)

LIST_OBJECTS = Endpoint("customobjects/list", "GET", "/rest/v1/customobjects.json", READ_OBJECT)
DESCRIBE_OBJECT = Endpoint(
    "customobjects/describe", "GET", "/rest/v1/customobjects/{object}/describe.json", READ_OBJECT
)
DESCRIBE_OBJECT_TYPE = Endpoint(
    "customobjects/schema", "GET", "/rest/v1/customobjects/schema/{object}/describe.json", READ_OBJECT_TYPE
)
QUERY_OBJECTS = Endpoint(
    "customobjects/query", "POST", "/rest/v1/customobjects/{object}.json", READ_OBJECT, 80, query=True
)
SYNC_OBJECTS = Endpoint(
    "customobjects/sync", "POST", "/rest/v1/customobjects/{object}.json", WRITE_OBJECT, 140, write=True
)

MEMBERS = Endpoint("programs/members", "GET", "/rest/v1/programs/{program}/members.json", READ_LEAD)
MEMBER_STATUS = Endpoint(
    "programs/members/status", "POST", "/rest/v1/programs/{program}/members/status.json", WRITE_LEAD, 110, write=True
)

PAGING_TOKEN = Endpoint("activities/token", "GET", "/rest/v1/activities/pagingtoken.json", READ_ACTIVITY, 320)
ACTIVITIES = Endpoint("activities", "GET", "/rest/v1/activities.json", READ_ACTIVITY)
ACTIVITY_TYPES = Endpoint("activities/types", "GET", "/rest/v1/activities/types.json", READ_ACTIVITY)
LEAD_CHANGES = Endpoint("activities/leadchanges", "GET", "/rest/v1/activities/leadchanges.json", READ_ACTIVITY)
DELETED_LEADS = Endpoint("activities/deletedleads", "GET", "/rest/v1/activities/deletedleads.json", READ_ACTIVITY)

CUSTOM_TYPES = Endpoint(
    "activities/external/types", "GET", "/rest/v1/activities/external/types.json", READ_ACTIVITY_TYPE
)
ADD_ACTIVITIES = Endpoint(
    "activities/external", "POST", "/rest/v1/activities/external.json", WRITE_ACTIVITY, 110, write=True
)

USAGE = Endpoint("stats/usage", "GET", "/rest/v1/stats/usage.json", "")

BULK_RIGHTS = {
    "leads": READ_LEAD,
    "activities": READ_ACTIVITY,
    "program/members": READ_LEAD,
}


def bulk(kind: str, step: str) -> Endpoint:
    """One step of a bulk extract of ``kind`` ("leads", "activities", "customobjects/{api name}", …).

    A job that is created twice costs disk quota and delivers twice; creating counts as a write."""
    right = BULK_RIGHTS.get(kind, READ_OBJECT)
    job = "" if step == "create" else "/{job}"
    path = f"/bulk/v1/{kind}/export{job}/{step}.json"
    method = "GET" if step in ("status", "file") else "POST"
    return Endpoint(f"bulk/{step}", method, path, right, 320 if step == "file" else 50, write=method == "POST")
