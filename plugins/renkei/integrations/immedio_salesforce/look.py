"""What is looked up at the moment a ToDo or membership is due, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from renkei.integrations.immedio_salesforce.arms import Arms, refusal_of
from renkei.integrations.immedio_salesforce.decision import Decision, Found, Person, decide, newest
from renkei.integrations.immedio_salesforce.settings import Action, Settings
from renkei.sync.flow import Due, Late

UNMATCHED = "unmatched"
FORGOTTEN = "forgotten"  # its content was blanked meanwhile
TAKES_TASKS = ("user", "queue")
Row = dict[str, Any]


class People(Protocol):
    """Look-ups by address; see ``endpoints.salesforce_people``."""

    def leads(self, addresses: Sequence[str]) -> Mapping[str, Sequence[Row]]: ...

    def contacts(self, addresses: Sequence[str]) -> Mapping[str, Sequence[Row]]: ...

    def users(self, addresses: Sequence[str]) -> Mapping[str, Sequence[Row]]: ...

    def owners(self, ids: Sequence[str]) -> Mapping[str, str]: ...


class Completer:
    """Completes Tasks and campaign members with the people found now (R17). ``now`` is told in the explanation."""

    def __init__(
        self, settings: Settings, people: People, arms: Callable[[], Arms], now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._people = people
        self._arms = arms
        self._now = now

    def tasks(self, due: Sequence[Due]) -> Mapping[str, Late]:
        """The Task with whom it is linked to and who gets it."""
        refused = self._refused("todo", due)
        found = self._find([one for one in due if one.key not in refused], owners=True)
        return {one.key: refused.get(one.key) or self._task(one, found[one.key]) for one in due}

    def members(self, due: Sequence[Due]) -> Mapping[str, Late]:
        """The membership of the lead or contact."""
        refused = self._refused("campaign", due)
        found = self._find([one for one in due if one.key not in refused], owners=False)
        return {one.key: refused.get(one.key) or self._member(one, found[one.key]) for one in due}

    def _refused(self, action: Action, due: Sequence[Due]) -> dict[str, Late]:
        """What was planned before a disconnect or a switch, and may not be sent any more (R13)."""
        arms = self._arms()
        told = {one.key: self._refusal(arms, action, one.initial.get("received_at")) for one in due}
        return {key: Late(None, {}, reason, over=True) for key, reason in told.items() if reason}

    def _refusal(self, arms: Arms, action: Action, received_at: Any) -> str:
        if not received_at:
            return FORGOTTEN
        return refusal_of(self._settings, arms, action, datetime.fromisoformat(str(received_at)))

    def _task(self, due: Due, found: Found) -> Late:
        decision = decide(found, self._settings.search_order)
        told = self._told(found, decision)
        if not decision.task:
            return Late(None, told, UNMATCHED)
        people = {"WhoId": decision.who_id, "OwnerId": decision.owner_id}
        return Late({**due.fields, **{name: value for name, value in people.items() if value}}, told)

    def _member(self, due: Due, found: Found) -> Late:
        decision = decide(found, self._settings.search_order)
        told = {name: value for name, value in self._told(found, decision).items() if name != "assignee"}
        if decision.link is None:
            return Late(None, told, UNMATCHED)
        field = "LeadId" if decision.link == "lead" else "ContactId"
        return Late({**due.fields, field: decision.who_id}, told)

    def _told(self, found: Found, decision: Decision) -> dict[str, Any]:
        now: datetime = self._now()
        return {
            "looked_at": now.isoformat(),
            "search_order": self._settings.search_order,
            "lead": found.lead.id if found.lead else None,
            "contact": found.contact.id if found.contact else None,
            "host_user": found.host_id,
            "leads": found.leads,
            "contacts": found.contacts,
            "host_users": found.hosts,
            "owner": _owner_told(found, decision),
            **decision.told(),
        }

    def _find(self, due: Sequence[Due], *, owners: bool) -> dict[str, Found]:
        """All of a batch with one look-up per object."""
        guests = sorted({str(one.initial["guest"]) for one in due if one.initial.get("guest")})
        hosts = sorted({str(one.initial["host"]) for one in due if owners and one.initial.get("host")})
        leads, contacts = self._people.leads(guests), self._people.contacts(guests)
        users = self._people.users(hosts) if hosts else {}
        chosen = [newest(list(found)) for group in (leads, contacts) for found in group.values()]
        kinds = self._people.owners([str(row["OwnerId"]) for row in chosen if row]) if owners else {}
        return {one.key: self._found(one, leads, contacts, users, kinds) for one in due}

    def _found(
        self,
        due: Due,
        leads: Mapping[str, Sequence[Row]],
        contacts: Mapping[str, Sequence[Row]],
        users: Mapping[str, Sequence[Row]],
        kinds: Mapping[str, str],
    ) -> Found:
        guest, host = str(due.initial.get("guest") or ""), str(due.initial.get("host") or "")
        mine, theirs, hosts = list(leads.get(guest, ())), list(contacts.get(guest, ())), list(users.get(host, ()))
        user = newest(hosts)
        return Found(
            lead=_person(newest(mine), kinds),
            contact=_person(newest(theirs), kinds),
            host_id=user["Id"] if user else None,
            leads=len(mine),
            contacts=len(theirs),
            hosts=len(hosts),
        )


def _person(row: Row | None, kinds: Mapping[str, str]) -> Person | None:
    if row is None:
        return None
    owner = row.get("OwnerId")
    kind = kinds.get(str(owner), "none")
    return Person(row["Id"], owner if kind in TAKES_TASKS else None, kind)


def _owner_told(found: Found, decision: Decision) -> str | None:
    linked = found.lead if decision.link == "lead" else found.contact if decision.link == "contact" else None
    return linked.owner if linked else None
