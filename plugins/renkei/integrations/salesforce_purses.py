"""The purses of an org and of a business unit, as the settings of both integrations on Salesforce hold them."""

from __future__ import annotations

from pydantic import Field

from renkei.integrations.settings_base import Section


class SalesforcePurse(Section):
    """Our share of the org's API calls in any 24 hours, and our pace."""

    daily_calls: int = Field(default=100_000, ge=1)
    reserve: int = Field(default=20_000, ge=0, description="calls left to everybody else")
    rate_calls: int = Field(default=200, ge=1)
    rate_seconds: int = Field(default=20, ge=1)
    concurrency: int = Field(default=10, ge=1, le=25)

    @property
    def share(self) -> int:
        return self.daily_calls - self.reserve


class AccountEngagementPurse(Section):
    """Our share of the business unit's calls a day, and our pace. The vendor takes five calls at once and names no
    other pace (its page on rate limits): ``rate_calls`` is ours."""

    daily_calls: int = Field(default=25_000, ge=1)
    reserve: int = Field(default=5_000, ge=0)
    rate_calls: int = Field(default=200, ge=1)
    rate_seconds: int = Field(default=20, ge=1)
    concurrency: int = Field(default=4, ge=1, le=5)
    timezone: str = "Asia/Tokyo"  # the account's: its day begins at midnight there

    @property
    def share(self) -> int:
        return self.daily_calls - self.reserve
