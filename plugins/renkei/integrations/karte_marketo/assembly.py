"""Both sides of each flow, over the vendors' clients; nothing is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from renkei.endpoints.karte import EventTarget, IdentifyTarget, UserTableTarget
from renkei.endpoints.karte_at_once import BLOCK, LeadsAtOnce
from renkei.endpoints.karte_users import USERS as USERS_FEED
from renkei.endpoints.karte_users import LeadFinder, LinkedLeads, UserData
from renkei.endpoints.marketo_activities import CustomActivityTarget, MarketoActivities
from renkei.endpoints.marketo_newest import NewestLeadTarget
from renkei.integrations.karte_marketo import activities as made_activities
from renkei.integrations.karte_marketo import events as made_events
from renkei.integrations.karte_marketo.activities import ActivityMapper
from renkei.integrations.karte_marketo.definition import Definition, trouble_of_type, types_by_id
from renkei.integrations.karte_marketo.flows import Warned, activities_flow, events_flow, leads_flow, users_flow
from renkei.integrations.karte_marketo.identify import LeadMapper
from renkei.integrations.karte_marketo.settings import ACTIVITIES, EVENTS, LEADS, REALTIME, USERS, Settings
from renkei.sync.engine import Engine
from renkei.sync.flow import Flow
from renkei.sync.gate import RequestGate
from renkei.sync.intake import InboxSource
from renkei.sync.ports import Account, Fields, Source
from renkei.sync.shelves import People, Question, Shelf, ShelfSource

__all__ = ["USERS_FEED", "Assembly"]

IDENTIFY = "karte.identify"
WHO = ("user_id", "visitor_id")


@dataclass
class Trouble:
    """Why a custom activity type cannot take an event. What looks wrong is looked at anew, once: somebody may have
    mended it since the types were read."""

    types: Mapping[int, Mapping[str, Any]]
    read: Callable[[], Mapping[int, Mapping[str, Any]]]
    anew: bool = False

    def __call__(self, number: int, attributes: Mapping[str, Any]) -> str | None:
        line = trouble_of_type(number, attributes, self.types.get(number))
        if line and not self.anew:
            self.types, self.anew = self.read(), True
            line = trouble_of_type(number, attributes, self.types.get(number))
        return line


@dataclass(frozen=True)
class Assembly:
    """``marketo`` and ``karte`` are the vendors' clients. ``known_users`` tells what is stored of users;
    ``before_look_ups`` warns or refuses before a run (told whether it is the one at once); ``kept_types`` are the
    custom activity types as they were read last."""

    settings: Settings
    engine: Engine
    marketo: Any
    karte: Any
    private_key: str
    known_users: Callable[[Sequence[str]], Mapping[str, Fields]]
    before_look_ups: Callable[[bool], None]
    kept_types: Callable[[], Sequence[Mapping[str, Any]]]

    def flow(self, name: str, definition: Definition) -> Flow:
        """The flow of one DAG."""
        made: dict[str, Callable[[], Flow]] = {
            LEADS: lambda: self._leads(definition, at_once=False),
            REALTIME: lambda: self._leads(definition, at_once=True),
            ACTIVITIES: self._activities,
            USERS: lambda: self._users(definition),
            EVENTS: lambda: self._events(definition),
        }
        return made[name]()

    def _leads(self, definition: Definition, *, at_once: bool) -> Flow:
        finder = LeadFinder(self.marketo, definition.fields.asked)
        source: Source
        if at_once:
            gate = RequestGate(self.engine, REALTIME, self.at_karte, BLOCK)
            source = LeadsAtOnce(
                self.engine.store, self.at_karte, (IDENTIFY,), made_events.row_of, self.marketo, finder, gate,
                self.identified,
            )
        else:
            source = LinkedLeads(self.at_karte, self.with_email, finder)
        mapper = LeadMapper(self.settings, definition, self.at_karte, self.at_marketo, self.private_key)
        before = Warned(lambda: self.before_look_ups(at_once))
        return leads_flow(self.settings, source, self._lead_target(definition), mapper, at_once=at_once, before=before)

    def _lead_target(self, definition: Definition) -> IdentifyTarget | UserTableTarget:
        wanted, at_once = self.settings.lead_target, self.settings.karte_purse.at_once
        if wanted.kind == "table":
            return UserTableTarget(self.karte, wanted.table_id, definition.columns, at_once=at_once)
        return IdentifyTarget(self.karte, at_once=at_once)

    def _activities(self) -> Flow:
        wanted = self.settings.activities
        ids = {rule.activity_type_id for rule in self.settings.events}
        ours = frozenset(str(kind["name"]).casefold() for kind in self.kept_types() if int(kind["id"]) in ids)
        source: Source
        if wanted.source == "log":
            source = MarketoActivities(self.marketo, wanted.types, made_activities.row_of_log)
        else:
            source = InboxSource(
                self.engine.store, self.at_marketo, (made_activities.FEED,), made_activities.row_of_webhook
            )
        target = EventTarget(self.karte, at_once=self.settings.karte_purse.at_once)
        return activities_flow(self.settings, source, target, ActivityMapper(self.settings, ours))

    def _users(self, definition: Definition) -> Flow:
        names = [path.removeprefix("identify.") for path in self.settings.users.fields.values()]
        source = UserData(self.at_karte, self.identified, names, self.known_users)
        return users_flow(self.settings, source, NewestLeadTarget(self.marketo), definition)

    def _events(self, definition: Definition) -> Flow:
        trouble = Trouble(definition.types, lambda: types_by_id(self.marketo.custom_activity_types()))
        target = CustomActivityTarget(self.marketo, trouble)
        source: Source
        if self.settings.users_from == "table":
            source = ShelfSource(self.engine, self.at_karte, "loaded_event", (made_events.FEED,), made_events.row_of)
        else:
            source = InboxSource(self.engine.store, self.at_karte, (made_events.FEED,), made_events.row_of)
        return events_flow(self.settings, source, NewestLeadTarget(self.marketo), target)

    @property
    def identified(self) -> People:
        """Everybody an ``identify`` was sent for."""
        return People(self.engine, replace(self.with_email.question, holding=()))

    @property
    def with_email(self) -> People:
        """Those of them whose address was sent along."""
        shelf: Shelf = "loaded_event" if self.settings.users_from == "table" else "inbox_event"
        return People(self.engine, Question(shelf, IDENTIFY, WHO, "renkei_id", ("email",)))

    @property
    def at_karte(self) -> Account:
        return Account("karte", self.karte.account_id)

    @property
    def at_marketo(self) -> Account:
        return Account("marketo", self.marketo.account_id)
