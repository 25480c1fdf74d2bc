"""Settings of immedio → Salesforce: ``include/integrations/immedio_salesforce.yaml``, checked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from renkei.integrations.immedio_salesforce.record_id import to_18
from renkei.integrations.immedio_salesforce.settings_tag import Fields, Lists
from renkei.integrations.paths import settings_dir
from renkei.integrations.salesforce_purses import AccountEngagementPurse, SalesforcePurse
from renkei.integrations.settings_base import ConnectionId, IntegrationSettings, Section, read_settings

NAME = "immedio_salesforce"
BOOKINGS, LIST_CACHE, FIELD_SYNC = "immedio_bookings", "immedio_list_cache", "immedio_field_sync"  # flows and DAGs
CAMPAIGN_LAG = timedelta(minutes=10)  # fixed, as immedio's own (R28)
SearchOrder = Literal["lead_first", "contact_first"]
Action = Literal["todo", "campaign"]


class Todo(Section):
    """The Task of a booking."""

    enabled: bool = False
    lag_minutes: int | None = Field(default=None, ge=0, le=10, strict=True)
    timezone: str | None = Field(default=None, description="of the due date; empty: the meeting's own")
    booking_id_field: str | None = Field(
        default=None, pattern=r"^[A-Za-z][A-Za-z0-9_]*__c$", description="a text field of Task for the booking's id"
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                raise ValueError(f"{name} is no time zone → For instance Asia/Tokyo.") from None
        return name

    @model_validator(mode="after")
    def _lag(self) -> Todo:
        if self.enabled and self.lag_minutes is None:
            raise ValueError("lag_minutes is missing → Whole minutes from 0 to 10.")
        return self

    @property
    def lag(self) -> timedelta:
        """How long after the booking the Task is due."""
        return timedelta(minutes=self.lag_minutes or 0)


class Campaign(Section):
    """The campaign a booker is added to, ten minutes after the booking (fixed)."""

    enabled: bool = False
    campaign_id: str | None = None
    status: str | None = Field(default=None, min_length=1, max_length=80, description="empty: the campaign's default")

    @field_validator("campaign_id")
    @classmethod
    def _id(cls, given: str | None) -> str | None:
        if given is None:
            return None
        whole = to_18(given)
        if whole is None or not whole.startswith("701"):
            raise ValueError(
                f"{given!r} is no id of a campaign → 15 or 18 letters and digits beginning with 701, as in its address."
            )
        return whole

    @model_validator(mode="after")
    def _required(self) -> Campaign:
        if self.enabled and self.campaign_id is None:
            raise ValueError("campaign_id is missing → Copy it from the campaign's address in Salesforce.")
        return self


class Connect(Section):
    """Connecting by redirect and approval."""

    callback_url: str = Field(
        default="http://localhost:8090/salesforce/callback",
        pattern=r"^https?://[^\s?#]+$",
        description="as entered in the connected app",
    )
    minutes: int = Field(default=15, ge=1, le=60, description="how long an approval is waited for")


class Settings(IntegrationSettings):
    """All of the file. Without any key nothing is done: every switch is off."""

    schedule: str | None = "* * * * *"
    salesforce_conn_id: ConnectionId = "salesforce_default"
    account_engagement_conn_id: ConnectionId = "account_engagement_default"
    immedio_conn_id: ConnectionId = "immedio_default"
    search_order: SearchOrder = "lead_first"
    todo: Todo = Todo()
    campaign: Campaign = Campaign()
    lists: Lists = Lists()
    fields: Fields = Fields()
    web_engagement_tag: bool = Field(default=False, description="whether immedio's own Web接客 tag is used")
    connect: Connect = Connect()
    salesforce_purse: SalesforcePurse = SalesforcePurse()
    account_engagement_purse: AccountEngagementPurse = AccountEngagementPurse()

    @model_validator(mode="after")
    def _one_tag(self) -> Settings:
        if self.lists.enabled and self.web_engagement_tag:
            raise ValueError("lists and web_engagement_tag exclude each other → Switch one of the two off.")
        return self

    @model_validator(mode="after")
    def _reserves(self) -> Settings:
        for name in ("salesforce_purse", "account_engagement_purse"):
            if getattr(self, name).share < 1:
                raise ValueError(f"{name}.reserve leaves nothing of daily_calls → Make it smaller.")
        return self

    @property
    def scopes(self) -> tuple[str, ...]:
        """What a connection must grant (R3)."""
        return ("api", "refresh_token", "pardot_api") if self.lists.enabled else ("api", "refresh_token")

    def schedule_of(self, flow: str) -> str | None:
        return {LIST_CACHE: self.lists.refresh, FIELD_SYNC: self.fields.refresh}.get(flow, self.schedule)

    @property
    def actions(self) -> tuple[Action, ...]:
        """What is done with a booking, as far as it is switched on."""
        asked: dict[Action, bool] = {"todo": self.todo.enabled, "campaign": self.campaign.enabled}
        return tuple(action for action, on in asked.items() if on)


def load_settings(path: Path | None = None) -> Settings:
    """The checked settings. Raises ConfigurationError: one line with file, key and remedy."""
    return read_settings(path or settings_dir() / f"{NAME}.yaml", Settings)
