"""KARTE's targets: lead data as ``identify`` events or as rows of a reference table, and events written once.

KARTE takes one event a call, tells nothing of it but "taken", and knows no repetition: every event carries
``renkei_id``, by which it is found again; one that is sent a second time says so in ``repeated``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from renkei.clients.karte import MOST_EVENTS, Event, KarteClient, UserKey
from renkei.clients.karte_endpoints import PATIENCE, UPSERT_ROW, WRITE_EVENT, Endpoint
from renkei.clients.karte_limits import TEXT_UNITS, fit_cells, fit_event
from renkei.errors import OutcomeUnknown, RecordError, SyncError
from renkei.sync.ports import Account, Doubt, Fields, Found, MatchKey, Outcome, Result, Seen, Sighting, WriteItem

log = logging.getLogger("renkei.push")

BATCH = 50
USER = "user"  # the object's name in links: whoever is written to, by whatever way
VISITOR = "vis-"  # what the id of somebody anonymous begins with
MARKER, REPEATED = "renkei_id", "repeated"
STAMP = "_karte_last_sync_date"
SENT_EARLIER = timedelta(seconds=5)  # KARTE's clock may be this much behind what its Date header lets us know


def user_key(user: str) -> UserKey:
    """A member's ``user_id``, or the ``visitor_id`` of somebody anonymous."""
    return UserKey(user, "visitor_id" if user.startswith(VISITOR) else "user_id")


def nested(fields: Fields) -> dict[str, Any]:
    """``{"marketo.id": "12"}`` → ``{"marketo": {"id": "12"}}``; what is nested already is kept."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".")
        place = found
        for part in path:
            held = place.get(part)
            place[part] = dict(held) if isinstance(held, Mapping) else {}
            place = place[part]
        held = place.get(last)
        place[last] = {**value, **held} if isinstance(value, Mapping) and isinstance(held, Mapping) else value
    return found


def told_of_cuts(values: Fields) -> list[str]:
    """What a person is told of the texts of an event that KARTE keeps in part."""
    return [f"{path} is longer than {TEXT_UNITS} characters and was cut" for path in fit_event(values)[1]]


class _Target:
    """One call per record, ``at_once`` of them side by side. Whatever becomes of one record is its own outcome."""

    object: str = USER
    batch_size: int = BATCH
    writes: Endpoint = WRITE_EVENT

    def __init__(self, client: KarteClient, *, at_once: int = 1) -> None:
        self.account = Account("karte", client.account_id)
        self.call_deadline = self.writes.deadline + PATIENCE
        self._client = client
        self._at_once = at_once

    def reserve(self) -> None:
        """Takes the place of the next write in the purse."""
        self._client.reserve(self.writes)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """KARTE cannot be searched for users."""
        return {}

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._each(items)

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._each(items)

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._each(items)

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        """KARTE shows nobody's fields: they count as they were sent."""
        return {item.key: item.fields for item in items}

    def _each(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Raises only where nothing was sent at all."""
        until = self._client.clock.now() + PATIENCE
        outcomes: list[Outcome] = []
        while len(outcomes) < len(items):
            some = items[len(outcomes) : len(outcomes) + self._at_once]
            results = self._side_by_side(some)
            stopped = next((one for one in results if isinstance(one, SyncError)), None)
            if stopped is not None and not outcomes and all(isinstance(one, SyncError) for one in results):
                raise stopped
            outcomes += [_not_sent(one) if isinstance(one, SyncError) else one for one in results]
            lost = any(one.result is Result.UNKNOWN for one in outcomes)
            if stopped is not None or lost or self._client.clock.now() > until:
                reason = str(stopped or "the batch ended before it")
                outcomes += [Outcome(Result.NOT_SENT, reason=reason)] * (len(items) - len(outcomes))
        return outcomes

    def _side_by_side(self, items: Sequence[WriteItem]) -> list[Outcome | SyncError]:
        if len(items) == 1:
            return [self._safely(items[0])]
        with ThreadPoolExecutor(len(items)) as pool:
            return list(pool.map(self._safely, items))

    def _safely(self, item: WriteItem) -> Outcome | SyncError:
        """The outcome; an error of the tree that means that nothing was sent, or that a person must act. What nobody
        foresaw may have come after the call: the record counts as sent with an unknown outcome, and is looked for."""
        try:
            return self._write(item)
        except OutcomeUnknown as error:
            return Outcome(Result.UNKNOWN, code=error.code, reason=error.message)
        except RecordError as error:
            return Outcome(Result.FAILED, code=error.code, reason=str(error), error_class=error.error_class)
        except SyncError as error:
            return error
        except Exception as error:  # nobody knows how far it came
            log.error("KARTE: a write ended in %s; what became of it is found out later", type(error).__name__)
            return Outcome(Result.UNKNOWN, code=type(error).__name__, reason="an unforeseen error in the call")

    def _write(self, item: WriteItem) -> Outcome:
        raise NotImplementedError


class IdentifyTarget(_Target):
    """Lead data of one user as an ``identify`` event. ``fields`` hold ``user_id`` and what the event says; the sync
    stamp is added when it is sent, and never compared. May be sent again; then it says so."""

    def _write(self, item: WriteItem) -> Outcome:
        user = str(item.fields["user_id"])
        values = nested(item.fields)
        values["marketo"] = {**values.get("marketo", {}), STAMP: int(self._client.now().timestamp())}
        values[MARKER] = item.marker
        if item.repeated:
            values[REPEATED] = True
        kept, _ = fit_event(values)
        self._client.write_event(user_key(user), "identify", kept)
        return Outcome(Result.UPDATED, user, code=REPEATED if item.repeated else "")


class UserTableTarget(_Target):
    """Lead data of one user as a row of a reference table, ``fields`` by column name and ``user_id``, the row's key.
    May be sent again: the row is what was sent last."""

    writes = UPSERT_ROW

    def __init__(self, client: KarteClient, table_id: str, columns: Sequence[str], *, at_once: int = 1) -> None:
        super().__init__(client, at_once=at_once)
        self.object = f"user_table/{table_id}"
        self._table = table_id
        self._columns = frozenset(columns)

    def _write(self, item: WriteItem) -> Outcome:
        user = str(item.fields["user_id"])
        cells = {name: value for name, value in item.fields.items() if name in self._columns}
        stamp = f"marketo_{STAMP}"
        if stamp in self._columns:
            cells[stamp] = int(self._client.now().timestamp())
        kept, _ = fit_cells(cells)
        self._client.upsert_row(self._table, {"user_id": user}, kept)
        return Outcome(Result.UPDATED, user)


class EventTarget(_Target):
    """Events, written once: ``fields`` hold ``user`` (taken from a link), ``event_name`` and ``values``."""

    object = "event"

    def _write(self, item: WriteItem) -> Outcome:
        values, _ = fit_event({**item.fields["values"], MARKER: item.marker})
        self._client.write_event(user_key(str(item.fields["user"])), str(item.fields["event_name"]), values)
        return Outcome(Result.CREATED, item.marker)

    def find(self, doubts: Sequence[Doubt]) -> dict[str, Sighting]:
        """Each by its user and name since it was sent, by ``renkei_id``. KARTE shows the oldest ten at most: ten
        without a hit tell nothing. One call each."""
        return {doubt.key: self._look(doubt) for doubt in doubts}

    def _look(self, doubt: Doubt) -> Sighting:
        name = str(doubt.fields["event_name"])
        since = self._client.now() - doubt.age - SENT_EARLIER
        events: list[Event] = self._client.events(str(doubt.fields["user"]), [name], since=since)[name]
        if any(event.values.get(MARKER) == doubt.marker for event in events):
            return Sighting(Seen.FOUND, doubt.marker)
        if len(events) >= MOST_EVENTS:
            return Sighting(Seen.UNREADABLE, reason=f"KARTE shows the oldest {MOST_EVENTS} events only")
        return Sighting(Seen.ABSENT)


def _not_sent(error: SyncError) -> Outcome:
    return Outcome(Result.NOT_SENT, reason=str(error))
