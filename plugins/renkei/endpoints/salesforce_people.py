"""Who has an address in Salesforce: leads, contacts, users, and whether an owner can take a Task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from renkei.clients.salesforce import SalesforceClient
from renkei.clients.salesforce_soql import by_length, select
from renkei.errors import ConfigurationError
from renkei.sync.matching.normalise import email as normalised

Row = dict[str, Any]
_PERSON = ("Id", "Email", "OwnerId", "LastModifiedDate")


class SalesforcePeople:
    """Look-ups by address, many at a time. SOQL compares addresses without regard to capitals."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    def leads(self, addresses: Iterable[str]) -> dict[str, list[Row]]:
        """Address → leads. Converted ones are left out: they take neither Task nor membership."""
        return self._by_address(_PERSON, "Lead", "WHERE Email IN {} AND IsConverted = false", addresses)

    def contacts(self, addresses: Iterable[str]) -> dict[str, list[Row]]:
        """Address → contacts, those of person accounts among them."""
        return self._by_address(_PERSON, "Contact", "WHERE Email IN {}", addresses)

    def users(self, addresses: Iterable[str]) -> dict[str, list[Row]]:
        """Address → active users with a Salesforce licence."""
        where = "WHERE Email IN {} AND IsActive = true AND UserType = 'Standard'"
        return self._by_address(("Id", "Email", "LastModifiedDate"), "User", where, addresses)

    def owners(self, ids: Iterable[str]) -> dict[str, str]:
        """Owner id → ``user``, ``inactive user``, ``queue`` (one that takes Tasks) or ``other queue``."""
        wanted = sorted({one for one in ids if one})
        found = {one: "inactive user" for one in wanted if one.startswith("005")}
        for row in self._rows(("Id", "IsActive"), "User", "WHERE Id IN {}", sorted(found)):
            if row["IsActive"]:
                found[row["Id"]] = "user"
        queues = [one for one in wanted if one.startswith("00G")]
        taking = self._queues_for_tasks(queues)
        return found | {one: "queue" if one in taking else "other queue" for one in queues}

    def _queues_for_tasks(self, ids: Sequence[str]) -> set[str]:
        where = "WHERE SobjectType = 'Task' AND QueueId IN {}"
        try:
            return {str(row["QueueId"]) for row in self._rows(("QueueId",), "QueueSobject", where, ids)}
        except ConfigurationError:  # not every user may see what queues are for
            return set()

    def _by_address(
        self, fields: Sequence[str], sobject: str, where: str, addresses: Iterable[str]
    ) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self._rows(fields, sobject, where, sorted({one for one in addresses if one})):
            found.setdefault(normalised(row.get("Email")), []).append(row)
        return found

    def _rows(self, fields: Sequence[str], sobject: str, where: str, values: Sequence[str]) -> Iterable[Row]:
        for portion in by_length(values):
            yield from self._client.query(select(fields, sobject, where, portion))


def successors(client: SalesforceClient, ids: Iterable[str]) -> Mapping[str, set[str]]:
    """Lead or contact id → itself and what it became since: the contact it was converted to, the record it was
    merged into. Deleted records are asked too."""
    found: dict[str, set[str]] = {one: {one} for one in ids}
    going = {one: {one} for one in found}  # record to look at → the ids it was reached from, several after a merge
    for _ in range(4):  # a chain of merges and a conversion
        following: dict[str, set[str]] = {}
        for sobject, prefix, fields in (
            ("Lead", "00Q", ("Id", "ConvertedContactId", "MasterRecordId")),
            ("Contact", "003", ("Id", "MasterRecordId")),
        ):
            ids_here = sorted(one for one in going if one.startswith(prefix))
            for portion in by_length(ids_here):
                query = select(fields, sobject, "WHERE Id IN {}", portion)
                for row in client.query(query, include_deleted=True):
                    for became in filter(None, map(row.get, fields[1:])):
                        for origin in going[row["Id"]]:
                            if became not in found[origin]:
                                found[origin].add(became)
                                following.setdefault(became, set()).add(origin)
        if not following:
            break
        going = following
    return found
