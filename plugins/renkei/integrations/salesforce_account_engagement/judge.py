"""Which prospect is which lead, contact or person account, what is created or archived, and who is left alone.

The order of the vendor's rules (reference §9, §10): paused → do not sync → sharing rule → match → may it be created.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkei.integrations.salesforce_account_engagement.creates import Creator
from renkei.integrations.salesforce_account_engagement.crm_ids import follow, moved
from renkei.integrations.salesforce_account_engagement.fields import rules
from renkei.integrations.salesforce_account_engagement.group_index import GroupIndex, ambiguity
from renkei.integrations.salesforce_account_engagement.names import (
    CONTACTS,
    CRM_ID,
    IS_DELETED,
    LEAD,
    LEADS,
    NEW_PEOPLE,
    NEW_PROSPECTS,
    PERSON_ACCOUNTS,
    PROSPECT,
    PROSPECTS,
)
from renkei.integrations.salesforce_account_engagement.people import (
    Eligibility,
    address,
    is_assigned,
    is_converted,
    is_person_account,
    newest_first,
)
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.sync.flow import Skip, Stored, Write
from renkei.sync.two_way import Group, Judgement, Match, Pair, Place, Wanted, place

ARCHIVED_FOR = ("deleted_in_salesforce", "outside_sharing_rule", "merged_into_another")
PAUSED = "paused"
NOT_READ = "not_read_since_the_settings_changed"
ADDRESS_CHANGED = "address_changed_in_salesforce"
CRM_ID_CHANGED = "crm_id_changed"


def stage_of(record: Stored) -> str:
    """The stage that updates a record by its id."""
    if record.feed == PROSPECT:
        return PROSPECTS
    if record.feed == LEAD:
        return LEADS
    return PERSON_ACCOUNTS if is_person_account(record) else CONTACTS


@dataclass(frozen=True)
class Judge:
    """``only``: while paused, records named by hand (any id of either side); None: not paused."""

    settings: Settings
    creator: Creator
    only: Collection[str] | None = None

    def __call__(self, group: Group) -> Judgement:
        members, eligible = (*group.left, *group.right), Eligibility(self.settings)
        if self.only is not None and not {one.key for one in members} & set(self.only):
            return _left_alone(members, PAUSED)
        if any(eligible.unread(one) for one in members):
            return _left_alone(members, NOT_READ)
        return _Case(self.settings, self.creator, eligible, group).judged()


@dataclass
class _Case:
    """One group on its way to a judgement."""

    settings: Settings
    creator: Creator
    eligible: Eligibility
    group: Group
    matches: list[Match] = field(default_factory=list)
    ends: list[tuple[Pair, str]] = field(default_factory=list)
    ended: dict[int, str] = field(default_factory=dict)
    wanted: list[Wanted] = field(default_factory=list)
    taken: set[Place] = field(default_factory=set)
    settled: set[Place] = field(default_factory=set)

    def judged(self) -> Judgement:
        self.index = GroupIndex(self.group, self.eligible.live, self._rank)
        live = [pair for pair in self.group.pairs if pair.state == "live"]
        self.held = {pair.left for pair in live}  # records of live pairs that were not looked at yet, or go on
        self.promised: set[str | None] = set()  # addresses that prospects are to have
        elsewhere = moved(live, self.index, self.eligible)
        for pair in live:
            if pair.id in elsewhere:
                prospect = self.index.prospects[pair.right[1]]
                self._end(pair, CRM_ID_CHANGED)
                self._match(elsewhere[pair.id], prospect, "crm_id", {"was_with": pair.left[1]})
        for pair in live:
            if pair.id not in elsewhere:
                self._keep_or_end(pair)
        steps = (
            self._archive_still_due,
            self._by_crm_id,
            self._back_from_the_bin,
            self._by_creation,
            self._by_address,
            self._alone,
        )
        for step in steps:
            for prospect in sorted(self.group.right, key=newest_first):
                if place(prospect) not in self.settled:
                    step(prospect)
        for person in sorted(self.group.left, key=self._rank):
            if place(person) not in self.taken:
                self._unpaired(person)
        return Judgement(self.matches, self.ends, self.wanted)

    # what was a pair before

    def _keep_or_end(self, pair: Pair) -> None:
        person, prospect = self.index.people.get(pair.left[1]), self.index.prospects.get(pair.right[1])
        if person is None or prospect is None:
            self._end(pair, "forgotten")
        elif prospect.deleted:
            self._end(pair, "archived_in_account_engagement")
        elif is_converted(person) or (person.deleted and person.parent is not None):
            self._follow_on(pair, person, prospect)
        elif person.deleted or not self.eligible.visible(person):
            reason = "deleted_in_salesforce" if person.deleted else "outside_sharing_rule"
            self._end(pair, reason)
            self._archive(prospect, reason)
        elif self._address_ends(pair, person, prospect):
            self._end(pair, ADDRESS_CHANGED)
        else:
            self._match(person, prospect, pair.how, {})

    def _follow_on(self, pair: Pair, gone: Stored, prospect: Stored) -> None:
        """A converted lead goes on as its contact, a merged record as the winner; one prospect each."""
        how = "converted" if is_converted(gone) else "merged"
        heir = follow(self.index.people, gone.key)
        if heir is None:
            self._end(pair, how)
            self._leave(prospect, f"{how}_and_heir_not_read_yet")
        elif heir.deleted or not self.eligible.visible(heir):
            reason = "deleted_in_salesforce" if heir.deleted else "outside_sharing_rule"
            self._end(pair, reason)
            self._archive(prospect, reason)
        elif self._free(heir):
            self._end(pair, how)
            self._match(heir, prospect, how, {how: gone.key})
        elif how == "merged":
            self._end(pair, "merged_into_another")
            self._archive(prospect, "merged_into_another")
        else:
            self._end(pair, how)
            self._leave(prospect, "converted_contact_taken")

    def _address_ends(self, pair: Pair, person: Stored, prospect: Stored) -> bool:
        """With ``email.on_change: end`` (the vendor's setting off) a new address in Salesforce ends the pair."""
        if self.settings.several_prospects_per_address or self.settings.email.on_change == "follow":
            return False
        agreed = (pair.agreed.get("email") or {}).get("value")
        return agreed is not None and address(person) != address(prospect) and str(agreed).lower() != address(person)

    def _end(self, pair: Pair, reason: str) -> None:
        self.ends.append((pair, reason))
        self.ended[pair.id] = reason
        self.held.discard(pair.left)

    # who is matched anew, the surest way first

    def _archive_still_due(self, prospect: Stored) -> None:
        """The prospect of a deleted record goes to the recycle bin once; who takes it out again is obeyed."""
        last = self.index.last_pair(prospect)
        if prospect.deleted or last is None or self._why_ended(last) not in ARCHIVED_FOR:
            return
        person = self._whose(last)
        if person is not None and not self.eligible.live(person) and not self._archived_by_us(prospect):
            self._archive(prospect, str(self._why_ended(last)))

    def _by_crm_id(self, prospect: Stored) -> None:
        crm_id = self._crm_id(prospect)
        person = follow(self.index.people, crm_id) if crm_id is not None and not prospect.deleted else None
        if person is None:
            return
        if self._free(person):
            self._match(person, prospect, "crm_id", {"crm_id": crm_id})
        elif place(person) in self.taken:
            self._leave(prospect, "crm_id_of_another_prospects_record")
        elif person.deleted:
            self._leave(prospect, "crm_id_dangling")
        elif not self.eligible.visible(person):
            self._leave(prospect, "outside_sharing_rule")

    def _crm_id(self, prospect: Stored) -> str | None:
        """The prospect's CRM id, unless the pair with that record ended over its address."""
        last = self.index.last_pair(prospect)
        over = last is not None and self._why_ended(last) == ADDRESS_CHANGED and last.left[1] == prospect.parent
        return None if over else prospect.parent

    def _back_from_the_bin(self, prospect: Stored) -> None:
        """Back in Salesforce, or in the sharing rule again: out of the recycle bin, if it was put there for that."""
        last = self.index.last_pair(prospect)
        if not prospect.deleted or last is None or self._why_ended(last) not in ARCHIVED_FOR:
            return
        person = self._whose(last)
        if person is not None and self._free(person) and self._archived_by_us(prospect):
            self._match(person, prospect, "undeleted", {}, undelete=True)

    def _whose(self, last: Pair) -> Stored | None:
        """Whose return brings back the prospect of an ended pair: the record it was with, or the one that was merged
        into before it left, unless that one has a prospect of its own."""
        own = self._why_ended(last) == "merged_into_another"
        return self.index.people.get(last.left[1]) if own else follow(self.index.people, last.left[1])

    def _why_ended(self, pair: Pair) -> str | None:
        return self.ended.get(pair.id, pair.retired_reason)

    def _archived_by_us(self, prospect: Stored) -> bool:
        return self.group.sent.get(place(prospect), {}).get(IS_DELETED) is True

    def _by_creation(self, prospect: Stored) -> None:
        """One was created for the other, and the ids do not show it yet."""
        made = self.group.created.get(place(prospect))
        person = self.index.people.get(made) if made else None
        if person is None:
            origin = self.index.origin(prospect)
            person = self.index.people.get(origin[1]) if origin and origin[0] != PROSPECT else None
        if prospect.deleted or (person is None and made is None):
            return
        if person is not None and self._free(person):
            self._match(person, prospect, "created", {})
        elif made is not None and person is None:
            self._leave(prospect, "created_and_not_read_yet")

    def _by_address(self, prospect: Stored) -> None:
        """Without a CRM id that leads anywhere: the same address, contact before lead (or as set), the newest first."""
        if prospect.deleted or self._flagged(prospect) or self.index.address(prospect) is None:
            return
        if self._crm_id(prospect) in self.index.people:
            return
        found = self.index.live_at(prospect)
        free = next((one for one in found if self._free(one)), None)
        if free is not None:
            self._match(free, prospect, "email", ambiguity(free, found, self._free))

    def _rank(self, person: Stored) -> tuple[Any, ...]:
        kind = "lead" if person.feed == LEAD else "contact"
        return self.settings.match_order.index(kind), *newest_first(person)

    def _alone(self, prospect: Stored) -> None:
        """No counterpart: created only for who is assigned, has an address, and was never in Salesforce."""
        if prospect.deleted:
            self.settled.add(place(prospect))
        elif self._flagged(prospect):
            self._leave(prospect, "do_not_sync")
        elif self.index.address(prospect) is None:
            self._leave(prospect, "no_address")
        elif self._was_in_salesforce(prospect):
            self._leave(prospect, "crm_id_dangling")
        elif not is_assigned(prospect):
            self._leave(prospect, "unassigned_without_match")
        elif self.settings.creates.in_salesforce == "never":
            self._leave(prospect, "creating_is_off")
        else:
            self.settled.add(place(prospect))
            self.wanted.append(Wanted(NEW_PEOPLE, prospect, self.creator.person(prospect)))

    def _was_in_salesforce(self, prospect: Stored) -> bool:
        """A record that was deleted there is never made again."""
        last = self.index.last_pair(prospect)
        deleted = last is not None and self._why_ended(last) in ARCHIVED_FOR
        return self._crm_id(prospect) is not None or place(prospect) in self.group.created or deleted

    # leads and contacts nobody is paired with

    def _unpaired(self, person: Stored) -> None:
        if person.deleted or is_converted(person):
            return
        reason = self._no_prospect_because(person)
        if reason is not None:
            self.wanted.append(_skip(person, reason))
        else:
            self.promised.add(self.index.address(person))
            self.wanted.append(Wanted(NEW_PROSPECTS, person, self.creator.prospect(person)))

    def _no_prospect_because(self, person: Stored) -> str | None:
        if not self.eligible.visible(person):
            return "outside_sharing_rule"
        if not self.eligible.live(person):
            return "person_accounts_off"
        if self.index.address(person) is None:
            return "no_address"
        if person.key in self.index.crm_ids:
            return "its_prospect_is_left_alone"
        if place(person) in self.group.created:
            return "created_and_not_read_yet"
        if not self.settings.several_prospects_per_address and self._is_spoken_for(self.index.address(person)):
            return "address_already_on_a_prospect"
        if not self.settings.creates.prospects:
            return "creating_is_off"
        return None if self.eligible.is_new(person) else "older_than_prospects_since"

    def _is_spoken_for(self, address: str | None) -> bool:
        return address in self.index.prospect_addresses or address in self.promised

    # outcomes

    def _free(self, person: Stored) -> bool:
        return place(person) not in self.taken and place(person) not in self.held and self.eligible.live(person)

    def _flagged(self, prospect: Stored) -> bool:
        return self.eligible.left_alone(prospect)

    def _match(
        self, person: Stored, prospect: Stored, how: str, explanation: dict[str, Any], *, undelete: bool = False
    ) -> None:
        self.settled.add(place(prospect))
        self.taken.add(place(person))
        flagged = self._flagged(prospect)
        besides: dict[str, Any] = {}
        if not flagged:
            besides = {CRM_ID: person.key} | ({IS_DELETED: False} if undelete else {})
        fields: Sequence[Any] = () if flagged else rules(self.settings, person.feed)
        self.matches.append(Match(person, prospect, how, fields, explanation, {}, besides))
        if flagged:
            self.wanted.append(_skip(prospect, "do_not_sync"))
        else:
            self.promised.add(self.index.address(person))

    def _archive(self, prospect: Stored, reason: str) -> None:
        self.settled.add(place(prospect))
        if self.settings.archive_when_deleted and not self._flagged(prospect):
            decision = Write(prospect.key, {IS_DELETED: True}, explanation={"archived": reason})
            self.wanted.append(Wanted(PROSPECTS, prospect, decision))
        else:
            self.wanted.append(_skip(prospect, reason))

    def _leave(self, prospect: Stored, reason: str) -> None:
        self.settled.add(place(prospect))
        self.wanted.append(_skip(prospect, reason))


def _left_alone(members: Sequence[Stored], reason: str) -> Judgement:
    """Nothing is decided about any of them; pairs stay."""
    return Judgement(wanted=[_skip(one, reason) for one in members if not one.deleted])


def _skip(record: Stored, reason: str) -> Wanted:
    """Nothing to write for this record; a write to it that is still open is withdrawn."""
    return Wanted(stage_of(record), record, Skip(record.key, reason))
