"""Salesforce as the bookings need it, on one client."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from renkei.endpoints.salesforce_activity import Client, SalesforceMembers, SalesforceTasks, campaign
from renkei.endpoints.salesforce_people import SalesforcePeople
from renkei.endpoints.salesforce_sightings import MemberSightings, TaskSightings
from renkei.integrations.immedio_salesforce.flow import Ends
from renkei.integrations.immedio_salesforce.settings import Settings

__all__ = ["campaign", "ends_of"]

Known = Callable[[Sequence[str]], Collection[str]]


def ends_of(settings: Settings, client: Client, org: str, known: Known) -> Ends:
    """``org``: ``salesforce:<org id>``; ``known`` tells which Task ids are in the ledger already."""
    return Ends(
        tasks=SalesforceTasks(client, org),
        members=SalesforceMembers(client, org),
        people=SalesforcePeople(client),
        task_sightings=TaskSightings(client, known, settings.todo.booking_id_field),
        member_sightings=MemberSightings(client),
        vendor_now=client.now,
    )
