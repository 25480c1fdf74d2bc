"""Tasks and campaign members: created once, each on its own account.

Trouble that concerns the whole call is told per record too, so that no action of a booking stops another one; only an
empty purse, a dead connection and an answer that never came are raised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from renkei.clients.redact import redact
from renkei.clients.salesforce import CALL_DEADLINE, SalesforceClient, Saved
from renkei.clients.salesforce_errors import Does, error_class, rule_for
from renkei.clients.salesforce_soql import select
from renkei.errors import (
    Disconnected,
    ErrorClass,
    Fatal,
    OutcomeUnknown,
    QuotaExhausted,
    RecordError,
    Retriable,
    SyncError,
)
from renkei.sync.ports import Account, Fields, Found, MatchKey, Outcome, Result, WriteItem

BATCH = 100
Client = SalesforceClient


def campaign(client: SalesforceClient, campaign_id: str) -> dict[str, Any] | None:
    """``Id``, ``Name`` and ``IsActive`` of a campaign, or None where our user sees none of this id."""
    query = select(("Id", "Name", "IsActive"), "Campaign", "WHERE Id = {}", campaign_id)
    return next(iter(client.query(query)), None)


class _CreatedOnce:
    """A target of write-once records."""

    object: str
    batch_size = BATCH
    call_deadline: timedelta = CALL_DEADLINE

    def __init__(self, client: SalesforceClient, org: str) -> None:
        """``org``: ``salesforce:<org id>``."""
        self._client = client
        self.account = Account("salesforce", org.partition(":")[2])

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        return {}

    def reserve(self) -> None:
        self._client.reserve(f"{self.object} create")

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        try:
            saved = self._client.create_all(self.object, [item.fields for item in items])
        except (Disconnected, QuotaExhausted, OutcomeUnknown):
            raise
        except (Fatal, Retriable, RecordError) as error:
            return [_refused(error)] * len(items)
        return [self._outcome(item, one) for item, one in zip(items, saved, strict=True)]

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise NotImplementedError(f"{self.object} is created once and never changed")

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise NotImplementedError(f"{self.object} is created once and never changed")

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        return {}

    def _outcome(self, item: WriteItem, saved: Saved) -> Outcome:
        if saved.success:
            return Outcome(Result.CREATED, saved.id)
        trouble = saved.trouble
        code = trouble.code if trouble else ""
        message = redact(trouble.message) if trouble else "no reason given"
        return Outcome(Result.FAILED, code=code, reason=f"{code}: {message}", error_class=self._class(item, code))

    def _class(self, item: WriteItem, code: str) -> ErrorClass:
        """A person who is gone, or an owner who left, is looked for anew: at once, not tomorrow."""
        rule = rule_for(400, code)
        return "transient" if rule.does is Does.GONE else error_class(rule)


class SalesforceTasks(_CreatedOnce):
    object = "Task"


class SalesforceMembers(_CreatedOnce):
    """Who is a member already stays one: the duplicate error means done."""

    object = "CampaignMember"

    def _outcome(self, item: WriteItem, saved: Saved) -> Outcome:
        if saved.trouble and rule_for(400, saved.trouble.code).does is Does.DUPLICATE:
            return Outcome(Result.UNCHANGED, code=saved.trouble.code, reason="was a member already")
        return super()._outcome(item, saved)

    def _class(self, item: WriteItem, code: str) -> ErrorClass:
        found = super()._class(item, code)
        if found == "transient" and rule_for(400, code).does is Does.GONE and not self._campaign_exists(item.fields):
            return "configuration"
        return found

    def _campaign_exists(self, fields: Mapping[str, Any]) -> bool:
        query = select(("Id",), "Campaign", "WHERE Id = {}", str(fields["CampaignId"]))
        try:
            return any(True for _ in self._client.query(query))
        except SyncError:
            return True  # not known: tried again soon


def _refused(error: SyncError) -> Outcome:
    known: ErrorClass = "transient" if isinstance(error, Retriable) else "configuration"
    if isinstance(error, RecordError):
        known = error.error_class
    return Outcome(Result.FAILED, code=error.code, reason=str(error), error_class=known)
