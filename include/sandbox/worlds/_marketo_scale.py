"""The Marketo half of the scale world: leads made from seed and id when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from include.sandbox.worlds import _marketo_demo
from include.sandbox.worlds._on24_scale import KINDS_OF_PEOPLE, email_of, person_of
from include.sandbox.worlds._people import shared_lead

LEADS = 1_000_000
OLDEST = 700 * 86_400
NEWEST = 100 * 86_400


class ScaleLeads:
    """Lead n is person 2 (n − 1) of ON24's half: every other person who registers has a lead."""

    first_id = 1

    def __init__(self, seed: int, now: int, scale: float) -> None:
        self.count = max(int(LEADS * scale), 1)
        self._seed = seed
        self._now = now

    def lead(self, lead_id: int) -> dict[str, Any]:
        """API names, with id, createdAt and updatedAt."""
        person = 2 * (lead_id - 1)
        age = OLDEST - lead_id * (OLDEST - NEWEST) // self.count  # ids are given in the order of creation
        created = datetime.fromtimestamp(self._now - age, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "id": lead_id,
            "email": email_of(self._seed, person),
            **shared_lead(self._seed, person % KINDS_OF_PEOPLE),
            "leadPartitionId": 1,
            "isLead": True,
            "isAnonymous": False,
            "createdAt": created,
            "updatedAt": created,
            "_touched": created,
        }

    def find(self, field: str, value: str) -> Iterable[int]:
        """By e-mail address only; no other field of a generated lead can be looked up."""
        person = person_of(self._seed, value) if field == "email" else None
        if person is None or person % 2 or person // 2 >= self.count:
            return ()
        return (person // 2 + 1,)


def fill(marketo: Any, seed: int, now: int, scale: float) -> None:
    """A million leads times `scale`, and the custom object."""
    _marketo_demo.define_attendee_object(marketo)
    marketo.leads.table.generate(ScaleLeads(seed, now, scale))
