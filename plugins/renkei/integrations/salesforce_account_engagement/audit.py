"""What is wrong between the two systems, record by record, with reason and remedy. Pure: no vendor is asked, what is
stored of both sides is enough."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from renkei.integrations.salesforce_account_engagement.fields import rules
from renkei.integrations.salesforce_account_engagement.group_index import MOST_TOLD
from renkei.integrations.salesforce_account_engagement.people import (
    Eligibility,
    address,
    is_assigned,
    is_converted,
)
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.flow import Stored
from renkei.sync.resolve import Seen, resolve, told

LAST_SYNC = "salesforceLastSync"
KINDS = (
    "drift", "unsynced", "lagging", "ambiguous_email", "dangling_crm_id", "converted_not_relinked",
    "archived_but_live", "unmapped_user", "one_to_one",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One finding. ``side``: salesforce or account_engagement, whose record it is about."""

    kind: str
    record: str
    reason: str
    remedy: str
    field: str = ""
    object: str = "prospect"
    side: str = "account_engagement"
    detail: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Surroundings:
    """A prospect with all that may concern it: people by id (its CRM id's record and its heirs, same address), and the
    other prospects with its address or CRM id."""

    prospect: Stored
    people: Mapping[str, Stored]
    others: Sequence[Stored]


@dataclass(frozen=True)
class Auditor:
    """``now``: the vendors' clock. A change younger than the lag is still on its way and no finding."""

    settings: Settings
    now: datetime

    def look(self, at: Surroundings) -> Iterator[Found]:
        """Every finding about one prospect."""
        prospect = at.prospect
        person = at.people.get(prospect.parent) if prospect.parent else None
        if Eligibility(self.settings).left_alone(prospect):
            return
        if prospect.deleted:
            yield from self._archived(prospect, person)
            return
        looks: Sequence[Callable[[Surroundings, Stored | None], Iterator[Found]]] = (
            self._link, self._one_to_one, self._ambiguous, self._unsynced, self._lagging, self._drift,
        )  # fmt: skip
        for look in looks:
            yield from look(at, person)

    def user(self, user_id: str, salesforce_id: str | None) -> Iterator[Found]:
        """A user without a Salesforce user."""
        if not salesforce_id:
            yield Found(
                "unmapped_user", user_id, "The user has no Salesforce user.",
                "Map the user in Account Engagement; records of their prospects belong to somebody else meanwhile.",
                object="user",
            )  # fmt: skip

    def _archived(self, prospect: Stored, person: Stored | None) -> Iterator[Found]:
        if person is not None and Eligibility(self.settings).live(person) and self._old(prospect):
            yield Found(
                "archived_but_live", prospect.key, "The prospect is in the recycle bin, its Salesforce record is live.",
                "Bring the prospect back, or delete the record in Salesforce.", detail={"salesforce": person.key},
            )  # fmt: skip

    def _link(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        prospect = at.prospect
        if prospect.parent is None:
            return
        if person is not None and is_converted(person):
            yield Found(
                "converted_not_relinked", prospect.key, "Its lead was converted; it still points to the lead.",
                "Sync the prospect by hand, so that it takes the contact's id.",
                detail={"lead": person.key, "contact": person.parent},
            )  # fmt: skip
        elif person is None or person.deleted:
            heir = person.parent if person is not None else None
            yield Found(
                "dangling_crm_id", prospect.key,
                "Its CRM id leads to a record that was merged away." if heir else "Its CRM id leads to no live record.",
                "Sync it by hand, so that it takes the winner's id." if heir else
                "Archive the prospect, or take its CRM id out and have it matched anew.",
                detail={"crm_id": prospect.parent, "merged_into": heir},
            )  # fmt: skip

    def _one_to_one(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        prospect = at.prospect
        same = [one.key for one in at.others if prospect.parent and one.parent == prospect.parent and not one.deleted]
        if same:
            yield Found(
                "one_to_one", prospect.key, "Several prospects have the same CRM id.",
                "Merge them in Account Engagement, or correct the CRM id of all but one.",
                detail={"prospects": sorted(same)[:MOST_TOLD], "crm_id": prospect.parent},
            )  # fmt: skip

    def _ambiguous(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        prospect, mine = at.prospect, address(at.prospect)
        if mine is None:
            return
        people = self._namesakes(at)
        if prospect.parent is None and len(people) > 1:
            yield Found(
                "ambiguous_email", prospect.key, f"{len(people)} Salesforce records have its address, and it has no "
                "CRM id: which is meant, is not defined.", "Merge the records, or give the prospect the right CRM id.",
                detail={"salesforce": sorted(one.key for one in people)[:MOST_TOLD]},
            )  # fmt: skip
        others = [one.key for one in at.others if address(one) == mine and not one.deleted]
        if others and not self.settings.several_prospects_per_address:
            yield Found(
                "ambiguous_email", prospect.key, "Other prospects have its address.",
                "Merge them; or set several_prospects_per_address, if the account allows it.",
                detail={"prospects": sorted(others)[:MOST_TOLD]},
            )  # fmt: skip

    def _namesakes(self, at: Surroundings) -> list[Stored]:
        eligible, mine = Eligibility(self.settings), address(at.prospect)
        return [one for one in at.people.values() if eligible.live(one) and address(one) == mine]

    def _unsynced(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        prospect = at.prospect
        if prospect.parent is not None or not self._old(prospect):
            return
        if is_assigned(prospect):
            why = "The prospect is assigned and has no Salesforce record."
        elif self._namesakes(at) and not self.settings.several_prospects_per_address:
            why = "A Salesforce record has its address, and the prospect is not linked to it."
        else:
            return  # unassigned without match: never created, as it should be
        yield Found("unsynced", prospect.key, why, "See its sync errors; then sync it by hand.")

    def _lagging(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        """With the vendor's connector: changed after its last sync, and that long ago."""
        text = at.prospect.payload.get(LAST_SYNC)
        if person is None or not text or not Eligibility(self.settings).live(person):
            return
        last = datetime.fromisoformat(str(text))
        for record, name in ((person, "Salesforce record"), (at.prospect, "prospect")):
            if record.version is not None and record.version > last + self._lag and self._old(record):
                yield Found(
                    "lagging", at.prospect.key, f"The {name} changed after the last sync and was not synced since.",
                    "See its sync errors and whether the connector runs; then sync it by hand.",
                    detail={"changed_at": record.version.isoformat(), "last_sync": last.isoformat()},
                )  # fmt: skip
                return

    def _drift(self, at: Surroundings, person: Stored | None) -> Iterator[Found]:
        prospect = at.prospect
        if person is None or not Eligibility(self.settings).live(person):
            return
        if not (self._old(person) and self._old(prospect)):
            return
        for rule in rules(self.settings, person.feed):
            if rule.left not in person.payload or rule.right not in prospect.payload:
                continue  # new in the settings, and not read yet
            left = Seen(person.payload.get(rule.left), person.version)
            right = Seen(prospect.payload.get(rule.right), prospect.version)
            resolved = resolve(rule, None, left, right)
            if resolved.writes is not None:
                side = "Salesforce" if resolved.writes == "left" else "Account Engagement"
                yield Found(
                    "drift", prospect.key, f"The sides differ; by the policy {side} should take the other's value.",
                    "Change one side and let it sync; where it keeps differing, see the record's sync errors.",
                    field=rule.name,
                    detail={"salesforce": person.key, **told(rule, None, left, right, resolved)},
                )  # fmt: skip

    @property
    def _lag(self) -> timedelta:
        return timedelta(minutes=self.settings.audit.lag_minutes)

    def _old(self, record: Stored) -> bool:
        return record.version is None or record.version < self.now - self._lag
