"""Marketo's REST API, one short method per endpoint. Rows are the vendor's own JSON.

Every method raises the tree of ``renkei.errors``; writes return one ``Outcome`` per record, in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

import requests

from renkei.clients import marketo_endpoints as at
from renkei.clients.marketo_auth import SHARED, MarketoAuth, TokenStore
from renkei.clients.marketo_errors import outcome_of
from renkei.clients.marketo_request import PATIENCE, Body, MarketoRequests, base_url
from renkei.clients.transport import Transport
from renkei.errors import ConfigurationError, Fatal, OutcomeUnknown, RecordError, RequestTooLarge
from renkei.sync.ports import Clock, Meter, Outcome

BATCH = 300
BAD_VALUE = ("1003", "1012")  # of a read: Marketo refuses one of the values, not the request
MOST_REFUSED = 10  # values of one read; where there are more the request itself is at fault
Row = dict[str, Any]
T = TypeVar("T")
Action = Literal["createOnly", "updateOnly", "createOrUpdate"]


@dataclass(frozen=True)
class TokenPage:
    """One page of a log. ``token`` resumes after it and is given on the last page too; ``more`` says whether to go
    on: pages with more to come may be short or empty (Adobe, "Paging tokens")."""

    rows: list[Row]
    token: str
    more: bool


class MarketoClient:
    """One Marketo instance. ``host`` is the Identity URL or the REST endpoint; ``munchkin_id`` is needed only
    where the host does not begin with it."""

    def __init__(
        self,
        session: requests.Session,
        *,
        host: str,
        client_id: str,
        client_secret: str,
        meter: Meter,
        clock: Clock,
        munchkin_id: str | None = None,
        tokens: TokenStore = SHARED,
    ) -> None:
        base = base_url(host)
        self.account_id = munchkin_id or _munchkin_id(base)
        self.clock = clock
        self._transport = Transport(session, clock, "Marketo")
        self._auth = MarketoAuth(self._transport, clock, base, client_id.strip(), client_secret.strip(), tokens)
        self.requests = MarketoRequests(self._transport, self._auth, base, meter, clock)

    def now(self) -> datetime:
        """Marketo's clock, aware UTC. Asks the identity service (not counted) if nothing was answered yet."""
        if self._transport.offset is None:
            self._auth.renew()
        return self._transport.now()

    def authenticate(self) -> None:
        """Asks for a token whatever is held; Disconnected when the credentials are wrong."""
        self._auth.renew()

    # leads

    def describe_leads(self) -> Row:
        """``{"fields": [{name, dataType, length, updateable, …}], "searchableFields": [["email"], …]}``."""
        return _only(self.requests.query(at.DESCRIBE_LEADS, {}))

    def leads(
        self, field: str, values: Sequence[str], fields: Sequence[str], refused: dict[str, str] | None = None
    ) -> Iterator[Row]:
        """All leads with one of the values, duplicates included, 300 values a call. Order says nothing: join on
        ``field``. A value holding a comma cannot be asked for. Values that Marketo refuses (malformed, or of more than
        1,000 leads) are put into ``refused`` with its code, so that they spoil no other; without it they raise."""
        for some in chunks(values):
            yield from self._leads(field, some, fields, refused)

    def _leads(
        self, field: str, values: Sequence[str], fields: Sequence[str], refused: dict[str, str] | None
    ) -> Iterator[Row]:
        params = {"filterType": field, "filterValues": ",".join(values), "fields": ",".join(fields)}
        try:
            # One page at a time would deliver the first rows of a request that is then halved.
            rows = [row for page in self._pages(at.QUERY_LEADS, params) for row in page]
        except (RequestTooLarge, Fatal) as error:
            if not isinstance(error, RequestTooLarge) and (refused is None or error.code not in BAD_VALUE):
                raise
            if len(values) > 1:
                half = len(values) // 2
                yield from self._leads(field, values[:half], fields, refused)
                yield from self._leads(field, values[half:], fields, refused)
            elif refused is None or len(refused) >= MOST_REFUSED:
                raise
            else:
                refused[values[0]] = error.code
        else:
            yield from rows

    def sync_leads(
        self,
        action: Action,
        records: Sequence[Row],
        *,
        lookup_field: str = "email",
        patience: timedelta = PATIENCE,
    ) -> list[Outcome]:
        """Writes up to 300 leads; ``lookup_field`` "id" goes with updateOnly only. All writes end within the
        endpoint's own time plus ``patience``."""
        payload = {"action": action, "lookupField": lookup_field, "asyncProcessing": False, "input": list(records)}
        return self._outcomes(self.requests.post(at.SYNC_LEADS, payload, patience=patience), len(records), "id")

    # custom objects

    def custom_objects(self, names: Sequence[str] = ()) -> list[Row]:
        """The custom objects of the instance, or those of the given API names."""
        params = {"names": ",".join(names)} if names else {}
        return list(self.requests.query(at.LIST_OBJECTS, params).get("result") or [])

    def describe_custom_object(self, api_name: str) -> Row:
        """``{name, idField, dedupeFields, searchableFields, relationships, fields}``; ConfigurationError with code
        1013 (or 610) when there is no approved object of this name."""
        return _only(self.requests.query(at.DESCRIBE_OBJECT, {}, object=api_name))

    def describe_custom_object_type(self, api_name: str) -> Row:
        """The definition with its approval ``state`` (draft, approved, approvedWithDraft), drafts included. Needs a
        right and a subscription that syncing does not need: ConfigurationError 603 or 616 without."""
        return _only(self.requests.query(at.DESCRIBE_OBJECT_TYPE, {}, object=api_name))

    def query_custom_objects(
        self, api_name: str, field: str, values: Sequence[str], fields: Sequence[str]
    ) -> Iterator[Row]:
        """Records by one searchable field, 300 values a call."""
        for some in chunks(values):
            params = {"filterType": field, "filterValues": ",".join(some), "fields": ",".join(fields)}
            for page in self._pages(at.QUERY_OBJECTS, params, object=api_name):
                yield from page

    def query_by_dedupe_fields(self, api_name: str, inputs: Sequence[Row], fields: Sequence[str]) -> Iterator[Row]:
        """Records by their compound key, 300 a call. Inputs without a match are absent: join on the key's values.
        Every page repeats all inputs (Adobe, "Lead database", compound keys)."""
        for some in chunks(inputs):
            payload: Row = {"filterType": "dedupeFields", "fields": list(fields), "batchSize": BATCH}
            payload["input"] = list(some)
            token: str | None = None
            while True:
                page = payload if token is None else {**payload, "nextPageToken": token}
                body = self.requests.post(at.QUERY_OBJECTS, page, object=api_name)
                yield from body.get("result") or []
                token = _next(body, token)
                if token is None:
                    break

    def sync_custom_objects(
        self,
        api_name: str,
        action: Action,
        records: Sequence[Row],
        *,
        dedupe_by: str = "dedupeFields",
        patience: timedelta = PATIENCE,
    ) -> list[Outcome]:
        """Writes up to 300 records; ``dedupe_by`` "idField" goes with updateOnly only."""
        payload = {"action": action, "dedupeBy": dedupe_by, "input": list(records)}
        body = self.requests.post(at.SYNC_OBJECTS, payload, patience=patience, object=api_name)
        return self._outcomes(body, len(records), "marketoGUID")

    # programs

    def members(self, program_id: str, lead_ids: Sequence[str], fields: Sequence[str] = ()) -> Iterator[Row]:
        """The program's members among these leads: ``{leadId, statusName, …}``."""
        for some in chunks(lead_ids):
            params = {"filterType": "leadId", "filterValues": ",".join(some)}
            if fields:
                params["fields"] = ",".join(fields)
            for page in self._pages(at.MEMBERS, params, program=program_id):
                yield from page

    def set_member_status(
        self, program_id: str, status: str, lead_ids: Sequence[str], *, patience: timedelta = PATIENCE
    ) -> list[Outcome]:
        """Makes up to 300 leads members in this status. Marketo never moves a status backwards: UNCHANGED."""
        payload = {"statusName": status, "input": [{"leadId": int(lead_id)} for lead_id in lead_ids]}
        body = self.requests.post(at.MEMBER_STATUS, payload, patience=patience, program=program_id)
        return self._outcomes(body, len(lead_ids), "leadId")

    # logs

    def paging_token(self, since: datetime) -> str:
        """A token from which the logs can be read on."""
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return str(self.requests.query(at.PAGING_TOKEN, {"sinceDatetime": moment})["nextPageToken"])

    def activity_types(self) -> list[Row]:
        """``[{id, name, primaryAttribute, attributes}]``; ids differ between instances."""
        return list(self.requests.query(at.ACTIVITY_TYPES, {}).get("result") or [])

    def activities(self, token: str, type_ids: Sequence[int], lead_ids: Sequence[str] = ()) -> Iterator[TokenPage]:
        """Pages of activities of up to 10 types, of all leads or of up to 30; CursorExpired when the token is dead."""
        params = {"activityTypeIds": ",".join(map(str, type_ids))}
        return self._log(at.ACTIVITIES, token, params | ({"leadIds": ",".join(lead_ids)} if lead_ids else {}))

    def custom_activity_types(self) -> list[Row]:
        """The custom types, drafts included: ``[{id, apiName, status, primaryAttribute, attributes: [{apiName}]}]``."""
        return list(self.requests.query(at.CUSTOM_TYPES, {}).get("result") or [])

    def add_activities(self, rows: Sequence[Row], *, patience: timedelta = PATIENCE) -> list[Outcome]:
        """Adds up to 300 custom activities. Marketo adds the same one twice without a word: never sent again blindly.
        (Adobe, "Custom activities".)"""
        body = self.requests.post(at.ADD_ACTIVITIES, {"input": list(rows)}, patience=patience)
        return self._outcomes(body, len(rows), "marketoGUID")

    def lead_changes(self, token: str, fields: Sequence[str]) -> Iterator[TokenPage]:
        """Pages of new leads (type 12) and changed values (type 13) of these fields."""
        return self._log(at.LEAD_CHANGES, token, {"fields": ",".join(fields)})

    def deleted_leads(self, token: str) -> Iterator[TokenPage]:
        """Pages of deletions (type 37), kept by Marketo for 14 days."""
        return self._log(at.DELETED_LEADS, token, {})

    # administration

    def usage_today(self) -> int:
        """Calls of all services since the last reset, as Marketo counts them."""
        days = self.requests.query(at.USAGE, {}).get("result") or []
        return int(days[0].get("total") or 0) if days else 0

    def missing_rights(self, custom_object: str) -> list[str]:
        """Of the rights to write people and custom objects, those the role lacks; found by updates of records
        that cannot exist, so nothing is written."""
        nobody = {"id": 0}
        nothing = {"marketoGUID": "00000000-0000-0000-0000-000000000000"}
        probes = {
            at.WRITE_LEAD: lambda: self.sync_leads("updateOnly", [nobody], lookup_field="id"),
            at.WRITE_OBJECT: lambda: self.sync_custom_objects(
                custom_object, "updateOnly", [nothing], dedupe_by="idField"
            ),
        }
        return [right for right, probe in probes.items() if _is_denied(probe)]

    def missing_activity_rights(self, custom: bool) -> list[str]:
        """Of the rights to write people and, for ``custom`` activities, to read their types and the log and to add
        them, those the role lacks; found by writes that can hit nothing."""
        nobody = {"leadId": 0, "activityDate": "2020-01-01T00:00:00Z", "activityTypeId": 0, "attributes": []}
        nothing = [{**nobody, "primaryAttributeValue": "-"}]
        probes: dict[str, Any] = {
            at.WRITE_LEAD: lambda: self.sync_leads("updateOnly", [{"id": 0}], lookup_field="id"),
        }
        if custom:
            probes |= {
                at.READ_ACTIVITY_TYPE: self.custom_activity_types,
                at.READ_ACTIVITY: lambda: self.paging_token(self.now()),
                at.WRITE_ACTIVITY: lambda: self.add_activities(nothing),
            }
        return [right for right, probe in probes.items() if _is_denied(probe)]

    def _pages(self, endpoint: at.Endpoint, params: Mapping[str, str], **names: str) -> Iterator[list[Row]]:
        token: str | None = None
        while True:
            page = dict(params) if token is None else {**params, "nextPageToken": token}
            body = self.requests.query(endpoint, page, **names)
            yield list(body.get("result") or [])
            token = _next(body, token)
            if token is None:
                return

    def _log(self, endpoint: at.Endpoint, token: str, params: Mapping[str, str]) -> Iterator[TokenPage]:
        more = True
        while more:
            body = self.requests.query(endpoint, {**params, "nextPageToken": token})
            token, more = str(body.get("nextPageToken") or token), bool(body.get("moreResult"))
            yield TokenPage(list(body.get("result") or []), token, more)

    def _outcomes(self, body: Body, expected: int, id_field: str) -> list[Outcome]:
        rows = body.get("result") or []
        if len(rows) != expected:
            raise OutcomeUnknown(f"Marketo answered {len(rows)} results to {expected} records.")
        return [outcome_of(row, id_field) for row in rows]


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Slices of at most 300."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def _munchkin_id(base: str) -> str:
    found = re.match(r"https?://(\d{3}-[A-Z]{3}-\d{3})\.", base, re.I)
    if not found:
        raise ConfigurationError(
            "Marketo: the host does not show the Munchkin ID.",
            remedy="Fill in munchkin_id in the connection (Admin > Munchkin).",
        )
    return found[1].upper()


def _only(body: Body) -> Row:
    rows = body.get("result") or []
    if not rows:
        raise Fatal("Marketo described nothing.")
    return dict(rows[0])


def _next(body: Body, last: str | None) -> str | None:
    """The next page's token. Where ``moreResult`` is told it decides; some endpoints only give a token."""
    token = body.get("nextPageToken")
    if not token or body.get("moreResult") is False:
        return None
    if token == last:
        raise Fatal("Marketo gave the same page token twice.")
    return str(token)


def _is_denied(probe: Any) -> bool:
    try:
        probe()
    except (ConfigurationError, RecordError) as error:
        return error.code == "603"  # anything else, such as a missing object, is another check's finding
    return False
