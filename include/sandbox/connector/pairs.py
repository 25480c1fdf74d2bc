"""One prospect and one person: found, linked, made, brought in step, parted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.connector.fields import INSIGHT, empty, mapping, resolve, same
from include.sandbox.connector.people import People
from include.sandbox.connector.prospects import CRM_DELETED, Prospects
from include.sandbox.salesforce.model import Kind
from include.sandbox.salesforce.times import stamp

if TYPE_CHECKING:
    from include.sandbox.connector.connector import Connector


class Pairs:
    """The rules of one tick. Order of eligibility: do-not-sync flag, sharing rule, match, right to create, fields."""

    def __init__(self, connector: Connector, people: People, prospects: Prospects, settings: Mapping[str, Any],
                 began: datetime | None) -> None:  # fmt: skip
        self._connector = connector
        self.people = people
        self.prospects = prospects
        self._settings = settings
        self._began = stamp(began) if began else ""
        self._mapping = mapping(settings)

    def is_due(self, prospect: Row) -> bool:
        """Changed or active since its last sync."""
        moved = max(prospect["updatedAt"], prospect.get("lastActivityAt") or 0)
        return bool(moved >= (prospect.get("salesforceLastSync") or 0))

    # from the prospect

    def sync_prospect(self, prospect_id: int, by_hand: bool = False) -> None:
        prospect = self.prospects.get(prospect_id)
        if prospect is None or prospect["isDeleted"] or prospect.get("isDoNotSync") or not prospect.get("email"):
            return
        found = self.people.get(prospect.get("salesforceId"))
        if prospect.get("salesforceId") is not None:
            self._sync_linked(prospect, found)
            return
        match = self._match(prospect["email"])
        if match is not None:
            self._align(self._link(prospect, match[1]), *match)
        elif prospect.get("assignedToId"):
            self._create_person(prospect)

    def _sync_linked(self, prospect: Row, found: tuple[Kind, Row] | None) -> None:
        """A person that is gone is not made again, and who takes its prospect out of the recycle bin is obeyed."""
        if found is None or found[1]["IsDeleted"]:
            return
        kind, person = found
        if person.get("IsConverted"):
            self.sync_person(person["Id"])
        elif self.people.syncs(kind, person):
            self._align(prospect, kind, person)

    def _match(self, email: str) -> tuple[Kind, Row] | None:
        """The first person with the address that has no prospect, nor one that comes back with it: 1:1."""
        for kind, person in self.people.of_email(email, self._settings["connector_match_order"]):
            linked = self.prospects.linked(person["Id"])
            if linked is None or (linked["isDeleted"] and linked["id"] not in self._connector.archived):
                return kind, person
        return None

    def _create_person(self, prospect: Row) -> None:
        kind = self.people.org.kinds[self._settings["connector_creates"]]
        values = {"Email": prospect["email"], "OwnerId": self._owner(prospect)}
        for mapped in self._mapping:
            twin = mapped.twin(kind.name)
            if twin is not None and self.people.visible(kind, twin) and not empty(prospect.get(mapped.prospect)):
                values[twin] = prospect[mapped.prospect]
        person = self.people.create(kind, values)
        self._align(self._link(prospect, person), kind, person)

    def _owner(self, prospect: Row) -> str:
        """An unmapped or inactive assignee: the connector user."""
        owner = self.prospects.crm_user(prospect.get("assignedToId"))
        found = self.people.org.look_up(owner)
        return str(owner) if found is not None and found[1].get("IsActive") else self.people.doer.user

    # from the person

    def sync_person(self, person_id: str, by_hand: bool = False) -> None:
        found = self.people.get(person_id)
        if found is None:
            return
        kind, person = found
        prospect = self.prospects.linked(person_id)
        if person.get("IsConverted"):  # deleted since or not
            self._relink(prospect, person.get("ConvertedContactId"))
        elif person["IsDeleted"]:
            self._person_left(prospect, person)
        elif prospect is not None:
            self._sync_known(prospect, kind, person)
        elif self.people.syncs(kind, person):
            self._sync_new(kind, person, by_hand)

    def _sync_known(self, prospect: Row, kind: Kind, person: Row) -> None:
        if not self.people.shared(kind, person):
            if not prospect["isDeleted"]:
                self.prospects.archive(prospect)
                self._connector.archived.add(prospect["id"])
            return
        if prospect["isDeleted"]:
            if prospect["id"] not in self._connector.archived:
                return
            prospect = self.prospects.unarchive(prospect)
            self._connector.archived.discard(prospect["id"])
        if self.people.syncs(kind, person) and not prospect.get("isDoNotSync"):
            self._align(prospect, kind, person)

    def _sync_new(self, kind: Kind, person: Row, by_hand: bool) -> None:
        """A person without a prospect takes a free one of its address, else gets one of its own: without AMPSEA only if
        the address is on none, not even in the recycle bin; else it stays among the errors until then."""
        email = person.get("Email")
        if not email:
            return
        free = [p for p in self.prospects.of_email(email) if not p.get("salesforceId")]
        if free and not free[0].get("isDoNotSync"):
            self._align(self._link(free[0], person), kind, person)
            return
        wished = self._settings["connector_creates_prospects"] and person["CreatedDate"] >= self._began
        if (wished or by_hand) and not self._settings["ampsea"] and self.prospects.has_email(email):
            raise Refused(9)
        if wished or by_hand:
            values: Row = {"email": email, "salesforceId": person["Id"]}
            self._align(self._account(self.prospects.create(values), person), kind, person)

    def _person_left(self, prospect: Row | None, person: Row) -> None:
        """Deleted, or merged into another: its prospect goes to the recycle bin. With that switched off it stays, and
        points to nothing."""
        if prospect is None or prospect["isDeleted"] or not self._settings["connector_archives"]:
            return
        master = person.get("MasterRecordId")
        winner = self.prospects.linked(master) if master else None
        if master and (winner is None or winner["isDeleted"]):
            self._inherit(prospect, master)
            return
        if winner is not None:
            self.prospects.hand_over(prospect, winner)
        self.prospects.archive(prospect, CRM_DELETED if winner is not None else None)
        self._connector.archived.add(prospect["id"])

    def _inherit(self, prospect: Row, master: str) -> None:
        """The prospect goes on with the winner of a merge, into the recycle bin where that is deleted by now."""
        found = self.people.get(master)
        if found is not None and found[1]["IsDeleted"]:
            self._person_left(self._link(prospect, found[1]), found[1])
        else:
            self._relink(prospect, master)

    def _relink(self, prospect: Row | None, person_id: str | None) -> None:
        """The prospect follows a converted lead to its contact; where that has a prospect already, it is archived."""
        found = self.people.get(person_id)
        if prospect is None or prospect["isDeleted"] or found is None:
            return
        other = self.prospects.linked(found[1]["Id"])
        if other is not None and not other["isDeleted"]:
            self.prospects.hand_over(prospect, other)
            self.prospects.archive(prospect, CRM_DELETED)
            return
        self._align(self._link(prospect, found[1]), *found)

    def _link(self, prospect: Row, person: Row) -> Row:
        return self._account(self.prospects.change(prospect, {"salesforceId": person["Id"]}), person)

    def _account(self, prospect: Row, person: Row) -> Row:
        if person.get("AccountId") == prospect.get("salesforceAccountId"):
            return prospect
        return self.prospects.change(prospect, {"salesforceAccountId": person.get("AccountId")})

    # field by field

    def _align(self, prospect: Row, kind: Kind, person: Row) -> None:
        """Brings both in step and stamps the sync."""
        here, there = self._differences(prospect, kind, person)
        if not self._settle_address(prospect, person, here, there):
            return
        if self.people.visible(kind, "OwnerId"):
            self._settle_owner(prospect, person, here)
        self._show_insight(prospect, kind, person, there)
        if here:
            prospect = self.prospects.change(prospect, here)
        if there:
            person = self.people.write(kind, person, there)
        self._connector.emails[prospect["id"]] = (prospect.get("email") or "").lower() or None
        self.prospects.synced(prospect["id"], self.prospects.state.now())

    def _differences(self, prospect: Row, kind: Kind, person: Row) -> tuple[Row, Row]:
        here: Row = {}
        there: Row = {}
        for mapped in self._mapping:
            twin = mapped.twin(kind.name)
            if twin is None or not self.people.visible(kind, twin) or kind.fields[twin].type == "reference":
                continue
            ours, theirs = prospect.get(mapped.prospect), self.people.org.value(kind, person, kind.fields[twin])
            newer = stamp(datetime.fromtimestamp(prospect["updatedAt"], UTC)) > self.people.changed_at(
                kind, person, twin
            )
            blank = bool(self._settings["connector_blank_overwrites"])
            value = resolve(mapped.mode, ours, theirs, newer, blank)
            if not same(value, ours):
                here[mapped.prospect] = value
            if not same(value, theirs) and kind.fields[twin].formula is None:
                there[twin] = value
        return here, there

    def _settle_address(self, prospect: Row, person: Row, here: Row, there: Row) -> bool:
        """False when the pair parts: an address changed in Salesforce while that is switched off. With AMPSEA no
        address is taken over."""
        ours, theirs = (prospect.get("email") or "").lower(), (person.get("Email") or "").lower()
        if ours == theirs or self._settings["ampsea"]:
            return True
        last = self._connector.emails.get(prospect["id"])
        changed_there = bool(theirs) and theirs != last and (last is not None or not ours or last == ours)
        if not changed_there and ours:
            there["Email"] = prospect["email"]
            return True
        if self._settings["connector_follows_email"]:
            here["email"] = person["Email"]
            return True
        self.prospects.change(prospect, {"salesforceId": None})
        return False

    def _settle_owner(self, prospect: Row, person: Row, here: Row) -> None:
        """The owner in Salesforce is the assignee, whoever is assigned here; a queue or a stranger changes nothing."""
        user = self.prospects.user_of(person.get("OwnerId"))
        if user is not None and user != prospect.get("assignedToId") and person["OwnerId"] != self.people.doer.user:
            here |= {"assignedToId": user, "userId": user}

    def _show_insight(self, prospect: Row, kind: Kind, person: Row, there: Row) -> None:
        """Score, grade and last activity: to Salesforce only."""
        for name, twin in INSIGHT.items():
            value = prospect.get(name)
            if not self.people.visible(kind, twin) or value is None:
                continue
            if kind.fields[twin].type == "datetime":
                value = stamp(datetime.fromtimestamp(value, UTC))
            if not same(value, person.get(twin)):
                there[twin] = value
