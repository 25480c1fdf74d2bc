"""Settings of ON24 → Marketo: ``include/integrations/on24_marketo.yaml``, checked."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from renkei.integrations.on24_marketo.catalogue import KEYS, MOST_FIELDS, attendee_fields
from renkei.integrations.ownership import Claim
from renkei.integrations.paths import settings_dir
from renkei.integrations.settings_base import ConnectionId, IntegrationSettings, Purse, Section, read_settings

NAME = "on24_marketo"
CUSTOM_OBJECT = "oN24Attendee_c"
AccountKind = Literal["north_america", "europe", "global"]

DEFAULT_FIELDS = (
    "email", "cumulativeliveminutes", "cumulativearchiveminutes", "attendedlive", "attendedarchive",
    "registrationdate", "eventtitle", "liveminutes", "archiveminutes", "archiveviewed", "engagementscore",
    "firstliveactivity", "lastliveactivity", "firstarchiveactivity", "lastarchiveactivity", "answeredpolls",
    "answersurveys", "askedquestions", "totalresourcesviewed", "userquestionsandanswers", "userprofileurl",
    "campaigncode", "sourcecampaigncode", "sourceeventid", "partnerref", "ctaname1", "ctadate1",
    "meetingconversionswidgetname", "meetingconversionswidgetsubmittedtimestamp",
    "democonversionswidgetname", "democonversionswidgetsubmittedtimestamp",
    "contactuswidgetname", "contactuswidgetsubmittedtimestamp",
    "poll1question", "poll1answer", "poll2question", "poll2answer",
    "survey1question", "survey1answer", "survey2question", "survey2answer", "resource1viewed", "custom1", "custom2",
)  # fmt: skip


class Mode(StrEnum):
    """What the two switches make together."""

    ON24_REG_ALL = "on24_reg_all"  # create people, a record for every registrant
    ON24_REG_ATTENDEES = "on24_reg_attendees"  # create people, a record from attendance on
    MKTO_REG_ALL = "mkto_reg_all"  # create nobody, a record for every registrant
    MKTO_REG_ATTENDEES = "mkto_reg_attendees"  # create nobody, a record from attendance on


class ProfileUrl(Section):
    """The Prospect Engagement Profile link on the person."""

    enabled: bool = False
    field: str = Field(default="pEPURL__c", min_length=1)
    salesforce_conn_id: ConnectionId | None = None


class StatusNames(Section):
    """Member statuses as the programs' channel names them."""

    registered: str = "Registered"
    attended: str = "Attended"
    attended_on_demand: str = "Attended On-demand"
    no_show: str = "No Show"


class MemberStatus(Section):
    """Which program a person of an event becomes a member of. Off while ``programs`` is empty."""

    programs: dict[int, int] = Field(default_factory=dict, description="ON24 event id → Marketo program id")
    names: StatusNames = StatusNames()
    no_show_after_hours: int = Field(default=48, ge=1, description="after the live end, when attendance has settled")


class Unwanted(Section):
    """Registrations that are nobody: ``*`` stands for anything, capitals do not matter."""

    test_addresses: tuple[str, ...] = ()
    anonymous_addresses: tuple[str, ...] = ("*@anonymous.*", "*@*.on24.com")


class Lags(Section):
    """How long a vendor takes to show what happened, in minutes."""

    on24_settle_minutes: int = Field(default=0, ge=0, description="how far ON24's freshest data is left alone")
    marketo_search_minutes: int = Field(
        default=2, ge=0, description="then a new lead that is not found was not created"
    )


class Pace(Section):
    """ON24 calls a minute of one task, by class of endpoint; 0 means no limit. ON24 publishes no figures."""

    people: int = Field(default=100, ge=0)
    event: int = Field(default=1000, ge=0)
    event_list: int = Field(default=30, ge=0)
    management: int = Field(default=10, ge=0)


class Settings(IntegrationSettings):
    """All of the file. Without any key it creates nobody and writes attendance of known people only."""

    on24_conn_id: ConnectionId = "on24_default"
    marketo_conn_id: ConnectionId = "marketo_default"
    account_kind: AccountKind = "north_america"
    create_new_people: bool = False
    on24_registrants: bool = False
    match_lead_id: bool = True
    utm: bool = False
    virtual_conference: bool = False
    custom_object: str = CUSTOM_OBJECT
    fields: tuple[str, ...] = DEFAULT_FIELDS
    max_sizes: dict[str, int] = Field(default_factory=dict, description="smaller sizes than the catalogue's")
    profile_url: ProfileUrl = ProfileUrl()
    member_status: MemberStatus = MemberStatus()
    unwanted: Unwanted = Unwanted()
    overlap_days: int = Field(default=3, ge=1, le=30)
    resweep_hours: tuple[int, ...] = (2, 12, 24, 48)
    lags: Lags = Lags()
    on24_pace: Pace = Pace()
    purse: Purse = Purse()

    @field_validator("custom_object")
    @classmethod
    def _exact_name(cls, name: str) -> str:
        if name != CUSTOM_OBJECT:
            raise ValueError(f"is {name} → The API name must be exactly {CUSTOM_OBJECT}, capitals included.")
        return name

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        catalogue = attendee_fields()
        for field in fields:
            if field in KEYS:
                raise ValueError(f"{field} is always written → Take it out of the list.")
            if field not in catalogue:
                raise ValueError(f"ON24 has no field {field} → {_nearest(field, list(catalogue))}")
        twice = [field for field, times in Counter(fields).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is there twice → Take one out.")
        if len(fields) > MOST_FIELDS:
            surplus = len(fields) - MOST_FIELDS
            raise ValueError(
                f"{len(fields)} fields, at most {MOST_FIELDS} fit besides the three keys → Take {surplus} out."
            )
        return fields

    @field_validator("resweep_hours")
    @classmethod
    def _rising(cls, hours: tuple[int, ...]) -> tuple[int, ...]:
        if any(hour < 0 for hour in hours) or list(hours) != sorted(set(hours)):
            raise ValueError("must be hours after the live end, rising → For instance [2, 12, 24, 48].")
        return hours

    @model_validator(mode="after")
    def _sizes(self) -> Settings:
        catalogue = attendee_fields()
        for field, size in self.max_sizes.items():
            known = catalogue.get(field)
            if known is None or known.type not in ("string", "text", "email"):
                raise ValueError(f"max_sizes.{field}: no text field of ON24 has this name → Take it out.")
            if size < 1 or (known.max_size and size > known.max_size):
                raise ValueError(f"max_sizes.{field}: must be 1 to {known.max_size} → Correct the number.")
        return self

    @model_validator(mode="after")
    def _reserve(self) -> Settings:
        if self.purse.reserve >= self.purse.daily_calls:
            raise ValueError("purse.reserve leaves nothing of purse.daily_calls → Make it smaller.")
        return self

    @property
    def mode(self) -> Mode:
        """What the two switches make together."""
        if self.create_new_people:
            return Mode.ON24_REG_ALL if self.on24_registrants else Mode.ON24_REG_ATTENDEES
        return Mode.MKTO_REG_ALL if self.on24_registrants else Mode.MKTO_REG_ATTENDEES

    @property
    def overlap(self) -> timedelta:
        """How much of the past each window reads again: ON24's values settle up to 24 hours late."""
        return timedelta(days=self.overlap_days)

    def claims(self) -> Iterator[Claim]:
        """The fields of Marketo this flow updates."""
        account, flow = self.marketo_conn_id, NAME
        yield from (Claim(account, self.custom_object, field, flow) for field in self.fields)
        if self.profile_url.enabled:
            yield Claim(account, "lead", self.profile_url.field, flow)
        for program in sorted(set(self.member_status.programs.values())):
            yield Claim(account, f"member of program {program}", "statusName", flow)


def load_settings(path: Path | None = None) -> Settings:
    """The checked settings. Raises ConfigurationError: one line with file, key and remedy."""
    return read_settings(path or settings_dir() / f"{NAME}.yaml", Settings)


def _nearest(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"Did you mean {close[0]}?" if close else "The names are in on24_attendee_fields.csv."
