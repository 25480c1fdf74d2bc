"""Both vendors in one sandbox, and the people who use them: whatever happens outside of Renkei."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from include.sandbox.errors import ControlError
from include.sandbox.world import World
from renkei.errors import QuotaExhausted
from renkei.sync.ports import Receipt

START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
OBJECT = "oN24Attendee_c"
PROFILE = "pEPURL__c"
# Not started, and over since yesterday: the second one is read again after its live end.
EVENTS = ({"livestart": timedelta(days=20)}, {"livestart": timedelta(hours=-30)})


@dataclass
class Coins:
    """Our share of the vendor's quota: ``left`` calls, or as many as you like."""

    town: Town
    left: int | None = None

    @contextmanager
    def call(self, endpoint: str, deadline: timedelta) -> Iterator[Receipt]:
        if self.left is not None:
            if self.left <= 0:
                raise QuotaExhausted("the share of the day is spent.", resets_at=self.town.now() + timedelta(hours=1))
            self.left -= 1
        yield Receipt()

    def lease(self, endpoint: str, deadline: timedelta) -> None:
        if self.left is not None and self.left <= 0:
            raise QuotaExhausted("the share of the day is spent.", resets_at=self.town.now() + timedelta(hours=1))


class Town:
    """The sandbox's world and its time. A person's number stands for an address; ``registered`` has the live and dead
    registrations by (person, event); ``lived`` every address that was ever somebody at ON24."""

    def __init__(self) -> None:
        self.world = World(seed=7, now=START, sleep=self.pass_time)
        self.coins = Coins(self)
        self.begin()

    def begin(self) -> None:
        """Everything back to the start."""
        self.world.reset()
        self.world.load("empty_on24")
        self.world.vendors["on24"].configure({"freshness": False})
        self.marketo("lead_fields").create([{"name": PROFILE, "dataType": "string", "length": 255}])
        self.coins.left = None
        self.shift = timedelta(0)
        self.registered: dict[tuple[int, int], str] = {}
        self.moved: set[str] = set()  # registrations whose address was corrected
        self.lived: set[str] = set()
        self.touched_leads: set[str] = set()  # addresses whose leads a person made, merged or deleted
        self.events = [self._event(number, spec) for number, spec in enumerate(EVENTS)]
        self.pass_time(60)

    def _event(self, number: int, spec: Mapping[str, timedelta]) -> str:
        start = START + spec["livestart"]
        [made] = self.on24("events").create([{"description": f"Seminar {number}", "livestart": start.isoformat()}])
        return str(made["eventid"])

    def now(self) -> datetime:
        return self.world.clock.now()

    def pass_time(self, seconds: float) -> None:
        """For both vendors and for us."""
        self.world.clock.advance(seconds)
        self.shift += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)

    def on24(self, name: str) -> Any:
        return self.world.vendors["on24"].find_store(name)[0]

    def marketo(self, name: str) -> Any:
        return self.world.vendors["marketo"].find_store(name)[0]

    def leads(self) -> list[dict[str, Any]]:
        return list(self.marketo("leads").list())

    def records(self) -> list[dict[str, Any]]:
        return list(self.marketo(f"custom_objects/{OBJECT}").list())

    def writes(self) -> int:
        """How many records were sent to Marketo so far."""
        return len(self.world.journal.writes("marketo"))

    # What people do at ON24.

    def register(self, person: int, event: int, through: int | None = None) -> None:
        """``through``: by way of Marketo, so that the registration carries the lead id of that person."""
        if (person, event) in self.registered:
            return
        fields = {"eventid": self.events[event], "email": address(person, event), "lastname": "山田", "std1": "A"}
        if through is not None and self.lead_ids(through):
            fields["exteventusercd"] = self.lead_ids(through)[0]
        [made] = self.on24("registrants").create([fields])
        self.registered[person, event] = str(made["eventuserid"])
        self.lived.add(address(person).lower())

    def attend(self, person: int, event: int, minutes: int) -> None:
        if (person, event) in self.registered:
            self.on24("attendees").create([{"eventuserid": self.registered[person, event], "minutes": minutes}])

    def edit(self, person: int, event: int, **fields: str) -> None:
        """Another form field, address or status of a registration."""
        registration = self.registered.get((person, event))
        if registration is None:
            return
        if "email" in fields:
            self.lived.add(fields["email"].lower())
            self.moved.add(registration)
        self.on24("registrants").update(registration, fields)

    def title(self, event: int, title: str) -> None:
        self.on24("events").update(self.events[event], {"description": title})

    # What people do in Marketo.

    def make_lead(self, person: int) -> None:
        self.touched_leads.add(address(person))
        self.marketo("leads").create([{"email": address(person), "lastName": "by hand"}])

    def edit_lead(self, person: int, name: str, value: str) -> None:
        for lead_id in self.lead_ids(person)[:1]:
            self.touched_leads.add(address(person))
            self.marketo("leads").update(lead_id, {name: value})

    def delete_lead(self, person: int) -> None:
        for lead_id in self.lead_ids(person)[:1]:
            self.touched_leads.add(address(person))
            self.marketo("leads").delete(lead_id)

    def merge_leads(self, winner: int, loser: int) -> None:
        """The first lead of one person takes in the last of another (or of the same: duplicates)."""
        winners, losers = self.lead_ids(winner), self.lead_ids(loser)
        if winners and losers and winners[0] != losers[-1]:
            self.touched_leads |= {address(winner), address(loser)}
            with suppress(ControlError):
                self.marketo("leads").update(losers[-1], {"merge_into": int(winners[0])})

    def lead_ids(self, person: int) -> list[str]:
        return [str(lead["id"]) for lead in self.leads() if str(lead.get("email", "")).lower() == address(person)]


@dataclass
class TownClock:
    """Stands still but for its sleeps, which pass everywhere."""

    town: Town
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.town.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.town.pass_time(seconds)


def address(person: int, event: int = 0) -> str:
    """A person's address; at the second event it is typed in capitals."""
    plain = f"p{person}@example.jp"
    return plain.upper() if event else plain
