"""Whom a booking is linked to and who gets the ToDo: the decision table as data, and the function that reads it.

Rows D1–D6 are immedio's own, the others complete the table. It is written for "lead first"; for "contact first" lead
and contact change places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from renkei.integrations.immedio_salesforce.settings import SearchOrder

ANY = None
Assignee = Literal["host", "owner", "none"]


@dataclass(frozen=True)
class Row:
    """``first``/``second``: the record looked for first or second was found; ``host``: the host is a Salesforce user;
    ``owner``: the linked record has an owner who can take a Task (ANY: does not matter)."""

    name: str
    first: bool
    second: bool
    host: bool
    owner: bool | None
    link: Literal["first", "second"] | None
    assignee: Assignee

    @property
    def task(self) -> bool:
        """A Task is made where there is a link or an assignee (R23)."""
        return self.link is not None or self.assignee != "none"


TABLE: tuple[Row, ...] = (
    Row("D1", True, False, True, ANY, "first", "host"),
    Row("D2", True, False, False, True, "first", "owner"),
    Row("D3", False, True, False, True, "second", "owner"),
    Row("D4", False, False, True, ANY, None, "host"),
    Row("D5", True, False, False, False, "first", "none"),
    Row("D6", False, False, False, ANY, None, "none"),
    Row("D7", False, True, True, ANY, "second", "host"),
    Row("D8", False, True, False, False, "second", "none"),
    Row("D9", True, True, True, ANY, "first", "host"),
    Row("D10", True, True, False, True, "first", "owner"),
    Row("D11", True, True, False, False, "first", "none"),  # the owner of the second is not used
)


@dataclass(frozen=True)
class Person:
    """A lead or contact found by address. ``owner_id`` is None when the owner cannot take a Task; ``owner`` says what
    the owner is: ``user``, ``inactive user``, ``queue`` or ``none``."""

    id: str
    owner_id: str | None = None
    owner: str = "none"


@dataclass(frozen=True)
class Found:
    """What Salesforce holds at due time; ``leads`` and ``contacts`` count all with the address."""

    lead: Person | None = None
    contact: Person | None = None
    host_id: str | None = None
    leads: int = 0
    contacts: int = 0
    hosts: int = 0


@dataclass(frozen=True)
class Decision:
    """``rule`` is the row that fired; ``link`` and ``who_id`` whom the Task is linked to, ``owner_id`` who gets it."""

    rule: str
    link: Literal["lead", "contact"] | None
    who_id: str | None
    assignee: Assignee
    owner_id: str | None
    task: bool

    def told(self) -> dict[str, Any]:
        """For the explanation. A Task cannot be without owner: with none the API's user owns it."""
        assignee = "none(api_user)" if self.task and self.assignee == "none" else self.assignee
        return {"rule": self.rule, "link": self.link, "who_id": self.who_id, "assignee": assignee}


def decide(found: Found, order: SearchOrder) -> Decision:
    """The one row of the table that holds."""
    lead_first = order == "lead_first"
    first, second = (found.lead, found.contact) if lead_first else (found.contact, found.lead)
    linked = first or second
    row = next(row for row in TABLE if _holds(row, first, second, found.host_id, linked))
    names: tuple[Literal["lead", "contact"], Literal["lead", "contact"]] = (
        ("lead", "contact") if lead_first else ("contact", "lead")
    )
    return Decision(
        rule=row.name,
        link=None if row.link is None else names[0] if row.link == "first" else names[1],
        who_id=linked.id if linked and row.link else None,
        assignee=row.assignee,
        owner_id=_owner(row.assignee, found.host_id, linked),
        task=row.task,
    )


def linked_person(found: Found, order: SearchOrder) -> tuple[Literal["lead", "contact"], str] | None:
    """Whom the booker's address means, for the campaign (R27)."""
    decision = decide(found, order)
    return (decision.link, decision.who_id) if decision.link and decision.who_id else None


def newest(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Of several records of one address the one changed last; a tie goes to the highest id (R21)."""
    return max(rows, key=lambda row: (str(row.get("LastModifiedDate") or ""), str(row["Id"])), default=None)


def _holds(row: Row, first: Person | None, second: Person | None, host: str | None, linked: Person | None) -> bool:
    owner = linked is not None and linked.owner_id is not None
    return (
        row.first == (first is not None)
        and row.second == (second is not None)
        and row.host == (host is not None)
        and row.owner in (ANY, owner)
    )


def _owner(assignee: Assignee, host: str | None, linked: Person | None) -> str | None:
    if assignee == "host":
        return host
    return linked.owner_id if assignee == "owner" and linked else None
