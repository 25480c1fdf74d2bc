"""Where CRM ids lead: over conversions and merges, and to another record when somebody changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from renkei.integrations.salesforce_account_engagement.group_index import GroupIndex
from renkei.integrations.salesforce_account_engagement.names import CRM_ID
from renkei.integrations.salesforce_account_engagement.people import Eligibility, is_converted
from renkei.sync.flow import Stored
from renkei.sync.two_way import Pair, place


def follow(people: Mapping[str, Stored], crm_id: str) -> Stored | None:
    """The record a CRM id leads to, over conversions and merges."""
    seen: set[str] = set()
    while crm_id not in seen:
        seen.add(crm_id)
        person = people.get(crm_id)
        if person is None or person.parent is None or not (person.deleted or is_converted(person)):
            return person
        crm_id = person.parent
    return None


def moved(live: Sequence[Pair], index: GroupIndex, eligible: Eligibility) -> dict[int, Stored]:
    """Live pairs whose prospect somebody has given the CRM id of another record, and that record; it must be nobody
    else's counterpart, or one of a pair that moves too."""
    found: dict[int, Stored] = {}
    wanted: set[str] = set()
    for pair in live:
        person = _leads_elsewhere(pair, index, eligible)
        if person is not None and person.key not in wanted:
            found[pair.id] = person
            wanted.add(person.key)
    while taken := {pair.left for pair in live if pair.id not in found} & {place(one) for one in found.values()}:
        found = {pair_id: one for pair_id, one in found.items() if place(one) not in taken}
    return found


def _leads_elsewhere(pair: Pair, index: GroupIndex, eligible: Eligibility) -> Stored | None:
    """Only where the prospect has shown its counterpart's id before: else our own write is still on its way."""
    prospect = index.prospects.get(pair.right[1])
    if prospect is None or prospect.deleted or eligible.left_alone(prospect):
        return None
    reached, shown = (pair.agreed.get(CRM_ID) or {}).get("value"), prospect.payload.get(CRM_ID)
    if reached != pair.left[1] or not shown or shown == reached:
        return None
    person = follow(index.people, str(shown))
    return person if person is not None and person.key != reached and eligible.live(person) else None
