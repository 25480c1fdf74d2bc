"""Settings of Senses ⇄ Marketo: ``include/integrations/senses_marketo.yaml``, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from renkei.integrations.ownership import Claim
from renkei.integrations.paths import settings_dir
from renkei.integrations.settings_base import (
    ConnectionId,
    IntegrationSettings,
    Purse,
    Section,
    check_cron,
    read_settings,
)

NAME = "senses_marketo"
# The flows, in the words of the DAGs that run them
MARKETO_TO_SENSES = "marketo_to_senses"  # leads → accounts and contacts
SENSES_TO_MARKETO = "senses_to_marketo"  # contacts → leads
ACTION_KIND = "senses_action_kind"  # kind of the last action with a contact → lead status
DEAL_PHASE = "senses_deal_phase"  # phase of the deal → senses_phase

FieldName = Annotated[str, Field(pattern=r"^[A-Za-z]\w{0,99}$")]
NullPolicy = Literal["keep", "clear"]
PHASE_FIELD = "senses_phase"  # S26: the API name is fixed

CONTACT_TEXTS = ("tel", "mobileTel", "dept", "position", "address", "memo")
ACCOUNT_TEXTS = ("telNo", "address", "webUrl")
ADDRESS = "address"  # stands for billing state, city and street joined
FIXED_LEAD_FIELDS = ("id", "email", "lastName", "leadScore", "mktoAcquisitionDate", PHASE_FIELD)


class Schedules(Section):
    """When each DAG runs (cron, Asia/Tokyo); null: by hand only."""

    marketo_to_senses: str | None = "0 * * * *"
    senses_to_marketo: str | None = "*/10 * * * *"
    senses_reconcile: str | None = "30 3 * * *"

    @field_validator("*")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)


class CustomItems(Section):
    """Names of the three contact custom items that Marketo fills, as they are in Senses (S36)."""

    lead_id: str = Field(default="Marketo リードID", min_length=1)
    lead_score: str = Field(default="リードスコア", min_length=1)
    acquisition_date: str = Field(default="獲得日", min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> CustomItems:
        twice = [name for name, times in Counter(self.model_dump().values()).items() if times > 1]
        if twice:
            raise ValueError(f"{twice[0]} is there twice → Each value needs a custom item of its own.")
        return self


class MarketoFields(Section):
    """Which fields of a Marketo person hold what; the names are those of the REST API."""

    score: FieldName = "leadScore"
    acquisition_date: FieldName = "mktoAcquisitionDate"
    lead_status: FieldName = Field(default="leadStatus", description="takes the kind of the last action (S27)")
    company: FieldName = "company"
    company_phone: FieldName = "mainPhone"
    company_address: tuple[FieldName, ...] = ("billingState", "billingCity", "billingStreet")


class ToSenses(Section):
    """Marketo → Senses. What is written at creation only is never changed again (S17)."""

    name: Literal["last", "last_first"] = Field(default="last", description="S19: the contact's one name")
    contact: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="contact field → lead field, at creation only"
    )
    account: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="account field → lead field, at creation only; the name is always written"
    )
    recreate_deleted: bool = Field(default=False, description="S7: a contact deleted in Senses is created again")
    fold_company_forms: bool = Field(default=False, description="S13: 株式会社, (株), Inc. … do not count in matching")

    @model_validator(mode="after")
    def _known(self) -> ToSenses:
        for where, given, known in (
            ("contact", self.contact, CONTACT_TEXTS),
            ("account", self.account, ACCOUNT_TEXTS),
        ):
            for name in given:
                if name not in known:
                    raise ValueError(f"{where}.{name}: not a field to fill → One of {', '.join(known)}.")
        return self


class ToMarketo(Section):
    """Senses → Marketo: contacts become leads and update them."""

    lead: dict[FieldName, FieldName] = Field(
        default_factory=dict, description="lead field → contact field, besides name and e-mail"
    )
    email: bool = Field(default=True, description="an address changed in Senses changes the lead's")
    company: bool = Field(default=False, description="the company's name, at creation only: Marketo forbids updates")
    nulls: NullPolicy = Field(default="keep", description="what an empty value in Senses does to the lead's")

    @model_validator(mode="after")
    def _known(self) -> ToMarketo:
        for name, source in self.lead.items():
            if name in FIXED_LEAD_FIELDS:
                raise ValueError(f"lead.{name} is not for Senses to write → Take it out.")
            if source not in CONTACT_TEXTS:
                raise ValueError(f"lead.{name}: a contact has no field {source} → One of {', '.join(CONTACT_TEXTS)}.")
        return self


class Phase(Section):
    """The deal phase on the lead (S20–S26)."""

    enabled: bool = True
    on_delete: Literal["null", "last_live_deal"] = Field(
        default="null", description="S21: what a deleted deal leaves (the seed: null)"
    )


class Reconcile(Section):
    """The nightly comparison."""

    days: int = Field(default=31, ge=1, le=366, description="leads created since are looked for")
    vanished_share: float = Field(
        default=0.05, gt=0, le=1, description="more deals gone than this: a person decides (renkei_approve)"
    )
    vanished_from: int = Field(default=20, ge=1, description="from so many vanished deals on")


class Lags(Section):
    """How long a vendor takes to show what happened, in minutes."""

    marketo_activities: int = Field(default=5, ge=0, description="how far the freshest activities are left alone")
    marketo_overlap: int = Field(default=60, ge=0, description="read again each time: activities can come late")
    senses_overlap: int = Field(default=10, ge=5, description="read again each time: the list moves while it is read")
    senses_search: int = Field(default=2, ge=0, description="then a contact that is not found was not created")
    marketo_search: int = Field(default=2, ge=0, description="then a lead that is not found was not created")


class SensesPurse(Section):
    """Our share of Mazrica's quota: 10,000 calls a day from 00:00 UTC, 3 a second with a burst of 100."""

    daily_calls: int = Field(default=10_000, ge=1)
    reserve: int = Field(default=500, ge=0, description="calls of the day left to everybody else")
    rate_calls: int = Field(default=60, ge=1)
    rate_seconds: int = Field(default=20, ge=1)
    concurrency: int = Field(default=2, ge=1)

    @property
    def share(self) -> int:
        """Calls a day Renkei may spend."""
        return self.daily_calls - self.reserve


class Settings(IntegrationSettings):
    """All of the file."""

    marketo_conn_id: ConnectionId = "marketo_default"
    mazrica_conn_id: ConnectionId = "mazrica_default"
    schedules: Schedules = Schedules()
    custom_items: CustomItems = CustomItems()
    marketo_fields: MarketoFields = MarketoFields()
    to_senses: ToSenses = ToSenses()
    to_marketo: ToMarketo = ToMarketo()
    phase: Phase = Phase()
    reconcile: Reconcile = Reconcile()
    lags: Lags = Lags()
    purse: Purse = Purse()
    senses_purse: SensesPurse = SensesPurse()

    @model_validator(mode="after")
    def _sound(self) -> Settings:
        for name, purse in (("purse", self.purse), ("senses_purse", self.senses_purse)):
            if purse.share < 1:
                raise ValueError(f"{name}.reserve leaves nothing of daily_calls → Make it smaller.")
        if self.marketo_fields.lead_status in self.to_marketo.lead:
            raise ValueError(f"to_marketo.lead.{self.marketo_fields.lead_status} takes the action kind → Take it out.")
        return self

    def schedule_of(self, flow: str) -> str | None:
        """By DAG; the flows that one DAG runs together have its schedule, a flow that is not asked for has none."""
        if flow == DEAL_PHASE and not self.phase.enabled:
            return None
        schedules: dict[str, str | None] = self.schedules.model_dump()
        return schedules.get(flow, self.schedules.senses_to_marketo)

    @property
    def marketo_overlap(self) -> timedelta:
        return timedelta(minutes=self.lags.marketo_overlap)

    @property
    def senses_overlap(self) -> timedelta:
        return timedelta(minutes=self.lags.senses_overlap)

    def claims(self) -> Iterator[Claim]:
        """The fields the flows update. What is written at creation only is nobody's."""
        for item in self.custom_items.model_dump().values():
            yield Claim(self.mazrica_conn_id, "contact", item, MARKETO_TO_SENSES)
        for name in self.owned_lead_fields():
            yield Claim(self.marketo_conn_id, "lead", name, SENSES_TO_MARKETO)
        yield Claim(self.marketo_conn_id, "lead", self.marketo_fields.lead_status, ACTION_KIND)
        if self.phase.enabled:
            yield Claim(self.marketo_conn_id, "lead", PHASE_FIELD, DEAL_PHASE)

    def owned_lead_fields(self) -> tuple[str, ...]:
        """Lead fields that contacts update."""
        return ("lastName", *(("email",) if self.to_marketo.email else ()), *self.to_marketo.lead)

    def lead_fields(self) -> tuple[str, ...]:
        """Every field of a Marketo person that is read."""
        fields: Mapping[str, None] = dict.fromkeys(
            [
                "id", "email", "firstName", "lastName", "createdAt", "updatedAt",
                self.marketo_fields.score, self.marketo_fields.acquisition_date,
                self.marketo_fields.company, self.marketo_fields.company_phone, *self.marketo_fields.company_address,
                *self.to_senses.contact.values(), *self.to_senses.account.values(),
            ]
        )  # fmt: skip
        return tuple(name for name in fields if name != ADDRESS)


def load_settings(path: Path | None = None) -> Settings:
    """The checked settings. Raises ConfigurationError: one line with file, key and remedy."""
    return read_settings(path or settings_dir() / f"{NAME}.yaml", Settings)
