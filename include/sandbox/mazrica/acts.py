"""What changes records, whether through the API or in the screens: create, change, delete, merge, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.sandbox.mazrica.fields import RESOURCES, Resource, take
from include.sandbox.mazrica.model import Entry, Row, State, Table
from include.sandbox.mazrica.refusals import bad, missing

Settings = Mapping[str, Any]
ACTION_OWNERS = ("deal", "customer", "contact")


def known(state: State, resource: Resource, record_id: int) -> Entry:
    """The record; Refused 404 when there is none."""
    table: Table = getattr(state, resource.name)
    if record_id not in table.entries:
        raise missing(resource.kind, record_id)
    return table.entries[record_id]


def create(
    state: State, resource: Resource, body: Row, settings: Settings, now: int, record_id: int | None = None
) -> Entry:
    """A new record, whatever else is there already: nothing is checked for doubles."""
    defaults: Row = {"active": True, "syncCalendar": False} if resource.name == "actions" else {}
    values = take(state, resource, {**defaults, **body}, settings, {})
    table: Table = getattr(state, resource.name)
    entry = table.add(values, now, record_id)
    if resource.name == "deals":
        entry.phases.append((values["phase"], now))
    return entry


def change(state: State, resource: Resource, entry: Entry, body: Row, settings: Settings, now: int) -> tuple[str, ...]:
    """Sets what is given, null clears; the names that got another value. Without any, `updatedAt` moves as
    `touch_unchanged` says."""
    taken = take(state, resource, body, settings, entry.values)
    changed = tuple(name for name, value in taken.items() if entry.values.get(name) != value)
    if "phase" in changed:
        entry.phases.append((taken["phase"], now))
    entry.values.update(taken)
    if changed or settings["touch_unchanged"]:
        getattr(state, resource.name).touch(entry, now)
    return changed


def delete(state: State, resource: Resource, entry: Entry, now: int) -> None:
    """Deletes with all that hangs on it: a customer's deals, contacts and actions; a deal's actions; a contact
    leaves the actions it takes part in."""
    if resource.name == "customers":
        for name in ("deals", "contacts"):
            for child in getattr(state, name).where("customer", entry.id):
                delete(state, RESOURCES[name], child, now)
    if resource.kind in ACTION_OWNERS:
        for action in state.actions.where(resource.kind, entry.id):
            state.actions.drop(action.id)
    if resource.name == "contacts":
        _leave_actions(state, entry.id, None, now)
    getattr(state, resource.name).drop(entry.id)


def merge(state: State, resource: Resource, loser: Entry, winner: Entry, carry_actions: bool, now: int) -> None:
    """`winner` stays. Deals: the loser's actions come along or are deleted with it. Customers and contacts: all that
    hangs on the loser comes along, and empty fields of the winner are filled."""
    if loser is winner:
        raise bad("A record cannot be merged into itself.")
    if resource.name == "deals":
        if carry_actions:
            _move(state.actions, "deal", loser.id, winner.id, now)
    else:
        _move_all(state, resource, loser.id, winner.id, now)
        winner.values.update({k: v for k, v in loser.values.items() if not winner.values.get(k) and v})
    getattr(state, resource.name).touch(winner, now)
    delete(state, resource, loser, now)


def _move_all(state: State, resource: Resource, loser: int, winner: int, now: int) -> None:
    _move(state.actions, resource.kind, loser, winner, now)
    if resource.name == "customers":
        _move(state.contacts, "customer", loser, winner, now)
        _move(state.deals, "customer", loser, winner, now)
    else:
        _leave_actions(state, loser, winner, now)


def _move(table: Table, name: str, loser: int, winner: int, now: int) -> None:
    for entry in table.where(name, loser):
        entry.values[name] = winner
        table.touch(entry, now)


def _leave_actions(state: State, contact_id: int, instead: int | None, now: int) -> None:
    for action in state.actions.entries.values():
        links = action.values.get("actionContacts") or []
        if contact_id in links:
            moved = [instead if link == contact_id else link for link in links]
            action.values["actionContacts"] = list(dict.fromkeys(link for link in moved if link is not None))
            state.actions.touch(action, now)
