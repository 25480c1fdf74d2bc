"""The endpoints of the Open API v1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.sandbox.mazrica import acts, customs, lists, search
from include.sandbox.mazrica.fields import RESOURCES, row
from include.sandbox.mazrica.model import Row, State
from include.sandbox.mazrica.refusals import missing
from include.sandbox.routing import Routes

routes = Routes()
ROOT = "/v1"
USERS_A_PAGE = 100


@dataclass
class Ask:
    """One call: `args` of the address, `body` of a write; `now` in epoch seconds. `records`: how many it touched."""

    state: State
    settings: Mapping[str, Any]
    now: int
    args: Mapping[str, str]
    body: Row
    note_write: Callable[..., None]
    records: int = 0


def _add_list(name: str) -> None:
    @routes.add("GET", f"{ROOT}/{name}")
    def listed(ask: Ask) -> Row:
        found = lists.listed(ask.state, RESOURCES[name], ask.args, ask.now)
        ask.records = len(found[name])
        return found


def _add_writes(name: str) -> None:
    resource = RESOURCES[name]

    @routes.add("POST", f"{ROOT}/{name}")
    def create(ask: Ask) -> Row:
        entry = acts.create(ask.state, resource, ask.body, ask.settings, ask.now)
        ask.note_write(name, (entry.id,), entry.id, "created", tuple(entry.values))
        ask.records = 1
        return row(ask.state, resource, entry, ask.now)

    @routes.add("PATCH", f"{ROOT}/{name}/<int:record_id>")
    def change(ask: Ask, record_id: int) -> Row | None:
        entry = acts.known(ask.state, resource, record_id)
        changed = acts.change(ask.state, resource, entry, ask.body, ask.settings, ask.now)
        ask.note_write(name, (entry.id,), entry.id, "updated", changed)
        ask.records = 1
        return None if ask.settings["patch_answer"] == "empty" else row(ask.state, resource, entry, ask.now)


def _add_delete(name: str) -> None:
    @routes.add("DELETE", f"{ROOT}/{name}/<int:record_id>")
    def delete(ask: Ask, record_id: int) -> None:
        entry = acts.known(ask.state, RESOURCES[name], record_id)
        acts.delete(ask.state, RESOURCES[name], entry, ask.now)
        ask.note_write(name, (record_id,), record_id, "deleted")
        ask.records = 1


for _name in ("customers", "contacts", "deals", "actions"):
    _add_list(_name)
for _name in ("customers", "contacts", "deals"):
    _add_writes(_name)
for _name in ("customers", "deals"):
    _add_delete(_name)


@routes.add("GET", f"{ROOT}/deals/<int:record_id>")
def deal(ask: Ask, record_id: int) -> Row:
    ask.records = 1
    return row(ask.state, RESOURCES["deals"], acts.known(ask.state, RESOURCES["deals"], record_id), ask.now)


@routes.add("POST", f"{ROOT}/deals/search", reads=True)
def search_deals(ask: Ask) -> Row:
    resource, sort = RESOURCES["deals"], str(ask.body.get("sort", lists.DEFAULT_SORT))
    found = search.matching(lists.arranged(list(ask.state.deals.entries.values()), sort), ask.body)
    page, limit = lists.number(ask.body, "page", 1), lists.number(ask.body, "limit", lists.DEFAULT_LIMIT)
    shown = lists.page_of(ask.state, resource, found, page, limit, ask.now)
    ask.records = len(shown["deals"])
    return shown


@routes.add("GET", f"{ROOT}/users")
def users(ask: Ask) -> Row:
    """100 a page, whatever `limit` says; deleted ones with `deleted=1`."""
    found = [user for user in ask.state.users.entries.values() if ask.args.get("deleted") == "1"
             or not user.values.get("deleted")]  # fmt: skip
    if "email" in ask.args:
        found = [user for user in found if user.values["email"] == ask.args["email"]]
    page = lists.number(ask.args, "page", 1)
    shown = lists.page_of(ask.state, RESOURCES["users"], found, page, USERS_A_PAGE, ask.now)
    ask.records = len(shown["users"])
    return shown


@routes.add("GET", f"{ROOT}/domains/settings")
@routes.add("GET", f"{ROOT}/deal_setting/deal_types")
@routes.add("GET", f"{ROOT}/deal_types")
def deal_types(ask: Ask) -> Row:
    return {"dealTypes": list(ask.state.deal_types.values())}


@routes.add("GET", f"{ROOT}/deal_setting/deal_types/<int:type_id>")
def deal_type(ask: Ask, type_id: int) -> Row:
    if type_id not in ask.state.deal_types:
        raise missing("dealType", type_id)
    return ask.state.deal_types[type_id]


@routes.add("GET", f"{ROOT}/customer_setting")
def customer_setting(ask: Ask) -> Row:
    """The custom items of customers and contacts."""
    return {f"{kind}CustomItems": customs.definitions(ask.state, kind) for kind in ("customer", "contact")}
