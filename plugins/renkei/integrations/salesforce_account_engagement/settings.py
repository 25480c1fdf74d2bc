"""Settings of Salesforce ⇄ Account Engagement: ``include/integrations/salesforce_account_engagement.yaml``, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from renkei.integrations.ownership import Claim
from renkei.integrations.paths import settings_dir
from renkei.integrations.salesforce_account_engagement.names import AUDIT, NAME
from renkei.integrations.salesforce_account_engagement.settings_connector import Connector, Sharing
from renkei.integrations.salesforce_purses import AccountEngagementPurse, SalesforcePurse
from renkei.integrations.settings_base import ConnectionId, FirstRun, IntegrationSettings, Section, read_settings

Owner = Literal["salesforce", "account_engagement", "most_recent"]
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]


class PerObject(Section):
    """A field whose name differs between leads and contacts; left out: the object has no such field."""

    lead: FieldName | None = None
    contact: FieldName | None = None

    @model_validator(mode="after")
    def _some(self) -> PerObject:
        if self.lead is None and self.contact is None:
            raise ValueError("neither lead nor contact is named → Name the field of at least one.")
        return self


class SyncedField(Section):
    """One field kept in step. ``owner`` says whose value stands where both have one; it has no default: who owns a
    field is decided on purpose. ``blank_overwrites``: the owner's empty value empties the other side."""

    account_engagement: FieldName
    salesforce: FieldName | PerObject
    owner: Owner
    blank_overwrites: bool = False

    @model_validator(mode="after")
    def _owner_of_blank(self) -> SyncedField:
        if self.blank_overwrites and self.owner != "salesforce":
            raise ValueError("blank_overwrites is for fields that Salesforce owns → Leave it out, or change the owner.")
        return self

    def of(self, sobject: str) -> str | None:
        """What Lead or Contact calls it."""
        if isinstance(self.salesforce, str):
            return self.salesforce
        return self.salesforce.lead if sobject == "Lead" else self.salesforce.contact


class ShownField(Section):
    """A field of the prospect that is shown in Salesforce and never read back: score, grade, last activity."""

    account_engagement: FieldName
    salesforce: FieldName | PerObject

    def of(self, sobject: str) -> str | None:
        if isinstance(self.salesforce, str):
            return self.salesforce
        return self.salesforce.lead if sobject == "Lead" else self.salesforce.contact


class Email(Section):
    """The address. ``on_change`` (not with several prospects per address): what a new address in Salesforce does:
    the prospect follows, or the pair ends and the prospect is matched anew."""

    owner: Literal["salesforce", "account_engagement", "most_recent"] = "salesforce"
    on_change: Literal["follow", "end"] = "follow"


class Creates(Section):
    """What may be created. In Salesforce only for assigned prospects; in Account Engagement for records with an
    address, from a day on."""

    in_salesforce: Literal["lead", "contact", "never"] = "lead"
    lead_company: str = Field(default="[not provided]", min_length=1, description="Salesforce demands a company")
    prospects: bool = True
    prospects_since: date | None = None


class OrgPurse(SalesforcePurse):
    """A tick every two minutes leaves more to everybody else."""

    reserve: int = Field(default=50_000, ge=0, description="calls left to everybody else")


class UnitPurse(AccountEngagementPurse):
    """A changed prospect is a call."""

    daily_calls: int = Field(default=50_000, ge=1)
    reserve: int = Field(default=10_000, ge=0)


class Watcher(Section):
    """Who watches the queue and mends what it shows: notices go there."""

    name: str = Field(min_length=1)
    mail_to: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    slack_conn_id: ConnectionId | None = None
    smtp_conn_id: ConnectionId = "smtp_default"


class Audit(Section):
    """When an audit speaks up."""

    schedule: str | None = "30 2 * * *"
    lag_minutes: int = Field(default=10, ge=2, description="a change that is not on the other side by then is late")


class Settings(IntegrationSettings):
    """All of the file. Without a list of fields nothing is kept in step."""

    mode: Literal["sync", "audit"] = "audit"
    schedule: str | None = "*/2 * * * *"
    metadata_schedule: str | None = "7 * * * *"
    first: FirstRun = "full"
    salesforce_conn_id: ConnectionId = "salesforce_default"
    account_engagement_conn_id: ConnectionId = "account_engagement_default"
    connector: Connector = Connector()
    watcher: Watcher | None = None
    several_prospects_per_address: bool = Field(default=True, description="AMPSEA: on in accounts after 2016-06-14")
    person_accounts: bool = False
    match_order: tuple[Literal["contact", "lead"], ...] = ("contact", "lead")
    email: Email = Email()
    creates: Creates = Creates()
    archive_when_deleted: bool = True
    do_not_sync_field: FieldName | None = Field(default=None, description="of the prospect; true: left alone")
    fields: tuple[SyncedField, ...] = ()
    shown_in_salesforce: tuple[ShownField, ...] = ()
    owner_from_assignment: bool = Field(default=True, description="OwnerId of new records from the mapped user")
    overlap_minutes: int = Field(default=10, ge=2, le=120)
    read_lag_seconds: int = Field(default=60, ge=0, le=600)
    tolerance_ticks: int = Field(default=5, ge=1, description="'about every two minutes': later than this is late")
    audit: Audit = Audit()
    salesforce_purse: OrgPurse = OrgPurse()
    account_engagement_purse: UnitPurse = UnitPurse()

    @model_validator(mode="before")
    @classmethod
    def _watcher_is_told(cls, given: Any) -> Any:
        """Notices go to the watcher unless others are named."""
        watcher = given.get("watcher") if isinstance(given, dict) else None
        if not isinstance(watcher, dict):
            return given
        notices = dict(given.get("notices") or {})
        if watcher.get("mail_to"):
            notices.setdefault("mail_to", [watcher["mail_to"]])
            notices.setdefault("smtp_conn_id", watcher.get("smtp_conn_id", "smtp_default"))
        if watcher.get("slack_conn_id"):
            notices.setdefault("slack_conn_id", watcher["slack_conn_id"])
        return {**given, "notices": notices}

    @field_validator("match_order")
    @classmethod
    def _both(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if sorted(order) != ["contact", "lead"]:
            raise ValueError("must name contact and lead once each → For instance [contact, lead].")
        return order

    @model_validator(mode="after")
    def _once(self) -> Settings:
        named = [field.account_engagement for field in self.mapped]
        twice = next((name for name, times in Counter(named).items() if times > 1), None)
        if twice:
            raise ValueError(f"fields: {twice} is there twice → One line per field of the prospect.")
        if "email" in named:
            raise ValueError("fields: email has a section of its own → Set email.owner instead.")
        return self

    @model_validator(mode="after")
    def _once_in_salesforce(self) -> Settings:
        """Two fields of the prospect that own one field of a record would overwrite each other at every run."""
        for sobject in ("Lead", "Contact"):
            taken = [] if self.several_prospects_per_address else ["Email"]
            taken += [name for field in self.mapped if (name := field.of(sobject))]
            twice = next((name for name, times in Counter(taken).items() if times > 1), None)
            if twice:
                raise ValueError(f"fields: {sobject}.{twice} is there twice → One prospect field per Salesforce field.")
        return self

    @model_validator(mode="after")
    def _reserves(self) -> Settings:
        for name in ("salesforce_purse", "account_engagement_purse"):
            purse = getattr(self, name)
            if purse.reserve >= purse.daily_calls:
                raise ValueError(f"{name}.reserve leaves nothing of daily_calls → Make it smaller.")
        return self

    def schedule_of(self, flow: str) -> str | None:
        """The audit reads once a day; in audit mode nothing else does."""
        if flow == AUDIT:
            return self.audit.schedule
        return self.schedule if self.mode == "sync" else None

    @property
    def mapped(self) -> tuple[SyncedField | ShownField, ...]:
        """Every field that is read on both sides, but for the address."""
        return (*self.fields, *self.shown_in_salesforce)

    @property
    def sharing(self) -> Sharing:
        return self.connector.sharing

    def claims(self) -> Iterator[Claim]:
        """The fields each side is given by the other; in audit mode none."""
        if self.mode == "audit":
            return
        for field in self.fields:
            yield Claim(self.account_engagement_conn_id, "prospect", field.account_engagement, NAME)
        for mapped in self.mapped:
            for sobject in ("Lead", "Contact"):
                name = mapped.of(sobject)
                if name:
                    yield Claim(self.salesforce_conn_id, sobject, name, NAME)


def load_settings(path: Path | None = None) -> Settings:
    """The checked settings. Raises ConfigurationError: one line with file, key and remedy."""
    return read_settings(path or settings_dir() / f"{NAME}.yaml", Settings)
