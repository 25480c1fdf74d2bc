"""Settings of KARTE ⇄ Marketo: ``include/integrations/karte_marketo.yaml``, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from renkei.integrations.ownership import Claim
from renkei.integrations.settings_base import ConnectionId, IntegrationSettings, Purse, Section, check_cron

NAME = "karte_marketo"
LEADS, REALTIME = "karte_marketo_leads", "karte_marketo_realtime"
ACTIVITIES, USERS, EVENTS = "marketo_activity_to_karte", "karte_user_to_marketo", "karte_event_to_marketo"
FLOWS = (LEADS, REALTIME, ACTIVITIES, USERS, EVENTS)

KARTE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
RESERVED_EVENTS = frozenset({
    "page", "req", "enter_group", "leave_group", "view", "group", "message_send", "date", "message_open",
    "message_click", "message_clicked", "message_close", "identify",
})  # fmt: skip
TABLE_COLUMNS = 50  # KARTE: a reference table has no more, its key included
NAMED_BY = "{activity}"


class Conversion(StrEnum):
    """How a value of Marketo becomes one of KARTE. Dates become UNIX seconds, as KARTE keeps its own."""

    DATE = "date"  # "2024-04-01", "2024-04-01T09:00:00+09:00"
    UNIX_SECONDS = "unix_seconds"  # "1711929600"
    UNIX_MILLIS = "unix_millis"  # "1711929600000"
    BOOLEAN = "boolean"  # true, 1, yes, on; false, 0, no, off


class FieldRow(Section):
    """One row of the field settings: a lead field that also goes to a field of its own under ``identify``."""

    field: Annotated[str, Field(pattern=r"^marketo\.\w+$")]
    to: Annotated[str, Field(pattern=r"^identify\.[A-Za-z_$][A-Za-z0-9_$]*$")]
    convert: Conversion | None = None
    subscribe: bool = Field(default=False, description="with a value, identify.subscription becomes true")

    @property
    def source(self) -> str:
        """The lead field's API name."""
        return self.field.removeprefix("marketo.")

    @property
    def name(self) -> str:
        """The field under ``identify``."""
        return self.to.removeprefix("identify.")


class LeadFields(Section):
    """Which lead fields go to KARTE: all standard ones less ``block``, and the custom ones named."""

    block: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    strict: bool = Field(default=False, description="a custom field that Marketo lacks stops everything")
    rows: tuple[FieldRow, ...] = ()
    timezone: str = "Asia/Tokyo"

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name} is no time zone → For instance Asia/Tokyo.") from None
        return name

    @field_validator("rows")
    @classmethod
    def _own_targets(cls, rows: tuple[FieldRow, ...]) -> tuple[FieldRow, ...]:
        taken = {"user_id", "marketo", "marketo_hash", "marketo_cookie", "subscription", "renkei_id", "repeated"}
        for row in rows:
            if row.name in taken:
                raise ValueError(f"{row.to} is written otherwise, or twice → Choose another field.")
            taken.add(row.name)
        return rows

    @model_validator(mode="after")
    def _blocked_rows(self) -> LeadFields:
        for row in self.rows:
            if row.source in self.block:
                raise ValueError(f"rows: {row.field} is in block → Take it out of one of them.")
        for name in self.custom:
            if name in self.block:
                raise ValueError(f"custom: {name} is in block → Take it out of one of them.")
        return self


class LeadTarget(Section):
    """Where lead data goes: an ``identify`` event, or a row of a reference table linked to the user."""

    kind: Literal["identify", "table"] = "identify"
    table_id: str = ""
    columns: tuple[str, ...] = Field(default=(), description="of the table, in order; empty: all that fit")

    @model_validator(mode="after")
    def _table(self) -> LeadTarget:
        if self.kind == "table" and not self.table_id.strip():
            raise ValueError("table_id is missing → Copy the reference table's id from KARTE.")
        if len(self.columns) > TABLE_COLUMNS - 1:
            raise ValueError(f"columns: at most {TABLE_COLUMNS - 1} besides the key → Take some out.")
        return self


class Scheduled(Section):
    """The regular look-up of everybody who was identified lately."""

    enabled: bool = True


class Realtime(Section):
    """The look-up at once, at most once a user in 24 hours."""

    enabled: bool = True


class Activities(Section):
    """Marketo activity → KARTE event."""

    enabled: bool = True
    source: Literal["webhook", "log"] = "webhook"
    types: tuple[str, ...] = Field(default=(), description="names of activity types; needed with source: log")
    event_name: str = "marketo_{activity}"
    names: dict[str, str] = Field(default_factory=dict, description="activity → event name, instead of event_name")
    schedule: str | None = "*/10 * * * *"
    overlap_minutes: int = Field(default=120, ge=1, description="read again: activities are written down late")

    @field_validator("schedule")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)

    @field_validator("event_name")
    @classmethod
    def _template(cls, name: str) -> str:
        if NAMED_BY not in name or not KARTE_NAME.fullmatch(name.replace(NAMED_BY, "x")):
            raise ValueError(f"must hold {NAMED_BY}, else letters, digits and _ → For instance marketo_{NAMED_BY}.")
        return name

    @field_validator("names")
    @classmethod
    def _names(cls, names: dict[str, str]) -> dict[str, str]:
        for name in names.values():
            _refuse_name(name)
        return names

    @model_validator(mode="after")
    def _log(self) -> Activities:
        if self.source == "log" and not 1 <= len(self.types) <= 10:
            raise ValueError("types: the log is read for 1 to 10 types → Name them as Marketo does.")
        return self

    @property
    def prefix(self) -> str:
        """What the events made of activities begin with."""
        return self.event_name.partition(NAMED_BY)[0]


class Users(Section):
    """KARTE user data → Marketo lead. Off while ``fields`` is empty."""

    schedule: str | None = "*/30 * * * *"
    create: bool = Field(default=False, description="who is no lead yet becomes one")
    fields: dict[str, Annotated[str, Field(pattern=r"^identify\.\w+$")]] = Field(
        default_factory=dict, description="lead field (API name) → field of identify"
    )

    @field_validator("schedule")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)

    @field_validator("fields")
    @classmethod
    def _no_keys(cls, fields: dict[str, str]) -> dict[str, str]:
        for name, path in fields.items():
            if name in ("id", "email"):
                raise ValueError(f"{name} is the key, not a field → Take it out.")
            if path.split(".")[1] in ("marketo", "marketo_hash", "marketo_cookie", "subscription"):
                raise ValueError(f"{path} comes from Marketo: it would go in a circle → Take it out.")
        return fields

    @property
    def enabled(self) -> bool:
        return bool(self.fields)


class EventRule(Section):
    """One KARTE event that becomes a Marketo custom activity. Paths lead into the webhook's body, for instance
    ``values.item_name``, ``user_id``, ``occurred_at``."""

    event_name: str
    activity_type_id: int = Field(ge=1)
    primary: str
    attributes: dict[str, str] = Field(default_factory=dict, description="attribute's API name → path")
    lead_key: Literal["email", "user", "marketo.id"] = "email"
    lead_path: str = ""

    @field_validator("event_name")
    @classmethod
    def _name(cls, name: str) -> str:
        if not KARTE_NAME.fullmatch(name):
            raise ValueError(f"{name} is no event name of KARTE → Letters, digits and _.")
        return name

    @field_validator("attributes")
    @classmethod
    def _marker(cls, attributes: dict[str, str]) -> dict[str, str]:
        if "renkeiId" in attributes:
            raise ValueError("attributes: renkeiId is filled in by Renkei → Take it out.")
        return attributes

    @property
    def path(self) -> str:
        """Where the body names the lead."""
        return (
            self.lead_path
            or {"email": "values.email", "user": "user_id", "marketo.id": "values.marketo.id"}[self.lead_key]
        )


class Lags(Section):
    """How long a vendor takes to show what was written; only then an absence counts."""

    karte_search_minutes: int = Field(default=15, ge=0)
    marketo_activity_hours: int = Field(default=24, ge=0)
    marketo_search_minutes: int = Field(default=2, ge=0)
    inbox_settle_seconds: int = Field(default=60, ge=0, description="how far the freshest events are left alone")
    table_settle_minutes: int = Field(default=10, ge=0, description="the longest load into the team's table")


class MarketoPurse(Purse):
    """A tenth of the day is left to others."""

    reserve: int = Field(default=5_000, ge=0)


class KartePurse(Section):
    """Our pace at KARTE, which counts calls per second; the day's figure only guards against a runaway."""

    daily_calls: int = Field(default=2_000_000, ge=1)
    rate_calls: int = Field(default=100, ge=1)
    rate_seconds: int = Field(default=1, ge=1)
    concurrency: int = Field(default=8, ge=1, le=50)
    at_once: int = Field(default=4, ge=1, le=16, description="calls of one task that run side by side")

    @property
    def share(self) -> int:
        return self.daily_calls


class Settings(IntegrationSettings):
    """All of the file. Without any key: standard lead fields to identify events, activities to events."""

    schedule: str | None = "*/30 * * * *"
    karte_conn_id: ConnectionId = "karte_default"
    marketo_conn_id: ConnectionId = "marketo_default"
    users_from: Literal["inbox", "table"] = "inbox"
    link_key: Literal["email", "cookie"] = "email"
    email_in_identify: bool = True
    scheduled: Scheduled = Scheduled()
    realtime: Realtime = Realtime()
    lead_fields: LeadFields = LeadFields()
    lead_target: LeadTarget = LeadTarget()
    activities: Activities = Activities()
    users: Users = Users()
    events: tuple[EventRule, ...] = ()
    lags: Lags = Lags()
    purse: MarketoPurse = MarketoPurse()
    karte_purse: KartePurse = KartePurse()

    @model_validator(mode="after")
    def _modes(self) -> Settings:
        if self.scheduled.enabled and self.link_key == "cookie":
            raise ValueError(
                "link_key: cookie works in realtime only → Set scheduled.enabled: false, or link_key: email."
            )
        if self.scheduled.enabled and not self.email_in_identify:
            raise ValueError(
                "scheduled needs the e-mail in identify → Have the user tag send it, or set scheduled.enabled: false."
            )
        if self.realtime.enabled and self.users_from == "table":
            raise ValueError(
                "realtime needs webhooks, users_from is table → Set realtime.enabled: false, or users_from: inbox."
            )
        if self.purse.reserve >= self.purse.daily_calls:
            raise ValueError("purse.reserve leaves nothing of purse.daily_calls → Make it smaller.")
        return self

    @model_validator(mode="after")
    def _no_circle(self) -> Settings:
        """What came from Marketo never goes back there, and what came from KARTE never returns as an event."""
        made = {row.to: row for row in self.lead_fields.rows}
        for name, path in self.users.fields.items():
            if path in made:
                raise ValueError(
                    f"users.fields.{name}: {path} is filled from {made[path].field} → A field has one direction: "
                    "take it out of users.fields or of lead_fields.rows."
                )
        for row in self.lead_fields.rows:
            if row.source in self.users.fields:
                raise ValueError(
                    f"lead_fields.rows: {row.field} is written from KARTE by users.fields → Take it out of one."
                )
        seen: set[str] = set()
        for rule in self.events:
            if rule.event_name.startswith(self.activities.prefix) or rule.event_name in self.activities.names.values():
                raise ValueError(f"events: {rule.event_name} is made from a Marketo activity → Take it out.")
            if rule.event_name in seen or rule.event_name == "identify":
                raise ValueError(f"events: {rule.event_name} is there twice, or no event → Take it out.")
            seen.add(rule.event_name)
        return self

    @property
    def blocked(self) -> frozenset[str]:
        """Lead fields that never go to KARTE: those the team blocks, and those that come from there."""
        return frozenset(self.lead_fields.block) | frozenset(self.users.fields)

    def enabled(self, flow: str) -> bool:
        """Whether the settings ask for a flow at all."""
        return {
            LEADS: self.scheduled.enabled,
            REALTIME: self.realtime.enabled,
            ACTIVITIES: self.activities.enabled,
            USERS: self.users.enabled,
            EVENTS: bool(self.events),
        }[flow]

    def schedule_of(self, flow: str) -> str | None:
        return {LEADS: self.schedule, USERS: self.users.schedule, ACTIVITIES: self.activities.schedule}.get(flow)

    def claims(self) -> Iterator[Claim]:
        """The lead fields user data updates, and the fields of KARTE lead data updates."""
        yield from (Claim(self.marketo_conn_id, "lead", field, USERS) for field in self.users.fields)
        yield from (Claim(self.karte_conn_id, "user", row.name, LEADS) for row in self.lead_fields.rows)


def _refuse_name(name: str) -> None:
    if not KARTE_NAME.fullmatch(name) or name in RESERVED_EVENTS:
        raise ValueError(f"{name} is no event name that KARTE takes → Letters, digits and _, none of its own names.")
