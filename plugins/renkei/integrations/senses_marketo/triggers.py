"""What decides a lead's ``senses_phase`` and its status: the last thing that happened to the contact (S20–S28). Pure.

Four things move the phase: the contact is registered in an action of a deal; the deal's phase changes; the action
comes to another deal, as in a merge; the deal is deleted. Anything else leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from renkei.integrations.senses_marketo.deal_history import DELETED

Link = Mapping[str, Any]  # a payload of action_links
Deal = Mapping[str, Any]  # a payload of deal_history
OnDelete = Literal["null", "last_live_deal"]

REGISTERED, MOVED, CHANGED, GONE = "action_contact_registered", "action_moved", "phase_changed", "deal_deleted"
_RANK = {REGISTERED: 0, MOVED: 0, CHANGED: 1, GONE: 2}


@dataclass(frozen=True)
class Trigger:
    """What happened last: ``at`` (ISO, UTC), ``why``, on which ``deal``, and the phase it leaves. ``doubt`` says why a
    person must confirm it (``unclear``, ``held``)."""

    at: str
    why: str
    deal: str
    phase: str | None
    doubt: str = ""


def last_trigger(
    links: Sequence[Link], deals: Mapping[str, Deal], since: str, on_delete: OnDelete = "null"
) -> Trigger | None:
    """The last trigger of one contact, None when nothing has happened since ``since`` (ISO, UTC). ``deals`` by id; a
    link whose deal is not known (yet) says nothing."""
    found = [trigger for link in links for trigger in _of_link(link, deals)]
    if not found:
        return None
    last = max(found, key=lambda trigger: (trigger.at, _RANK[trigger.why], _number(trigger.deal)))
    if last.at < since:
        return None
    if last.why == GONE and on_delete == "last_live_deal":
        return Trigger(last.at, last.why, last.deal, _last_live(links, deals), last.doubt)
    return last


def last_kind(links: Sequence[Link], since: str) -> Link | None:
    """The link whose action was registered last, of those registered since ``since`` (S28: by the action's time of
    creation, then its id; what is edited later does not move it)."""
    registered = [link for link in links if link["at"] is not None and str(link["at"]) >= since]
    return max(registered, key=lambda link: (str(link["created"]), _number(link["action"])), default=None)


def _of_link(link: Link, deals: Mapping[str, Deal]) -> Iterator[Trigger]:
    deal_id = link["deal"]
    deal = deals.get(deal_id) if deal_id is not None else None
    if deal is None:
        return
    since, until = link["since"], _left_at(link)
    if since is not None:
        why = REGISTERED if since == link["at"] else MOVED
        yield Trigger(since, why, deal_id, _phase_at(deal, since))
    for entry in deal["phases"]:
        at = entry["at"]
        if at is not None and (since is None or at > since) and (until is None or at < until):
            yield Trigger(at, CHANGED, deal_id, entry["name"])
    gone = deal.get("ended")
    if gone and (until is None or gone["at"] < until):
        doubt = "" if gone["how"] == DELETED else str(gone["how"])
        yield Trigger(str(gone["at"]), GONE, deal_id, None, doubt)


def _left_at(link: Link) -> str | None:
    """When the contact had no more to do with the deal: taken out of the action, or the action off the deal."""
    return min((at for at in (link["until"], link.get("off")) if at is not None), default=None)


def _phase_at(deal: Deal, at: str) -> str | None:
    """The phase the deal was in. What was there first was there before."""
    names = [entry["name"] for entry in deal["phases"] if entry["at"] is None or entry["at"] <= at]
    name: str | None = names[-1] if names else deal["phases"][0]["name"]
    return name


def _last_live(links: Sequence[Link], deals: Mapping[str, Deal]) -> str | None:
    """The phase of the contact's deal, among those that are left, whose phase changed last; None without any."""
    ids = {link["deal"] for link in links if _left_at(link) is None and link["deal"] in deals}
    live = [(deals[deal_id], deal_id) for deal_id in ids if not deals[deal_id].get("ended")]
    if not live:
        return None
    deal, _ = max(live, key=lambda one: (str(one[0]["phases"][-1]["at"] or ""), _number(one[1])))
    name: str | None = deal["phases"][-1]["name"]
    return name


def _number(text: str) -> int:
    return int(text) if str(text).isdigit() else 0
