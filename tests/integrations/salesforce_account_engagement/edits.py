"""What people do in both systems at random, and what each field must then hold: told apart from the code under test."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from include.sandbox.errors import ControlError
from tests.integrations.salesforce_account_engagement.org import Org

ADDRESSES = tuple(f"{name}@example.jp" for name in "abcd")
SECOND = timedelta(seconds=1)
# field → (lead, contact, prospect, whose value stands)
NAMES = {
    "firstName": ("FirstName", "FirstName", "firstName", "salesforce"),
    "phone": ("Phone", "Phone", "phone", "most_recent"),
    "jobTitle": ("Title", "Title", "jobTitle", "account_engagement"),
    "city": ("City", "MailingCity", "city", "salesforce"),
}
Act = tuple[Any, ...]

_who = st.integers(0, 5)
_name = st.sampled_from(sorted(NAMES))
_value = st.sampled_from(("x", "y", "z", None))
acts: st.SearchStrategy[Act] = st.one_of(
    st.tuples(st.just("lead"), st.sampled_from(ADDRESSES), _value),
    st.tuples(st.just("contact"), st.sampled_from(ADDRESSES), _value),
    st.tuples(st.just("prospect"), st.sampled_from(ADDRESSES), st.booleans(), _value),
    st.tuples(st.just("edit_person"), _who, _name, _value),
    st.tuples(st.just("edit_person"), _who, _name, _value),
    st.tuples(st.just("edit_prospect"), _who, _name, _value),
    st.tuples(st.just("edit_prospect"), _who, _name, _value),
    st.tuples(st.just("move_person"), _who, st.sampled_from(ADDRESSES)),
    st.tuples(st.just("move_prospect"), _who, st.sampled_from(ADDRESSES)),
    st.tuples(st.just("delete_person"), _who),
    st.tuples(st.just("undelete_person"), _who),
    st.tuples(st.just("delete_prospect"), _who),
    st.tuples(st.just("undelete_prospect"), _who),
    st.tuples(st.just("merge"), _who, _who),
    st.tuples(st.just("convert"), _who),
    st.tuples(st.just("assign"), _who),
    st.tuples(st.just("flag"), _who, st.booleans()),
    st.tuples(st.just("tick")),
)
sequences = st.lists(st.lists(acts, min_size=1, max_size=5), min_size=1, max_size=4)


@dataclass
class People:
    """Does the acts in an org; what a system refuses is not done."""

    org: Org
    trace: list[str] = field(default_factory=list)

    def play(self, act: Act) -> None:
        self.pass_time()
        self.trace.append(repr(act))
        if act[0] == "tick":
            self.org.tick(SECOND)
            return
        with suppress(ControlError):
            getattr(self, f"_{act[0]}")(*act[1:])

    def pass_time(self) -> None:
        self.org.world.clock.advance(1)
        self.org.engine.time_shift += SECOND

    def _lead(self, address: str, value: str | None) -> None:
        self.org.lead(Email=address, Phone=value, Title=value)

    def _contact(self, address: str, value: str | None) -> None:
        self.org.contact(Email=address, FirstName=value, Phone=value)

    def _prospect(self, address: str, assigned: bool, value: str | None) -> None:
        self.org.prospect(email=address, userId=1 if assigned else None, phone=value, city=value)

    def _edit_person(self, who: int, name: str, value: str | None) -> None:
        if person := self._person(who):
            self.org.edit(person, **{NAMES[name][person.startswith("003")]: value})

    def _edit_prospect(self, who: int, name: str, value: str | None) -> None:
        if prospect := self._one("prospects", who):
            self.org.edit(prospect, **{NAMES[name][2]: value})

    def _move_person(self, who: int, address: str) -> None:
        if person := self._person(who):
            self.org.edit(person, Email=address)

    def _move_prospect(self, who: int, address: str) -> None:
        if prospect := self._one("prospects", who):
            self.org.edit(prospect, email=address)

    def _delete_person(self, who: int) -> None:
        if person := self._person(who):
            self.org.delete(person)

    def _undelete_person(self, who: int) -> None:
        if person := self._person(who):
            self.org.edit(person, undelete=True)

    def _delete_prospect(self, who: int) -> None:
        if prospect := self._one("prospects", who):
            self.org.delete(prospect)

    def _undelete_prospect(self, who: int) -> None:
        if prospect := self._one("prospects", who):
            self.org.edit(prospect, undelete=True)

    def _merge(self, loser: int, winner: int) -> None:
        one, other = self._person(loser), self._person(winner)
        if one and other:
            self.org.edit(one, merge_into=other)

    def _convert(self, who: int) -> None:
        if lead := self._one("Lead", who):
            self.org.edit(lead, convert=True)

    def _assign(self, who: int) -> None:
        if prospect := self._one("prospects", who):
            self.org.edit(prospect, userId=1)

    def _flag(self, who: int, value: bool) -> None:
        if prospect := self._one("prospects", who):
            self.org.edit(prospect, isDoNotSync=value)

    def _person(self, who: int) -> str | None:
        return self._of([*self._ids("Lead"), *self._ids("Contact")], who)

    def _one(self, name: str, who: int) -> str | None:
        return self._of(self._ids(name), who)

    def _ids(self, name: str) -> list[str]:
        return [str(row.get("Id") or row["id"]) for row in self.org.all(name)]

    def _of(self, ids: Sequence[str], who: int) -> str | None:
        return ids[who % len(ids)] if ids else None


@dataclass(frozen=True)
class Values:
    """One pair's fields as both systems show them, with the time of either record."""

    left: dict[str, Any]
    right: dict[str, Any]
    left_at: datetime
    right_at: datetime


def values_of(org: Org, lead: str, prospect: str) -> Values:
    person, other = org.get(lead), org.get(prospect)
    contact = lead.startswith("003")
    return Values(
        {name: person[columns[contact]] or None for name, columns in NAMES.items()},
        {name: other[columns[2]] or None for name, columns in NAMES.items()},
        datetime.fromisoformat(person["LastModifiedDate"]),
        datetime.fromisoformat(other["updatedAt"]),
    )


def expected(name: str, agreed: Any, now: Values) -> Any:
    """The value the policy names: empty never beats filled; the owner's; else the only edit, else the later record,
    Salesforce at a tie."""
    left, right, owner = now.left[name], now.right[name], NAMES[name][3]
    if left == right or right is None:
        return left
    if left is None:
        return right
    if owner == "salesforce":
        return left
    if owner == "account_engagement":
        return right
    if agreed is not None and (left == agreed) != (right == agreed):
        return right if left == agreed else left
    return right if now.right_at > now.left_at else left
