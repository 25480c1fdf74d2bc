"""What is asked of a group again and again, worked out once: a placeholder address gathers thousands of records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

from renkei.integrations.salesforce_account_engagement.people import address, told
from renkei.sync.flow import Stored
from renkei.sync.two_way import Group, Pair, Place, place

MOST_TOLD = 20  # of the records that could have been meant too


class GroupIndex:
    """``live``: whether a lead or contact can be somebody's counterpart; ``rank``: who is preferred, least first."""

    def __init__(self, group: Group, live: Callable[[Stored], bool], rank: Callable[[Stored], tuple[Any, ...]]) -> None:
        self.people = {person.key: person for person in group.left}
        self.prospects = {prospect.key: prospect for prospect in group.right}
        self.crm_ids = {prospect.parent for prospect in group.right}
        self.addresses: dict[Place, str | None] = {place(one): address(one) for one in (*group.left, *group.right)}
        self.prospect_addresses = {self.addresses[place(prospect)] for prospect in group.right}
        self._live_at: dict[str | None, list[Stored]] = defaultdict(list)
        for person in sorted(group.left, key=rank):
            if live(person):
                self._live_at[self.addresses[place(person)]].append(person)
        self._last_pairs: dict[Place, Pair] = {}
        for pair in group.pairs:
            self._last_pairs.setdefault(pair.right, pair)
        self._origins: dict[str, Place] = {}
        for origin, made in group.created.items():
            self._origins.setdefault(made, origin)

    def address(self, record: Stored) -> str | None:
        """The normalised address."""
        return self.addresses[place(record)]

    def live_at(self, record: Stored) -> list[Stored]:
        """Leads and contacts with this record's address that can be a counterpart, the preferred first."""
        return self._live_at.get(self.address(record), [])

    def last_pair(self, prospect: Stored) -> Pair | None:
        """The newest pair of a prospect, live or retired."""
        return self._last_pairs.get(place(prospect))

    def origin(self, prospect: Stored) -> Place | None:
        """Whom a prospect was created for."""
        return self._origins.get(prospect.key)


def ambiguity(chosen: Stored, found: list[Stored], is_free: Callable[[Stored], bool]) -> dict[str, Any]:
    """Who else could have been meant, for a pair's explanation: those nobody is paired with first, and how many."""
    if len(found) < 2:
        return {}
    others: Iterator[Stored] = chain(
        (one for one in found if one is not chosen and is_free(one)), (one for one in found if not is_free(one))
    )
    names = [told(one) for one in islice(others, MOST_TOLD)]
    more = len(found) - 1 - len(names)
    return {"ambiguous": names, "and_more": more} if more else {"ambiguous": names}
