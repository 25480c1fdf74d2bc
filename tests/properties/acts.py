"""What may happen in a schedule, one small class each; printed, they are the schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from renkei.store.forget import forget
from renkei.store.suppression import subject_of
from tests.properties.desk import Desk, Kill, Meanwhile, met_a_lock, window
from tests.properties.town import PROFILE, address


class Act:
    """Something that happens."""

    takes_long = False  # longer than a sender may take between its commit and its call

    def do(self, desk: Desk) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Register(Act):
    """``through``: by way of Marketo, with the lead id of that person (the address may be another one)."""

    person: int
    event: int
    through: int | None = None

    def do(self, desk: Desk) -> None:
        desk.town.register(self.person, self.event, self.through)


@dataclass(frozen=True)
class Attend(Act):
    person: int
    event: int
    minutes: int

    def do(self, desk: Desk) -> None:
        desk.town.attend(self.person, self.event, self.minutes)


@dataclass(frozen=True)
class Answer(Act):
    """A form field takes another value, or an earlier one again."""

    person: int
    event: int
    value: str

    def do(self, desk: Desk) -> None:
        desk.town.edit(self.person, self.event, std1=self.value)


@dataclass(frozen=True)
class Correct(Act):
    """The address of a registration becomes another one, perhaps somebody else's."""

    person: int
    event: int
    to: int

    def do(self, desk: Desk) -> None:
        desk.town.edit(self.person, self.event, email=address(self.to))


@dataclass(frozen=True)
class Status(Act):
    """deleted, forgotten (for good) or active again."""

    person: int
    event: int
    status: str

    def do(self, desk: Desk) -> None:
        desk.town.edit(self.person, self.event, userstatus=self.status)


@dataclass(frozen=True)
class Title(Act):
    event: int
    title: str

    def do(self, desk: Desk) -> None:
        desk.town.title(self.event, self.title)


@dataclass(frozen=True)
class LeadMade(Act):
    person: int

    def do(self, desk: Desk) -> None:
        desk.town.make_lead(self.person)


@dataclass(frozen=True)
class LeadEdited(Act):
    person: int
    name: str = PROFILE
    value: str = "by hand"

    def do(self, desk: Desk) -> None:
        desk.town.edit_lead(self.person, self.name, self.value)


@dataclass(frozen=True)
class LeadDeleted(Act):
    person: int

    def do(self, desk: Desk) -> None:
        desk.town.delete_lead(self.person)


@dataclass(frozen=True)
class LeadsMerged(Act):
    winner: int
    loser: int

    def do(self, desk: Desk) -> None:
        desk.town.merge_leads(self.winner, self.loser)


@dataclass(frozen=True)
class Forget(Act):
    """A person asks us to be forgotten."""

    person: int

    def do(self, desk: Desk) -> None:
        try:
            with desk.office.begin() as connection:
                forget(connection, desk.suppression, address(self.person))
        except DBAPIError as error:
            if not met_a_lock(error):
                raise
            desk.postponed.append(self)
        else:
            desk.suppressed.add(subject_of(address(self.person)))


@dataclass(frozen=True)
class Pass(Act):
    minutes: int
    takes_long = True

    def do(self, desk: Desk) -> None:
        desk.town.pass_time(60 * self.minutes)


@dataclass(frozen=True)
class Trouble(Act):
    """The next calls of a vendor go wrong; ``nth``: from which on."""

    rule: tuple[tuple[str, Any], ...]
    nth: int = 1
    count: int = 1

    def do(self, desk: Desk) -> None:
        desk.town.world.faults.add(**dict(self.rule), nth=self.nth, count=self.count)


@dataclass(frozen=True)
class Coins(Act):
    """So many calls are left of our share; None: as many as you like."""

    left: int | None

    def do(self, desk: Desk) -> None:
        desk.town.coins.left = self.left


@dataclass(frozen=True)
class Mapping(Act):
    """The team edits the settings."""

    number: int

    def do(self, desk: Desk) -> None:
        desk.mapping, desk.remapped = self.number, True


KINDS: dict[str, dict[str, Any]] = {
    "regular": {},
    "second": {},
    "backfill": {"trigger": "backfill", **window(3)},
    "by hand": {"trigger": "manual", **window(1)},
    "full": {"trigger": "manual", "full": True},
    "replan": {"trigger": "manual", "replan": True},
    "verify": {"trigger": "manual", "verify": True},
    "dry": {"trigger": "manual", "dry_run": True},
    "dry replan": {"trigger": "manual", "dry_run": True, "replan": True},
    "dry verify": {"trigger": "manual", "dry_run": True, "verify": True},
}


REGULAR = "regular"
DAGS = {"second": "second", "backfill": "backfill"}  # all others start the regular DAG by hand


@dataclass(frozen=True)
class Start(Act):
    """A new run of a DAG, up to its step ``upto``; ``trouble`` strikes in step ``at``; ``again``: a task that fails is
    tried once more."""

    dag: str = "regular"
    upto: int = 4
    at: int = 3
    trouble: Kill | Meanwhile | None = None
    again: bool = False

    def do(self, desk: Desk) -> None:
        run = desk.new_run(DAGS.get(self.dag, REGULAR), **KINDS[self.dag])
        desk.whole(run, 0, self.trouble, self.at, self.again, self.upto)


@dataclass(frozen=True)
class Clear(Act):
    """The ``run``-th run so far is cleared from step ``first`` on, with what follows."""

    run: int
    first: int = 0
    at: int = 3
    trouble: Kill | Meanwhile | None = None
    again: bool = False

    def do(self, desk: Desk) -> None:
        if not desk.runs:
            return
        run = desk.runs[self.run % len(desk.runs)]
        run.clears += 1
        desk.whole(run, 0 if run.id is None else self.first, self.trouble, self.at, self.again)


@dataclass(frozen=True)
class Step(Act):
    """One step of a run there is, whatever came before it."""

    run: int
    step: int
    trouble: Kill | None = None

    def do(self, desk: Desk) -> None:
        if desk.runs:
            desk.step(desk.runs[self.run % len(desk.runs)], self.step, self.trouble)


class Check(Act):
    """A look at what is so far."""

    def __init__(self, look: Callable[[Desk], None]) -> None:
        self.look = look

    def do(self, desk: Desk) -> None:
        self.look(desk)

    def __repr__(self) -> str:
        return "Check()"


def play(desk: Desk, acts: Sequence[Any]) -> None:
    """Lets it all happen, a second apart."""
    for act in acts:
        desk.trace.append(repr(act))
        desk.town.pass_time(1)
        act.do(desk)
