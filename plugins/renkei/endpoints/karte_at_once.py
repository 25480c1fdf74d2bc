"""Leads looked up as soon as a user is identified, at most once a user in 24 hours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from renkei.clients import marketo_endpoints as at
from renkei.clients.marketo import BAD_VALUE, MarketoClient
from renkei.endpoints.karte import MARKER
from renkei.endpoints.karte_users import Hit, LeadFinder, User, failed_hits, linked_row, refused_row, user_of
from renkei.errors import Fatal, QuotaExhausted, RequestTooLarge, Retriable
from renkei.sync.gate import RequestGate
from renkei.sync.intake import InboxSource
from renkei.sync.ports import SourceRow, Span
from renkei.sync.shelves import Event, People

BLOCK = timedelta(hours=24)
WITHIN, MALFORMED, NO_KEY, NOT_NOW = "asked_within_24_h", "malformed_cookie", "no_key", "dry_run"
PAGE = 300
Find = Callable[[Sequence[User]], dict[str, Hit]]


@dataclass
class LeadsAtOnce(InboxSource):
    """Identify events of the inbox. The gate closes before the call, after its place in the purse is taken, whatever
    becomes of the call; a purse that is empty before it closes nothing. ``row`` is not used: a page is asked whole."""

    client: MarketoClient
    finder: LeadFinder
    gate: RequestGate
    people: People

    def rows(self, connection: sa.Connection, span: Span, after: int) -> tuple[list[SourceRow], int | None]:
        found = self.events(connection, span, after, PAGE)
        connection.rollback()  # nothing is held while Marketo answers
        return _Page(self, span, found).rows(), found[-1].id if len(found) == PAGE else None


class _Page:
    """One page of events, on its way to rows."""

    def __init__(self, source: LeadsAtOnce, span: Span, events: Sequence[Event]) -> None:
        self._source = source
        self._span = span
        self._events = events
        self._users = _users(events, source.people)

    def rows(self) -> list[SourceRow]:
        rows = [refused_row(user, reason, self._when(user)) for user, reason in self._not_to_be_asked()]
        if "waiting" in self._span.params:
            return rows + [refused_row(user, NOT_NOW, self._when(user)) for user in self._askable()]
        with_address = [user for user in self._askable() if user.address]
        asked, blocked = self._enter(with_address)
        hits = self._ask(asked, self._source.finder.by_email)
        rows += [refused_row(user, WITHIN, self._when(user)) for user in blocked]
        missed = [user for user in asked if user.token and not hits[user.id].lead and not hits[user.id].failed]
        try:
            alone, blocked = self._enter([user for user in self._askable() if not user.address], also=missed)
        except (QuotaExhausted, Retriable):
            if not asked:
                raise
            self._put_back([user for user in self._askable() if not user.address])
            alone, blocked, missed = [], [], []
        found = self._ask([*missed, *alone], self._source.finder.by_cookie, keep=bool(asked))
        hits |= {user: hit for user, hit in found.items() if hit.lead or hit.failed or user not in hits}
        rows += [refused_row(user, WITHIN, self._when(user)) for user in blocked]
        return rows + [linked_row(user, hits[user.id]) for user in [*asked, *alone]]

    def _not_to_be_asked(self) -> list[tuple[User, str]]:
        askable = {user.id for user in self._askable()}
        left = [user for user, _ in self._users.values() if user.id not in askable]
        return [(user, MALFORMED if user.cookie else NO_KEY) for user in left]

    def _askable(self) -> list[User]:
        return [user for user, _ in self._users.values() if user.address or user.token]

    def _when(self, user: User) -> datetime:
        return self._users[user.id][1]

    def _enter(self, users: Sequence[User], also: Sequence[User] = ()) -> tuple[list[User], list[User]]:
        """Whom a request may be made about, and whom not. ``also``: who is in already and is asked by another key."""
        if not users and not also:
            return [], []
        self._source.client.requests.reserve(at.QUERY_LEADS)
        passed = self._source.gate.enter([user.id for user in users], self._span.params.get("run"))
        return [user for user in users if user.id in passed], [user for user in users if user.id not in passed]

    def _ask(self, users: Sequence[User], find: Find, *, keep: bool = False) -> dict[str, Hit]:
        """Whatever goes wrong now, the request was made. Raises only what a person must mend, and not where answers
        are held already (``keep``): nobody may ask for those again today."""
        if not users:
            return {}
        try:
            found = find(users)
            return {user.id: found.get(user.id, Hit()) for user in users}
        except (Retriable, QuotaExhausted, RequestTooLarge) as error:
            return failed_hits(users, error)
        except Fatal as error:
            if error.code not in BAD_VALUE and not keep:
                raise
            return failed_hits(users, error)

    def _put_back(self, users: Sequence[User]) -> None:
        """Nobody asked about them: the next run does."""
        ids = {user.id for user in users}
        events = [event.id for event in self._events if _who(event) in ids]
        self._source.put_back(events)


def _users(events: Sequence[Event], people: People) -> dict[str, tuple[User, datetime]]:
    """Everybody once, with what was said last, also in events that came later; and when they came."""
    last = {who: event.received_at for event in events if (who := _who(event)) and not _ours(event)}
    if not last:
        return {}
    since = min(event.received_at for event in events)
    return {one.who: (user_of(one.who, one.values), last[one.who]) for one in people.newest(list(last), since)}


def _ours(event: Event) -> bool:
    return MARKER in (event.payload.get("values") or {})


def _who(event: Event) -> str:
    return str(event.payload.get("user_id") or event.payload.get("visitor_id") or "")
