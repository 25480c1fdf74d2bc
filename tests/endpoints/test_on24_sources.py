"""ON24's feeds over scripted lists: days, date modes, cursors, keys, rows without ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from renkei.clients.on24 import ListPage
from renkei.endpoints.on24 import On24Attendees, On24Events, On24Registrants, covering_days, newest_activity
from renkei.errors import CursorExpired
from renkei.sync.ports import Span

SINCE = datetime(2026, 11, 17, 9, 0, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SPAN = Span(SINCE, UNTIL)


@dataclass
class FakeClient:
    """Lists in pages of two, by kind and date mode."""

    lists: dict[tuple[str, str | None], list[dict[str, Any]]] = field(default_factory=dict)
    of_event: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    registrations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    account_id: str = "3484"

    def now(self) -> datetime:
        return UNTIL

    def _list(self, kind: str, start: date, end: date, mode: str | None, page: int) -> ListPage:
        self.asked.append((kind, start.isoformat(), end.isoformat(), mode, page))
        rows = self.lists.get((kind, mode), [])
        return ListPage(rows[page * 2 : page * 2 + 2], page, -(-len(rows) // 2), len(rows))

    def events(self, start: date, end: date, *, mode: str, page: int = 0, subaccounts: bool = True) -> ListPage:
        return self._list("event", start, end, mode, page)

    def registrants(
        self, start: date, end: date, *, mode: Any = None, page: int = 0, subaccounts: bool = True
    ) -> ListPage:
        return self._list("registrant", start, end, mode, page)

    def attendees(
        self, start: date, end: date, *, mode: Any = None, page: int = 0, subaccounts: bool = True
    ) -> ListPage:
        return self._list("attendee", start, end, mode, page)

    def event(self, event_id: str) -> dict[str, Any] | None:
        return next(iter(self.of_event.get(event_id, [])), None)

    def event_registrants(self, event_id: str) -> list[dict[str, Any]]:
        return self.of_event.get(event_id, [])

    event_attendees = event_registrants

    def registrations_of(self, email: str) -> list[dict[str, Any]]:
        self.asked.append(("person", email))
        return self.registrations.get(email, [])


def subject(row: Mapping[str, Any]) -> str | None:
    return f"email:{row['email']}" if row.get("email") else None


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"eventid": 7, "eventuserid": number, "email": f"p{number}@example.jp", **more}


def test_a_span_is_covered_by_pacific_days() -> None:
    # 09:00Z is 01:00 Pacific of the same day; 03:00Z is 19:00 Pacific of the day before
    assert list(covering_days(SPAN)) == [(date(2026, 11, 17), date(2026, 11, 19))]
    midnight = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)  # 00:00 Pacific: the end is not part of the span
    assert list(covering_days(Span(SINCE, midnight))) == [(date(2026, 11, 17), date(2026, 11, 19))]


def test_long_spans_are_read_in_pieces_without_gap_or_overlap() -> None:
    pieces = list(covering_days(Span(SINCE - timedelta(days=400), SINCE)))
    assert [(end - start).days + 1 for start, end in pieces] == [180, 180, 41]
    assert all(b[0] - a[1] == timedelta(days=1) for a, b in pairwise(pieces))


def test_registrants_are_read_by_registration_and_by_last_activity() -> None:
    client = FakeClient(
        {("registrant", None): [person(n) for n in (1, 2, 3)], ("registrant", "lastActivity"): [person(9)]}
    )
    pages = list(On24Registrants(client, subject).pages(SPAN, None))
    assert [[row.key for row in page.rows] for page in pages] == [["7:1", "7:2"], ["7:3"], ["7:9"]]
    assert [page.cursor is None for page in pages] == [False, False, True]
    assert {asked[3] for asked in client.asked} == {None, "lastActivity"}
    row = pages[0].rows[0]
    assert (row.parent, row.subject, row.version, row.deleted) == ("7", "email:p1@example.jp", None, False)


def test_a_full_load_reads_each_registration_once() -> None:
    client = FakeClient({("registrant", None): [person(1)], ("registrant", "lastActivity"): [person(1)]})
    pages = list(On24Registrants(client, subject).pages(Span(SINCE, UNTIL, full=True), None))
    assert [[row.key for row in page.rows] for page in pages] == [["7:1"]]
    assert {asked[3] for asked in client.asked} == {None}


def test_reading_goes_on_at_any_cursor() -> None:
    lists = {("registrant", None): [person(n) for n in range(5)], ("registrant", "lastActivity"): [person(9)]}
    whole = list(On24Registrants(FakeClient(lists), subject).pages(SPAN, None))
    for index, page in enumerate(whole[:-1]):
        rest = list(On24Registrants(FakeClient(lists), subject).pages(SPAN, page.cursor))
        assert rest == whole[index + 1 :]


def test_a_cursor_of_another_window_is_dead() -> None:
    cursor = next(
        iter(On24Registrants(FakeClient({("registrant", None): [person(1)] * 3}), subject).pages(SPAN, None))
    ).cursor
    with pytest.raises(CursorExpired):
        list(On24Registrants(FakeClient(), subject).pages(Span(SINCE, UNTIL + timedelta(days=1)), cursor))


def test_a_list_that_moved_while_it_was_read_is_read_again() -> None:
    client = FakeClient({("registrant", None): [person(n) for n in range(4)]})
    pages = On24Registrants(client, subject).pages(SPAN, None)
    next(pages)
    del client.lists["registrant", None][0]  # row 2 slips onto the page already read
    keys = {row.key for page in pages for row in page.rows}
    assert "7:2" in keys


def test_an_empty_window_is_one_empty_page_per_list() -> None:
    pages = list(On24Attendees(FakeClient(), subject).pages(SPAN, None))
    assert [(list(page.rows), page.cursor is None) for page in pages] == [([], False), ([], True)]


def test_one_events_rows_get_its_id_and_come_in_pieces() -> None:
    client = FakeClient(of_event={"7": [{"eventuserid": n, "email": f"p{n}@example.jp"} for n in range(1200)]})
    pages = list(On24Attendees(client, subject).pages(Span(SINCE, UNTIL, {"eventid": "7"}), None))
    assert [len(page.rows) for page in pages] == [500, 500, 200] and pages[-1].cursor is None
    assert pages[0].rows[0].key == "7:0" and pages[0].rows[0].payload["eventid"] == 7
    again = On24Attendees(client, subject).pages(Span(SINCE, UNTIL, {"eventid": "7"}), pages[0].cursor)
    assert sum(len(page.rows) for page in again) == 1200


def test_a_hub_attendee_without_eventid_is_found_among_the_registrations() -> None:
    row = {"eventuserid": 5, "email": "p@example.jp"}
    registrations = [{"eventid": 11, "eventuserid": 4}, {"eventid": 12, "eventuserid": 5}]
    client = FakeClient({("attendee", None): [row, row]}, registrations={"p@example.jp": registrations})
    pages = list(On24Attendees(client, subject).pages(SPAN, None))
    assert [found.key for found in pages[0].rows] == ["12:5", "12:5"]
    assert pages[0].rows[0].payload["eventid"] == 12
    assert client.asked.count(("person", "p@example.jp")) == 1


@pytest.mark.parametrize(
    "row", [{"eventuserid": 5}, {"eventid": 7, "email": "x@example.jp"}, {"email": "x@example.jp"}]
)
def test_rows_without_ids_are_delivered_for_the_mapping_to_refuse(row: dict[str, Any]) -> None:
    client = FakeClient({("attendee", None): [row]})
    found = next(iter(On24Attendees(client, subject).pages(SPAN, None))).rows[0]
    assert "?" in found.key and found.payload == row
    assert next(iter(On24Attendees(client, subject).pages(SPAN, None))).rows[0].key == found.key


def test_events_leave_out_what_moves_by_itself() -> None:
    event = {"eventid": 7, "description": "題", "lastupdated": "x", "eventanalytics": {"totalregistrants": 3}}
    client = FakeClient({("event", "updated"): [event], ("event", "modified"): [event]})
    pages = list(On24Events(client).pages(SPAN, None))
    assert [row.key for page in pages for row in page.rows] == ["7", "7"]
    assert pages[0].rows[0].payload == {"eventid": 7, "description": "題"}
    assert [asked[3] for asked in client.asked] == ["updated", "modified"]


def test_a_parent_event_is_read_alone() -> None:
    client = FakeClient(of_event={"7": [{"eventid": 7}]})
    known = list(On24Events(client).pages(Span(SINCE, UNTIL, {"eventid": "7"}), None))
    unknown = list(On24Events(client).pages(Span(SINCE, UNTIL, {"eventid": "8"}), None))
    assert [row.key for page in known for row in page.rows] == ["7"]
    assert [list(page.rows) for page in unknown] == [[]]


def test_a_row_is_the_same_in_both_lists() -> None:
    alone = {"eventuserid": 5, "email": "p@example.jp", "liveminutes": 3}
    client = FakeClient({("attendee", None): [{**alone, "eventid": 7, "clientid": 3484}]}, of_event={"7": [alone]})
    window = next(iter(On24Attendees(client, subject).pages(SPAN, None))).rows[0]
    of_event = next(iter(On24Attendees(client, subject).pages(Span(SINCE, UNTIL, {"eventid": "7"}), None))).rows[0]
    assert window == of_event


def test_the_version_of_an_attendee_is_the_newest_activity_told() -> None:
    polls = [{"pollid": 1, "pollsubmittedtimestamp": "2026-11-19T10:30:00-08:00"}]
    row = person(
        1, firstliveactivity="2026-11-19T10:00:00-08:00", lastliveactivity="2026-11-19T10:20:00-08:00", polls=polls
    )
    assert newest_activity(row) == datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
    assert newest_activity(person(1)) == datetime(1970, 1, 1, tzinfo=UTC)
    for gone in ({"userstatus": "forgotten"}, {"userstatus": "deleted"}, {"isblocked": "Y"}):
        assert newest_activity({**row, **gone}) is None


def test_registrants_have_no_version() -> None:
    client = FakeClient({("registrant", None): [person(1, lastactivity="2026-11-19T10:20:00-08:00")]})
    assert next(iter(On24Registrants(client, subject).pages(SPAN, None))).rows[0].version is None
