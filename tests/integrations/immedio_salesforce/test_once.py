"""A booking never yields two Tasks or two memberships, whatever goes wrong, and none is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from renkei.errors import SyncError
from renkei.store.forget import forget
from renkei.store.suppression import Suppression
from renkei.sync.request import RunRequest
from renkei.sync.steps import run_inline
from tests.integrations.immedio_salesforce.conftest import Desk

SCHEDULES = int(os.environ.get("RENKEI_SCHEDULES", "50"))
EXAMPLES = SCHEDULES if SCHEDULES >= 300 else max(SCHEDULES // 10, 1)
LEAD, CONTACT, GUESTS = "Lead", "Contact", ("a@example.jp", "b@example.jp")
CREATES = "/services/data/*/composite/sobjects"


class Killed(BaseException):
    """The worker died."""


@dataclass
class Day:
    """A day of trouble at the desk. Every booking's subject is its number."""

    desk: Desk
    numbers: list[str] = field(default_factory=list)
    requests: list[RunRequest] = field(default_factory=list)

    def book(self, guest: str) -> None:
        number = f"bk-{len(self.numbers) + 1}"
        self.numbers.append(number)
        self._send(number, guest, "first")

    def deliver_again(self, which: int, event: str) -> None:
        if self.numbers:
            number = self.numbers[which % len(self.numbers)]
            self._send(number, GUESTS[0], event)

    def _send(self, number: str, guest: str, event: str) -> None:
        self.desk.book(guest, "host@example.com", number, event_id=f"{event} {number}",
                       notification={"subject": number})  # fmt: skip

    def run(self, trouble: Callable[[str], None] = lambda point: None, request: RunRequest | None = None) -> None:
        """A run, which may be killed or fail; what it does not do, a later one does."""
        asked = request or RunRequest(
            dag_id="immedio_bookings", dag_run_id=f"run {len(self.requests)}", trigger="scheduled"
        )
        if request is None:
            self.requests.append(asked)
        self.desk.engine.failpoint = trouble
        try:
            run_inline(self.desk.engine, self.desk.flow(), asked)
        except (Killed, SyncError):
            pass
        finally:
            self.desk.engine.failpoint = lambda point: None

    def clear(self, which: int) -> None:
        if self.requests:
            at = which % len(self.requests)
            old = self.requests[at]
            self.requests[at] = RunRequest(
                dag_id=old.dag_id, dag_run_id=old.dag_run_id, trigger=old.trigger, clear_number=old.clear_number + 1
            )
            self.run(request=self.requests[at])

    def die_at(self, point: str, nth: int) -> None:
        seen = [0]

        def die(name: str) -> None:
            seen[0] += name == point
            if name == point and seen[0] > nth:
                raise Killed

        self.run(die)

    def meet_at(self, point: str) -> None:
        """Another run happens while this one stands at a point."""
        met = [False]

        def meet(name: str) -> None:
            if name == point and not met[0]:
                met[0] = True
                self.run()

        self.run(meet)

    def fault(self, **rule: Any) -> None:
        self.desk.world.faults.add(**{"vendor": "salesforce", **rule})

    def person(self, sobject: str, guest: str) -> None:
        {LEAD: self.desk.org.lead, CONTACT: self.desk.org.contact}[sobject](guest)

    def leads(self) -> list[str]:
        return [row["Id"] for row in self.desk.org.rows("Lead") if not row["IsConverted"]]

    def with_a_lead(self, which: int, do: Callable[[str, list[str]], Any]) -> None:
        leads = self.leads()
        if leads:
            do(leads[which % len(leads)], leads)

    def end(self) -> None:
        """The trouble is over; time passes until all is found out."""
        self.desk.world.faults.clear()
        for _ in range(8):
            self.desk.wait(minutes=16)
            self.run()
        self.check()

    def check(self) -> None:
        tasks = [task["Subject"] for task in self.desk.org._store("Task").list()]
        assert len(tasks) == len(set(tasks)), f"two Tasks: {sorted(tasks)}"
        told = {tuple(row) for row in self.desk.rows("select booking, action, result from renkei.booking_explanation")}
        ends = {(number, action): result for number, action, result in told}
        assert set(ends) == {(number, action) for number in self.numbers for action in ("todo", "campaign")}
        assert set(ends.values()) <= {"created", "unchanged", "unmatched"}, ends
        assert {number for (number, action), end in ends.items() if action == "todo" and end == "created"} == set(tasks)
        members = self.desk.org._store("CampaignMember").list()
        joined = [end for (_, action), end in ends.items() if action == "campaign" and end == "created"]
        assert len(members) <= len(joined), "a membership nobody answers for"


guests = st.sampled_from(GUESTS)
number = st.integers(0, 3)
POINTS = (
    "push.before_claim_commit", "push.after_claim_commit", "push.before_call", "push.after_call",
    "push.before_outcome_commit", "push.after_outcome_commit", "open.after_commit", "extract.after_commit",
    "plan.after_commit", "settle.before_commit", "push.before_find_commit",
)  # fmt: skip
MEETING_POINTS = (
    "push.after_claim_commit", "push.before_call", "push.after_call", "push.after_outcome_commit", "open.after_commit",
)  # fmt: skip
FAULTS = (
    {"action": "drop_after", "path": CREATES}, {"action": "drop_before", "path": CREATES},
    {"action": "cut", "path": CREATES, "keep_bytes": 5}, {"action": "refuse", "path": CREATES, "status": 503},
    {"action": "error", "code": "UNABLE_TO_LOCK_ROW", "path": CREATES},
    {"action": "error", "code": "SERVER_UNAVAILABLE", "path": "/services/data/*/query*"},
    {"action": "expire_token"}, {"action": "refuse", "path": CREATES, "status": 500},
)  # fmt: skip


def act(name: str, *args: Any) -> Any:
    return st.tuples(st.just(name), *args)


ACTS = (
    act("book", guests) | act("book", guests) | act("deliver_again", number, st.sampled_from(["first", "second"]))
    | act("wait", st.sampled_from([1, 4, 6, 11])) | act("wait", st.sampled_from([4, 6]))
    | act("run") | act("run") | act("clear", number)
    | act("die_at", st.sampled_from(POINTS), st.integers(0, 1)) | act("meet_at", st.sampled_from(MEETING_POINTS))
    | act("fault", st.sampled_from(FAULTS), st.integers(1, 2))
    | act("person", st.sampled_from([LEAD, CONTACT]), guests) | act("person", st.just(LEAD), guests)
    | act("convert", number) | act("merge", number) | act("owner", number, st.booleans()) | act("delete", number)
)  # fmt: skip


def play(day: Day, acts: Sequence[Any]) -> None:
    for name, *args in acts:
        if name == "wait":
            day.desk.wait(minutes=args[0])
        elif name == "fault":
            day.fault(**args[0], nth=args[1])
        elif name in ("convert", "merge", "owner", "delete"):
            change_lead(day, name, *args)
        else:
            getattr(day, name)(*args)


def change_lead(day: Day, what: str, which: int, active: bool = True) -> None:
    org = day.desk.org

    def change(lead: str, leads: list[str]) -> None:
        others = [other for other in leads if other != lead]
        if what == "convert":
            org.change("Lead", lead, convert=True)
        elif what == "merge" and others:
            org.change("Lead", lead, merge_into=others[0])
        elif what == "owner":
            owner = org.user("owner@example.com")
            org.change("Lead", lead, OwnerId=owner)
            if not active:
                org.change("User", owner, IsActive=False)
        elif what == "delete":
            org.delete("Lead", lead)

    day.with_a_lead(which, change)


@pytest.fixture
def day(desk: Desk) -> Day:
    return Day(desk)


@pytest.fixture
def begin(fresh_desk: Callable[[], Desk]) -> Callable[[], Day]:
    return lambda: Day(fresh_desk())


@pytest.mark.faults
@pytest.mark.timeout(0)
@pytest.mark.req("R25")
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize="RENKEI_SEED" not in os.environ, database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), print_blob=False,
)  # fmt: skip
@given(st.lists(ACTS, min_size=6, max_size=14))
def test_whatever_happens_each_booking_counts_once(begin: Callable[[], Day], acts: Sequence[Any]) -> None:
    day = begin()
    try:
        play(day, acts)
        day.end()
    except BaseException as error:
        error.add_note("\n".join(["What happened:", *map(repr, acts)]))
        raise


@pytest.mark.req("R25")
@pytest.mark.parametrize("action", ["drop_after", "cut"])
@pytest.mark.parametrize("lead", [True, False])
def test_an_answer_that_is_lost_after_the_commit(day: Day, action: str, lead: bool) -> None:
    if lead:
        day.desk.org.lead(GUESTS[0])
    else:
        day.desk.org.user("host@example.com")
    day.book(GUESTS[0])
    day.run()
    day.desk.wait(minutes=10)
    day.fault(action=action, path=CREATES, count=2, keep_bytes=3)
    day.run()
    assert day.desk.explained()["result"] == "in_doubt"
    day.end()
    assert len(day.desk.tasks) == 1


@pytest.mark.req("R25")
def test_a_lost_answer_is_found_although_the_subject_was_cut_at_a_space(day: Day) -> None:
    day.desk.org.lead(GUESTS[0])
    day.desk.book(GUESTS[0], notification={"subject": "a" * 254 + " and more"})
    day.run()
    day.desk.wait(minutes=5)
    day.fault(action="drop_after", path=CREATES)
    day.run()
    for _ in range(2):
        day.desk.wait(minutes=16)
        day.run()
    assert len(day.desk.tasks) == 1


@pytest.mark.req("R25")
@pytest.mark.parametrize("became", ["converted", "merged"])
def test_a_lost_answer_is_found_although_the_lead_is_another_record_now(day: Day, became: str) -> None:
    lead, other = day.desk.org.lead(GUESTS[0]), day.desk.org.lead("other@example.jp")
    day.book(GUESTS[0])
    day.run()
    day.desk.wait(minutes=10)
    day.fault(action="drop_after", path=CREATES, count=2)
    day.run()
    day.desk.org.change("Lead", lead, **({"convert": True} if became == "converted" else {"merge_into": other}))
    day.end()
    assert (len(day.desk.tasks), len(day.desk.members)) == (1, 1)


@pytest.mark.req("R25")
def test_lost_answers_are_found_although_both_leads_were_merged_into_one_that_was_converted(day: Day) -> None:
    first, second, third = (day.desk.org.lead(address) for address in (*GUESTS, "other@example.jp"))
    for guest in GUESTS:
        day.book(guest)
    day.run()
    day.desk.wait(minutes=5)
    day.fault(action="drop_after", path=CREATES)
    day.run()
    day.desk.org.change("Lead", first, merge_into=third)
    day.desk.org.change("Lead", second, merge_into=third)
    day.desk.org.change("Lead", third, convert=True)
    day.end()
    assert len(day.desk.tasks) == 2


@pytest.mark.req("R25")
def test_two_lost_answers_of_alike_bookings_are_told_apart(day: Day) -> None:
    for guest in GUESTS:
        day.desk.org.lead(guest)
    alike = {"notification": {"subject": "面談予約"}}
    for position, guest in enumerate(GUESTS):
        day.desk.book(guest, "host@example.com", f"bk-{position}", event_id=f"e{position}", **alike)
    day.run()
    day.desk.wait(minutes=5)
    day.fault(action="drop_after", path=CREATES)
    day.run()
    day.desk.world.faults.clear()
    for _ in range(3):
        day.desk.wait(minutes=16)
        day.run()
    assert len(day.desk.tasks) == 2
    assert len({task["WhoId"] for task in day.desk.tasks}) == 2
    assert len({day.desk.explained(number=f"bk-{position}")["salesforce_id"] for position in range(2)}) == 2


def test_who_is_forgotten_while_an_answer_is_lost_leaves_nothing_and_stops_nobody(day: Day) -> None:
    day.desk.org.lead(GUESTS[0])
    day.desk.org.lead(GUESTS[1])
    day.book(GUESTS[0])
    day.run()
    day.desk.wait(minutes=10)
    day.fault(action="drop_before", path=CREATES, count=2)
    day.run()
    assert day.desk.explained()["result"] == "in_doubt"
    with day.desk.engine.store.begin() as connection:
        forget(connection, Suppression(day.desk.engine.store, Fernet.generate_key().decode()), GUESTS[0])
    day.desk.world.faults.clear()
    day.book(GUESTS[1])
    for _ in range(4):
        day.desk.wait(minutes=16)
        day.run()
    assert [task["Subject"] for task in day.desk.tasks] == ["bk-2"]
    assert day.desk.explained()["result"] == "skipped"
    tables = day.desk.rows("select tablename from pg_tables where schemaname = 'renkei'")
    for (table,) in tables:
        found = day.desk.rows(f"select count(*) from renkei.{table} row where row::text like '%{GUESTS[0]}%'")
        assert found[0][0] == 0, table
