"""What no API tells about the connector and its users: declared here, held against what can be seen by renkei_check."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from renkei.integrations.settings_base import Section

SUBJECTS = ("settings", "prospect_sync", "field_sync", "user_mapping")
Reviewed = Literal["settings", "prospect_sync", "field_sync", "user_mapping", "sharing"]


class Rule(Section):
    """Records whose field equals the value, capitals included, are synced; others are as if not there."""

    field: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
    value: str = Field(min_length=1)


class Sharing(Section):
    """Marketing Data Sharing: one rule per object, one field, equals only."""

    lead: Rule | None = None
    contact: Rule | None = None

    @model_validator(mode="after")
    def _both(self) -> Sharing:
        if (self.lead is None) != (self.contact is None):
            raise ValueError("lead and contact both need a rule → Add the other one.")
        return self

    @property
    def used(self) -> bool:
        return self.lead is not None


class Connector(Section):
    """The Salesforce connector of the business unit, as its Account Settings page shows it."""

    version: Literal[1, 2] | None = Field(default=None, description="shown to Administrators on Account Settings")
    native: Literal["running", "paused", "none"] = "paused"
    user: Literal["integration", "own"] = "integration"
    integration_username: str | None = None
    integration_user_ready: bool = Field(default=False, description="an admin has finished the set-up")
    business_units: int = Field(default=1, ge=1, description="Account Engagement accounts on this org")
    sharing: Sharing = Sharing()
    reviewed: tuple[Reviewed, ...] = Field(default=(), description="what a person has looked at before unpausing")
