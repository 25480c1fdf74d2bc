"""What every call passes: token, business unit, five at once, and the day's calls."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from include.sandbox.account_engagement.model import Row
from include.sandbox.account_engagement.refusals import Refused
from include.sandbox.http import Request
from include.sandbox.salesforce.refusals import Refused as SalesforceRefused

if TYPE_CHECKING:
    from include.sandbox.account_engagement.vendor import AccountEngagement


class Gate:
    """Counts the calls of the day; it begins at midnight in the account's time zone."""

    def __init__(self) -> None:
        self._day: date | None = None
        self.used = 0

    def roll(self, now: datetime, zone: str) -> None:
        day = now.astimezone(ZoneInfo(zone)).date()
        if day != self._day:
            self._day, self.used = day, 0

    def admit(self, vendor: AccountEngagement, request: Request) -> Row:
        """The Account Engagement user of a call; Refused otherwise. Refused calls do not count."""
        user = _user(vendor, request)
        _check_business_unit(vendor, request)
        if vendor.in_flight > vendor.settings["concurrency_limit"]:
            raise Refused(66)
        self.roll(vendor.world.clock.now(), vendor.settings["account_time_zone"])
        if self.used >= vendor.settings["daily_quota"]:
            raise Refused(122)
        self.used += 1
        return user


def _user(vendor: AccountEngagement, request: Request) -> Row:
    """Behind a Salesforce access token with the scope `pardot_api`, of a user who is one of the business unit too."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refused(184)
    try:
        grant = vendor.salesforce.tokens.session(text.strip()).grant
    except SalesforceRefused:
        raise Refused(184) from None
    if not set(grant.scopes) & {"pardot_api", "full"}:
        raise Refused(184)
    for user in vendor.state.tables["users"].where("salesforceId", grant.user):
        if not user["isDeleted"]:
            return user
    raise Refused(184)


def _check_business_unit(vendor: AccountEngagement, request: Request) -> None:
    given = request.headers.get("Pardot-Business-Unit-Id")
    if given is None:
        raise Refused(181, "Pardot-Business-Unit-Id header not found on request.")
    if len(given) not in (15, 18) or not given.startswith("0Uv"):
        raise Refused(182, "Pardot-Business-Unit-Id")
    if given != vendor.business_unit[: len(given)] or not vendor.settings["business_unit_active"]:
        raise Refused(201)
