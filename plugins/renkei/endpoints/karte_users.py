"""KARTE's users as sources: whom an ``identify`` was sent for, with the Marketo lead that is linked with them.

Rows of ``LINKED`` hold ``{"user", "email", "cookie", "by", "lead", "others"}``: ``by`` is how the lead was found
(``email``, ``cookie``) or None, ``lead`` its fields; of several leads with one key the one changed last is taken, and
``others`` are the ids of the rest. Whoever was not asked about has ``refused`` instead, and a key of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from renkei.clients.marketo import MarketoClient
from renkei.endpoints.marketo import normalize_email
from renkei.endpoints.marketo_newest import OUTSIDE
from renkei.errors import SyncError
from renkei.sync.ports import Account, Fields, Page, SourceRow, Span
from renkei.sync.shelves import People, Person

LINKED, ASKED, USERS = "karte.linked_lead", "karte.asked_lead", "karte.user"
LOOK_UP = 300  # keys of one call
COOKIE = re.compile(r"id:[0-9A-Z-]+&token:(_mch-[^\s,]+)")
_ADDRESS = re.compile(r"[^@\s,]+@[^@\s,]+")
Lead = Mapping[str, Any]


@dataclass(frozen=True)
class User:
    """One user as an ``identify`` told of them; ``id`` is the member's, or the visitor's for somebody anonymous."""

    id: str
    email: str = field(default="", repr=False)
    cookie: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """As addresses are compared; empty where it is none that Marketo could hold."""
        address = normalize_email(self.email)
        return address if address.isascii() and _ADDRESS.fullmatch(address) else ""

    @property
    def token(self) -> str:
        """The cookie's token; empty where the cookie is not Marketo's."""
        found = COOKIE.fullmatch(self.cookie.strip())
        return found[1] if found else ""

    @property
    def subject(self) -> str:
        return f"email:{self.address}" if self.address else f"{OUTSIDE}:{self.id}"


def user_of(who: str, values: Mapping[str, Any]) -> User:
    """From the values of an ``identify``."""
    return User(who, _text(values.get("email")), _text(values.get("marketo_cookie")))


@dataclass(frozen=True)
class Hit:
    """The lead of one user: how it was found, and who else has the same key. ``failed``: why nobody knows."""

    by: str | None = None
    lead: Lead | None = None
    others: tuple[str, ...] = ()
    failed: str = ""


class LeadFinder:
    """Looks leads up, 300 keys a call. ``fields`` are asked for; cookies only to join the answer."""

    def __init__(self, client: MarketoClient, fields: Sequence[str]) -> None:
        self._client = client
        self._fields = list(dict.fromkeys(["id", "email", "updatedAt", *fields]))

    def by_email(self, users: Sequence[User]) -> dict[str, Hit]:
        """By address, for users that have one: every one of them is in the answer."""
        found: dict[str, list[Lead]] = {}
        refused: dict[str, str] = {}
        addresses = list(dict.fromkeys(user.address for user in users if user.address))
        for lead in self._client.leads("email", addresses, self._fields, refused):
            found.setdefault(normalize_email(lead.get("email")), []).append(lead)
        return {
            user.id: _hit("email", found.get(user.address, ()), refused.get(user.address, ""))
            for user in users
            if user.address
        }

    def by_cookie(self, users: Sequence[User]) -> dict[str, Hit]:
        """By Marketo's cookie, for users that have a good one. Marketo takes ``id:…&token:…`` and answers with bare
        tokens, several for one lead."""
        found: dict[str, list[Lead]] = {}
        refused: dict[str, str] = {}
        cookies = list(dict.fromkeys(user.cookie.strip() for user in users if user.token))
        for lead in self._client.leads("cookies", cookies, [*self._fields, "cookies"], refused):
            for token in re.split(r"[,;\s]+", str(lead.get("cookies") or "")):
                bare = {name: value for name, value in lead.items() if name != "cookies"}
                found.setdefault(token.rpartition("&token:")[2], []).append(bare)
        return {
            user.id: _hit("cookie", found.get(user.token, ()), refused.get(user.cookie.strip(), ""))
            for user in users
            if user.token
        }


class LinkedLeads:
    """The regular look-up: everybody an ``identify`` with e-mail was sent for in the span, 300 a call."""

    def __init__(self, account: Account, people: People, finder: LeadFinder) -> None:
        self.account = account
        self._people = people
        self._finder = finder

    def now(self) -> datetime:
        return self._people.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        after = str(cursor["after"]) if cursor else ""
        while True:
            found = self._people.read(span, after, LOOK_UP)
            users = [user_of(person.who, person.values) for person in found]
            hits = self._finder.by_email(users)
            rows = [linked_row(user, hits.get(user.id, Hit())) for user in users]
            if len(found) < LOOK_UP:
                yield Page(rows, None)
                return
            after = found[-1].who
            yield Page(rows, {"after": after})


class UserData:
    """What the site said of its users in the span, one row each: ``{"user", "email", "cookie", "values"}``. ``known``
    tells what is stored of users already, so that a value said once stays."""

    def __init__(
        self,
        account: Account,
        people: People,
        names: Sequence[str],
        known: Callable[[Sequence[str]], Mapping[str, Fields]],
    ) -> None:
        self.account = account
        self._people = people
        self._names = tuple(names)
        self._known = known

    def now(self) -> datetime:
        return self._people.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        after = str(cursor["after"]) if cursor else ""
        while True:
            found = self._people.read(span, after, LOOK_UP)
            known = self._known([person.who for person in found])
            rows = [self._row(person, known.get(person.who, {})) for person in found]
            if len(found) < LOOK_UP:
                yield Page(rows, None)
                return
            after = found[-1].who
            yield Page(rows, {"after": after})

    def _row(self, person: Person, before: Fields) -> SourceRow:
        said = {name: person.values[name] for name in self._names if person.values.get(name) not in (None, "")}
        user = user_of(person.who, person.values)
        email = user.email if user.address else str(before.get("email") or "")
        known = User(person.who, email, user.cookie if user.token else str(before.get("cookie") or ""))
        payload = {
            "user": known.id,
            "email": known.email,
            "cookie": known.cookie,
            "values": {**before.get("values", {}), **said},
        }
        return SourceRow(person.who, payload, subject=known.subject)


def linked_row(user: User, hit: Hit) -> SourceRow:
    """What is known of one user and their lead."""
    payload = {
        "user": user.id,
        "email": user.email,
        "by": hit.by,
        "lead": None if hit.lead is None else dict(hit.lead),
        "others": list(hit.others),
        "failed": hit.failed,
    }
    known = user if user.address else replace(user, email=str((hit.lead or {}).get("email") or ""))
    return SourceRow(user.id, payload, subject=known.subject)


def refused_row(user: User, reason: str, when: datetime) -> SourceRow:
    """A user who was not asked about, and why. What is known of them stays as it is."""
    payload = {"user": user.id, "refused": reason, "at": when.isoformat()}
    return SourceRow(f"{reason}:{user.id}", payload, subject=user.subject)


def failed_hits(users: Sequence[User], error: SyncError) -> dict[str, Hit]:
    """The look-up came to nothing for all of them."""
    return {user.id: Hit(failed=error.code or type(error).__name__) for user in users}


def _hit(by: str, leads: Sequence[Lead], refused: str) -> Hit:
    """Of several leads the one changed last (K16); of equal ones the oldest id."""
    if not leads:
        return Hit(failed=refused)
    unique = {str(lead["id"]): lead for lead in leads}
    first, *others = sorted(
        unique.values(), key=lambda lead: (str(lead.get("updatedAt") or ""), -int(lead["id"])), reverse=True
    )
    return Hit(by, first, tuple(str(lead["id"]) for lead in others))


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
