"""One call, taken apart: what the endpoints work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.sandbox.on24.freshness import Freshness
from include.sandbox.on24.model import Event, State
from include.sandbox.on24.people import People, Query
from include.sandbox.on24.refusals import NO_PERMISSION, Refused, no_client, no_event
from include.sandbox.on24.shapes import VIRTUAL_CONFERENCE
from include.sandbox.on24.windows import Limits, window

PEOPLE_CAP = 100
LEADS_CAP = 50


@dataclass
class Ask:
    """`args` and `form` with lower-case names; `now` in epoch seconds; `clientid` the account in the path."""

    state: State
    people: People
    fresh: Freshness
    settings: Mapping[str, Any]
    now: int
    clientid: int
    args: Mapping[str, str]
    form: Mapping[str, str]
    note_write: Callable[..., None]
    records: int = 0

    def yes(self, name: str) -> bool:
        return self.args.get(name, "").lower() in ("y", "yes", "true")

    def event(self, eventid: int) -> Event:
        """The event; Refused when it is unknown here, deleted, inactive, or of a product the account does not have."""
        event = self.state.events.get(eventid)
        if event is None or event.deleted or event.clientid not in self.clients(True):
            raise no_event(eventid)
        if not event.isactive:
            raise Refused(403, f"The event {eventid} is inactive.")
        if event.contenttype == VIRTUAL_CONFERENCE and not self.settings["virtual_conference_enabled"]:
            raise Refused(403, NO_PERMISSION)
        return event

    def clients(self, with_subaccounts: bool) -> frozenset[int]:
        """The accounts whose data may show."""
        if not with_subaccounts or self.clientid != self.state.clientid:
            return frozenset({self.clientid})
        return frozenset({self.clientid, *self.state.subclients})

    def chosen_clients(self, included: bool, hint: str) -> frozenset[int]:
        """`subaccounts=` narrows to child accounts, where sub-accounts are included at all."""
        text = self.args.get("subaccounts")
        if not text:
            return self.clients(included)
        if not included:
            raise Refused(400, f"You have to set {hint} in order to filter by subaccounts.")
        chosen = [part.strip() for part in text.split(",") if part.strip()]
        for part in chosen:
            if not part.isdigit() or int(part) not in self.state.subclients:
                raise no_client(part)
        return frozenset(int(part) for part in chosen)

    def query(
        self, limits: Limits, *, eventid: int | None = None, email: str | None = None, dated: bool = True
    ) -> Query:
        """The people asked for; without `dated` no window applies."""
        if eventid is None:
            included = self.args.get("excludesubaccounts", "N").lower() != "y"
            clients = self.chosen_clients(included, "excludesubaccounts='N'")
        else:
            clients = self.clients(True)
        return Query(
            clients=clients,
            eventid=eventid,
            email=email if email is not None else self.args.get("email") or None,
            window=window(self.args, self.now, limits) if dated else None,
            last_activity=self.args.get("datefiltermode", "").lower() == "lastactivity",
            userstatus=self.args.get("userstatus", "any").lower(),
            filterforgotten=self.args.get("filterforgotten", "").lower(),
            exclude_anonymous=self.yes("excludeanonymous"),
            partnerref=self.args.get("partnerref") or None,
            exclude_live=self.yes("excludelive"),
            noshow=self.yes("noshow"),
            realtime=self.yes("realtimeonly"),
        )
