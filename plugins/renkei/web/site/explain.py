"""Why somebody sees a modal, or none: tag on the page, a form sent before, a place in a list (R57)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from renkei.store import cache, conversions, lists
from renkei.store.integration_state import connected
from renkei.web.site.offers import Site

LIST_CACHE = "immedio_list_cache"
INTEGRATION = "immedio_salesforce"


def explain(connection: Connection, site: Site, email: str, page: str | None = None) -> dict[str, Any]:
    """``cause`` is None when a visit (of ``page``, where one is given) shows the modal, else the first thing missing:
    ``off``, ``no_conversion``, ``no_membership`` or ``no_tag``; the rest is what was found."""
    converted = conversions.conversions_of(connection, email)
    visits = [visit for visit in conversions.visits_of(connection, email) if page in (None, visit.page)]
    member_of = {one.name for one in lists.lists_of(connection, email)}
    on = site.enabled and connected(connection, INTEGRATION)
    listed = [offer.list for offer in site.offers if offer.list in member_of]
    cause = _cause(on, bool(converted), bool(listed), bool(visits))
    return {
        "cause": cause,
        "meaning": MEANINGS[cause],
        "conversions": [
            {"form": one.form, "page": one.page, "at": one.converted_at.isoformat()} for one in converted
        ],
        "lists": listed,
        "lists_refreshed_at": {
            state.feed.partition(".")[2]: state.refreshed_at.isoformat()
            for state in cache.states(connection, LIST_CACHE)
            if state.refreshed_at
        },
        "visits": [
            {"page": one.page, "visits": one.visits, "outcome": one.outcome, "list": one.list,
             "last_at": one.last_at.isoformat()}
            for one in visits
        ],
    }  # fmt: skip


def _cause(on: bool, converted: bool, listed: bool, visited: bool) -> str | None:
    if not on:
        return "off"
    if not converted:
        return "no_conversion"
    if not listed:
        return "no_membership"
    return None if visited else "no_tag"


MEANINGS: dict[str | None, str] = {
    None: "The modal is shown on the pages listed under visits.",
    "off": "Lists are switched off, or Salesforce is disconnected: nobody is shown anything.",
    "no_conversion": "No form with the tag was sent with this address. A form sent on another device, or without the "
    "tag, does not count; a mere visit never does.",
    "no_membership": "The address is in none of the configured lists, as of their last refresh.",
    "no_tag": "The browser that sent the form has not opened the page with the tag since: is the tag on the page?",
}
