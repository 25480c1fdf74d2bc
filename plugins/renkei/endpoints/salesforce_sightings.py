"""What became of a Task or membership whose answer never came: searched for by what was sent.

REST knows no idempotency key, and a Task's comment cannot be filtered by; so a Task is found by subject, day, who and
creation since it was sent, less those whose answer did come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_soql import path, select
from renkei.endpoints.salesforce_people import successors
from renkei.sync.ports import Doubt, Seen, Sighting

Row = dict[str, Any]
BEFORE = timedelta(minutes=1)  # clocks differ by less
_FIELDS = ("Id", "WhoId", "OwnerId", "Subject", "ActivityDate")


class TaskSightings:
    """``known`` tells which of some Task ids are in the ledger already; ``id_field`` is a field of Task that holds the
    booking's id, where the org has one."""

    def __init__(
        self, client: SalesforceClient, known: Callable[[Sequence[str]], Collection[str]], id_field: str | None = None
    ) -> None:
        self._client = client
        self._known = known
        self._id_field = id_field

    def __call__(self, doubts: Sequence[Doubt]) -> Mapping[str, Sighting]:
        """Each Task found stands for one doubt only."""
        given: set[str] = set()
        became = successors(self._client, [who for one in doubts if (who := one.fields.get("WhoId"))])
        found: dict[str, Sighting] = {}
        for doubt in doubts:
            rows = [row for row in self._rows(doubt) if row["Id"] not in given]
            taken = set(self._known([row["Id"] for row in rows]))
            mine = next((row for row in rows if row["Id"] not in taken and _is_of(row, doubt, became)), None)
            if mine:
                given.add(mine["Id"])
            found[doubt.key] = Sighting(Seen.FOUND, mine["Id"]) if mine else Sighting(Seen.ABSENT)
        return found

    def _rows(self, doubt: Doubt) -> list[Row]:
        since = self._client.now() - doubt.age - BEFORE
        me = self._client.user_id
        own = self._id_field and doubt.fields.get(self._id_field)
        if self._id_field and own:
            query = select(_FIELDS, "Task", f"WHERE {path(self._id_field)} = {{}} AND CreatedById = {{}}", own, me)
        else:
            where = "WHERE CreatedById = {} AND CreatedDate >= {} ORDER BY CreatedDate, Id"
            query = select(_FIELDS, "Task", where, me, since)
        return list(self._client.query(query, include_deleted=True))


def _is_of(row: Row, doubt: Doubt, became: Mapping[str, set[str]]) -> bool:
    """Whether a Task is what was sent; the person may have been converted or merged since, the Task reassigned."""
    sent = doubt.fields
    who = sent.get("WhoId")
    if any((row.get(name) or None) != (sent.get(name) or None) for name in ("Subject", "ActivityDate")):
        return False
    if who is None:
        return row.get("WhoId") is None and row.get("OwnerId") == sent.get("OwnerId")
    return row.get("WhoId") in became.get(who, {who})


class MemberSightings:
    """A membership is there or not; whoever made it, there can be one only."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    def __call__(self, doubts: Sequence[Doubt]) -> Mapping[str, Sighting]:
        became = successors(self._client, [person for one in doubts if (person := _person(one.fields))])
        found: dict[str, Sighting] = {}
        for doubt in doubts:
            people = sorted(became.get(_person(doubt.fields), ()))
            if not people:  # forgotten meanwhile
                found[doubt.key] = Sighting(Seen.ABSENT)
                continue
            where = "WHERE CampaignId = {} AND (LeadId IN {} OR ContactId IN {})"
            query = select(("Id",), "CampaignMember", where, str(doubt.fields["CampaignId"]), people, people)
            row = next(iter(self._client.query(query)), None)
            found[doubt.key] = Sighting(Seen.FOUND, row["Id"]) if row else Sighting(Seen.ABSENT)
        return found


def _person(fields: Mapping[str, Any]) -> str:
    return str(fields.get("ContactId") or fields.get("LeadId") or "")
