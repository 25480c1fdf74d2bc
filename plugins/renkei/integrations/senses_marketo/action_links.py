"""Action contacts: which contact took part in which action, since when, and on which deal; kept with the record.

One row per action and contact (``12:34``, about ``contact:34``, hanging from the deal), and one per action (``12``)
that names all contacts it ever had, so that one who is taken out is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from renkei.integrations.senses_marketo.deal_history import iso, moment_of

Row = Mapping[str, Any]


def action_contacts(row: Row) -> list[str]:
    """Ids of an action's contacts: the one place that knows where they stand in the vendor's JSON (not documented;
    the sandbox shows ``actionContacts: [{contactId}]``)."""
    return [str(entry["contactId"]) for entry in row.get("actionContacts") or () if entry.get("contactId") is not None]


def subject_of_contact(contact_id: str) -> str:
    """Whom the rows of one contact are about."""
    return f"contact:{contact_id}"


def link_key(action_id: str, contact_id: str) -> str:
    return f"{action_id}:{contact_id}"


def roster(row: Row, known: Row | None) -> dict[str, Any]:
    """All contacts the action has or had, and its deal."""
    before = [str(contact) for contact in (known or {}).get("contacts", ())]
    return {"contacts": list(dict.fromkeys([*before, *action_contacts(row)])), "deal": deal_of(row)}


def links(
    row: Row, known_roster: Row | None, known: Mapping[str, Row], started: datetime
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(contact id, payload) of every contact the action has or had; ``known`` holds the stored payloads by contact.

    ``{action, contact, kind, created, at, until, deal, since, off?}``: linked ``at`` (None: before ``started``), taken
    out ``until``, on ``deal`` since ``since``, which the action came off at ``off``. ``kind`` is the action's when the
    contact was registered (S28).
    """
    present = set(action_contacts(row))
    for contact in roster(row, known_roster)["contacts"]:
        before = known.get(contact)
        if before is None:
            yield contact, _first(row, contact, _registered_at(row, known_roster, started))
        else:
            yield contact, _next(row, contact, before, contact in present)


def _registered_at(row: Row, known_roster: Row | None, started: datetime) -> str | None:
    """An action seen for the first time was registered with its contacts, a known one got them when it was changed."""
    created = moment_of(row, "createdAt")
    if known_roster is not None:
        return iso(moment_of(row, "updatedAt"))
    return iso(created) if created >= started else None


def _first(row: Row, contact: str, at: str | None) -> dict[str, Any]:
    return {
        "action": str(row["id"]),
        "contact": contact,
        "kind": _kind(row),
        "created": iso(moment_of(row, "createdAt")),
        "at": at,
        "until": None,
        "deal": deal_of(row),
        "since": at,
    }


def _next(row: Row, contact: str, before: Row, present: bool) -> dict[str, Any]:
    updated = iso(moment_of(row, "updatedAt"))
    if not present:
        return {**before, "until": before["until"] or updated}
    if before["until"] is not None:
        return _first(row, contact, updated)
    if deal_of(row) is None and before["deal"] is not None:
        return {**before, "off": before.get("off") or updated}
    if deal_of(row) != before["deal"] or before.get("off"):
        return {**before, "deal": deal_of(row), "since": updated, "off": None}
    return dict(before)


def deal_of(row: Row) -> str | None:
    """Id of the deal the action hangs on."""
    found = row.get("deal")
    return str(found["id"]) if isinstance(found, Mapping) else None


def _kind(row: Row) -> str | None:
    pattern = row.get("pattern")
    return pattern.get("name") if isinstance(pattern, Mapping) else None


def contacts_now(stored: Sequence[Row]) -> list[str]:
    """Contacts that take part now, of stored links."""
    return list(dict.fromkeys(str(link["contact"]) for link in stored if link.get("until") is None))
