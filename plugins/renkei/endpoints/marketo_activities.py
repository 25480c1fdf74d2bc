"""Marketo's activities: the log as a source, custom ones as a target that is written once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from renkei.clients import marketo_endpoints as at
from renkei.clients.marketo import BATCH, MarketoClient
from renkei.clients.marketo_request import call_deadline
from renkei.endpoints.marketo_batch import Batch
from renkei.errors import ConfigurationError, RecordError
from renkei.sync.ports import (
    Account,
    Doubt,
    Fields,
    Found,
    MatchKey,
    Outcome,
    Page,
    Result,
    Seen,
    Sighting,
    SourceRow,
    Span,
    WriteItem,
)

FEED = "marketo.activity"
MARKER = "renkeiId"  # the attribute that every custom activity of Renkei carries
LEADS_A_SEARCH = 30
Row = Mapping[str, Any]
Trouble = Callable[[int, Mapping[str, Any]], str | None]


class MarketoActivities:
    """The activity log of some types, as rows for ``row``. Activities are written down late, with an older date: the
    feed reads an overlap again, and what is known already is passed over by its ``marketoGUID``."""

    def __init__(self, client: MarketoClient, types: Sequence[str], row: Callable[[Row, str], SourceRow]) -> None:
        self.account = Account("marketo", client.account_id)
        self._client = client
        self._types = tuple(types)
        self._row = row

    def now(self) -> datetime:
        return self._client.now()

    def pages(self, span: Span, cursor: Fields | None) -> Iterator[Page]:
        """300 activities a call; pages may be short or empty. Raises ConfigurationError for a type that is unknown."""
        token = str(cursor["token"]) if cursor else self._client.paging_token(span.since)
        for page in self._client.activities(token, list(self._ids)):
            rows = [self._row(row, self._ids[int(row["activityTypeId"])]) for row in page.rows]
            yield Page(rows, {"token": page.token} if page.more else None)

    @cached_property
    def _ids(self) -> dict[int, str]:
        known = {str(kind["name"]).casefold(): kind for kind in self._client.activity_types()}
        unknown = [name for name in self._types if name.casefold() not in known]
        if unknown:
            raise ConfigurationError(
                f"Marketo has no activity type {', '.join(unknown)}.", remedy="Correct activities.types."
            )
        return {int(known[name.casefold()]["id"]): name for name in self._types}


class CustomActivityTarget:
    """Custom activities: ``fields`` hold ``leadId``, ``activityTypeId``, ``activityDate`` (ISO 8601 with offset),
    ``primaryAttributeValue`` and ``attributes`` by API name. ``trouble`` says why a type cannot take them yet."""

    object = "custom_activity"
    batch_size = BATCH
    call_deadline = call_deadline(at.ADD_ACTIVITIES)

    def __init__(self, client: MarketoClient, trouble: Trouble = lambda type_id, attributes: None) -> None:
        self.account = Account("marketo", client.account_id)
        self._client = client
        self._trouble = trouble

    def reserve(self) -> None:
        """Takes the place of the next write in the purse."""
        self._client.requests.reserve(at.ADD_ACTIVITIES)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """Activities have no keys."""
        return {}

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """What a type cannot take is held unsent, class configuration; the rest goes in one call."""
        outcomes: dict[int, Outcome] = {}
        for index, item in enumerate(items):
            line = self._trouble(int(item.fields["activityTypeId"]), item.fields["attributes"])
            if line:
                outcomes[index] = Outcome(Result.FAILED, code="activity_type", reason=line, error_class="configuration")
        left = [index for index in range(len(items)) if index not in outcomes]
        sent = Batch(self._client.clock, self._add).send([items[index] for index in left])
        outcomes.update(zip(left, sent, strict=True))
        return [outcomes[index] for index in range(len(items))]

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise RecordError("Marketo's activities cannot be changed.")

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        raise RecordError("Marketo's activities cannot be changed.")

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        return {item.key: item.fields for item in items}

    def find(self, doubts: Sequence[Doubt]) -> dict[str, Sighting]:
        """By lead, type and the attribute ``renkeiId``, from the earliest activity date on: 30 leads a search."""
        found: dict[str, Sighting] = {doubt.key: Sighting(Seen.ABSENT) for doubt in doubts}
        for start in range(0, len(doubts), LEADS_A_SEARCH):
            some = doubts[start : start + LEADS_A_SEARCH]
            keys = {doubt.marker: doubt.key for doubt in some}
            for guid, marker in self._markers(some):
                if marker in keys:
                    found[keys[marker]] = Sighting(Seen.FOUND, guid)
        return found

    def _add(self, items: Sequence[WriteItem], patience: timedelta) -> list[Outcome]:
        return self._client.add_activities([_row(item) for item in items], patience=patience)

    def _markers(self, doubts: Sequence[Doubt]) -> Iterator[tuple[str, str]]:
        since = min(datetime.fromisoformat(str(doubt.fields["activityDate"])) for doubt in doubts)
        leads = list(dict.fromkeys(str(doubt.fields["leadId"]) for doubt in doubts))
        types = list(dict.fromkeys(int(doubt.fields["activityTypeId"]) for doubt in doubts))
        token = self._client.paging_token(since.astimezone(UTC) - timedelta(seconds=1))
        for start in range(0, len(types), 10):
            for page in self._client.activities(token, types[start : start + 10], leads):
                for row in page.rows:
                    for attribute in row.get("attributes") or ():
                        yield str(row["marketoGUID"]), str(attribute.get("value"))


def _row(item: WriteItem) -> dict[str, Any]:
    attributes = {**item.fields["attributes"], MARKER: item.marker}
    return {
        "leadId": int(item.fields["leadId"]),
        "activityDate": item.fields["activityDate"],
        "activityTypeId": int(item.fields["activityTypeId"]),
        "primaryAttributeValue": str(item.fields["primaryAttributeValue"]),
        "attributes": [{"apiName": name, "value": value} for name, value in attributes.items() if value is not None],
    }
