"""Two worlds in which the same people do the same things: in one the vendor's connector runs, in the other Renkei."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from include.sandbox.errors import ControlError
from tests.integrations.salesforce_account_engagement.org import TICK, Org

ADDRESSES = ("a@example.jp", "b@example.jp", "c@example.jp")
CITY = {"Lead": "City", "Contact": "MailingCity"}
PERSON_FIELDS = {"FirstName": "firstName", "Title": "jobTitle", "City": "city"}
"""field of a lead → of a prospect; a contact's city has another name"""
SECOND = timedelta(seconds=1)
Act = tuple[Any, ...]

_number = st.integers(0, 5)
_value = st.sampled_from(("x", "y", None))
_entrances: st.SearchStrategy[Act] = st.one_of(
    st.tuples(st.just("lead"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("contact"), st.sampled_from(ADDRESSES)),
    st.tuples(st.just("prospect"), st.sampled_from(ADDRESSES), st.booleans()),
)  # fmt: skip
_acts: st.SearchStrategy[Act] = st.one_of(
    _entrances,
    st.tuples(st.just("edit_person"), _number, st.sampled_from(sorted(PERSON_FIELDS)), _value),
    st.tuples(st.just("edit_prospect"), _number, st.sampled_from(sorted(PERSON_FIELDS)), _value),
    st.tuples(st.just("edit_partner"), _number, st.sampled_from(sorted(PERSON_FIELDS)), _value),
    st.tuples(st.just("move_person"), _number, st.sampled_from(ADDRESSES)),
    st.tuples(st.just("delete_person"), _number), st.tuples(st.just("undelete_person"), _number),
    st.tuples(st.just("convert"), _number), st.tuples(st.just("merge"), _number, _number),
    st.tuples(st.just("assign"), _number), st.tuples(st.just("delete_prospect"), _number),
    st.tuples(st.just("undelete_prospect"), _number),
)  # fmt: skip
rounds: st.SearchStrategy[list[list[Act]]] = st.builds(
    lambda cast, rest: [cast, *rest], st.lists(_entrances, min_size=2, max_size=4),
    st.lists(st.lists(_acts, min_size=1, max_size=4), min_size=1, max_size=4),
)  # fmt: skip


@dataclass
class Stage:
    """One of the two worlds. ``people`` and ``prospects``: ids of those made by hand, in order."""

    org: Org
    native: bool
    people: list[str] = field(default_factory=list)
    prospects: list[str] = field(default_factory=list)
    passed: timedelta = timedelta()

    def __post_init__(self) -> None:
        if self.native:
            self.org.set("account_engagement", connector="on", connector_modes={"jobTitle": "account_engagement"},
                         connector_archives=True, connector_follows_email=True)  # fmt: skip

    def play(self, act: Act) -> None:
        """What cannot be done is not done, in either world."""
        self._pass(SECOND)
        with suppress(ControlError):
            getattr(self, f"_{act[0]}")(*act[1:])

    def finish_round(self) -> None:
        """The rest of the two minutes and a tick; then a quiet tick, in which each side reads what the other wrote."""
        for span in (TICK - self.passed, TICK):
            if self.native:
                self.org.world.clock.advance(span.total_seconds())
                self.org.vendors["account_engagement"].catch_up()
            else:
                self.org.tick(span)
        self.passed = timedelta()

    def _pass(self, span: timedelta) -> None:
        self.passed += span
        self.org.world.clock.advance(span.total_seconds())
        self.org.engine.time_shift += span

    def _lead(self, address: str) -> None:
        self.people.append(self.org.lead(Email=address))

    def _contact(self, address: str) -> None:
        self.people.append(self.org.contact(Email=address))

    def _prospect(self, address: str, assigned: bool) -> None:
        self.prospects.append(self.org.prospect(email=address, userId=1 if assigned else None))

    def _edit_person(self, number: int, name: str, value: str | None) -> None:
        self._with_person(number, lambda person: self.org.edit(person, **{_field(person, name): value}))

    def _edit_prospect(self, number: int, name: str, value: str | None) -> None:
        self._with_prospect(number, lambda prospect: self.org.edit(prospect, **{PERSON_FIELDS[name]: value}))

    def _edit_partner(self, number: int, name: str, value: str | None) -> None:
        def edit(person: str) -> None:
            for prospect in self.org.live("prospects"):
                if prospect["salesforceId"] == person:
                    self.org.edit(str(prospect["id"]), **{PERSON_FIELDS[name]: value})

        self._with_person(number, edit)

    def _move_person(self, number: int, address: str) -> None:
        """Not to an address that somebody else has, as the set-up guide lists; with AMPSEA no address is followed."""
        followed = not self.org.settings.several_prospects_per_address

        def move(person: str) -> None:
            if not (followed and self._is_taken(address, person)):
                self.org.edit(person, Email=address)

        self._with_person(number, move)

    def _delete_person(self, number: int) -> None:
        self._with_person(number, self.org.delete)

    def _undelete_person(self, number: int) -> None:
        self._with_person(number, lambda person: self.org.edit(person, undelete=True))

    def _convert(self, number: int) -> None:
        self._with_person(number, lambda person: self.org.edit(person, convert=True))

    def _merge(self, loser: int, winner: int) -> None:
        """Not into somebody whose address a third person has: there the two differ, as the set-up guide lists. Nor a
        converted lead, which Salesforce merges with nobody."""

        def merge(person: str) -> None:
            self._with_person(winner, lambda other: self._barred(person, other) or self.org.edit(
                person, merge_into=other))  # fmt: skip

        self._with_person(loser, merge)

    def _barred(self, person: str, other: str) -> bool:
        converted = any(self.org.get(one).get("IsConverted") for one in (person, other))
        return converted or self._has(self.org.get(other)["Email"], {person, other})

    def _is_taken(self, address: str, person: str) -> bool:
        prospects = (row for row in self.org.live("prospects") if row["salesforceId"] != person)
        return self._has(address, {person}) or any(row["email"] == address for row in prospects)

    def _has(self, address: str, but: set[str]) -> bool:
        """Whether any live lead or contact has the address, but for these."""
        live = (row for name in ("Lead", "Contact") for row in self.org.live(name))
        return any(row["Email"] == address for row in live if row["Id"] not in but)

    def _assign(self, number: int) -> None:
        self._with_prospect(number, lambda prospect: self.org.edit(prospect, userId=1))

    def _delete_prospect(self, number: int) -> None:
        """Not where another one waits for a record with that address: there the two differ, as the guide lists."""

        def delete(prospect: str) -> None:
            address = self.org.get(prospect)["email"]
            others = (row for row in self.org.live("prospects") if str(row["id"]) != prospect)
            if not any(row["email"] == address and not row["salesforceId"] for row in others):
                self.org.delete(prospect)

        self._with_prospect(number, delete)

    def _undelete_prospect(self, number: int) -> None:
        self._with_prospect(number, lambda prospect: self.org.edit(prospect, undelete=True))

    def _with_person(self, number: int, act: Callable[[str], None]) -> None:
        if self.people:
            act(self.people[number % len(self.people)])

    def _with_prospect(self, number: int, act: Callable[[str], None]) -> None:
        if self.prospects:
            act(self.prospects[number % len(self.prospects)])

    def disagreements(self) -> list[tuple[Any, ...]]:
        """Fields in which a pair is not in step."""
        found = []
        for left, right in self.org.pairs():
            person, prospect = self.org.get(left), self.org.get(right)
            for name, twin in PERSON_FIELDS.items():
                if person[_field(left, name)] != prospect[twin]:
                    found.append((left, name, person[_field(left, name)], prospect[twin]))
        return found

    def picture(self) -> dict[str, Sequence[Any]]:
        """All people and prospects and who belongs to whom, without what is each system's own (ids, times)."""
        live = {row["salesforceId"]: row for row in self.org.live("prospects")}
        people = [
            (name, row["Email"], row["FirstName"], row["Title"], row[CITY[name]], row["IsDeleted"],
             bool(row.get("IsConverted")), row["Id"] in live)
            for name in ("Lead", "Contact") for row in self.org.all(name)
        ]  # fmt: skip
        prospects = [(row["email"], row["firstName"], row["jobTitle"], row["city"], row["isDeleted"])
                     for row in self.org.all("prospects")]  # fmt: skip
        return {"people": sorted(people, key=repr), "prospects": sorted(prospects, key=repr)}


def _field(person: str, name: str) -> str:
    return "MailingCity" if name == "City" and person.startswith("003") else name
