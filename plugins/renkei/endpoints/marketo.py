"""Marketo's targets: people, custom objects, program members."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from renkei.clients import marketo_endpoints as at
from renkei.clients.marketo import BATCH, Action, MarketoClient
from renkei.clients.marketo_endpoints import Endpoint
from renkei.clients.marketo_request import PATIENCE, call_deadline
from renkei.endpoints.marketo_batch import Batch, failed
from renkei.errors import ConfigurationError, QuotaExhausted, Retriable
from renkei.sync.ports import Account, Fields, Found, MatchKey, Outcome, Result, WriteItem

log = logging.getLogger("renkei.push")

NO_SUCH_STATUS = ("1013", "1025")  # of a program, at request level


def normalize_email(value: object) -> str:
    """How addresses are compared: trimmed, NFKC, lower case. What is written stays as it came."""
    return unicodedata.normalize("NFKC", str(value or "")).strip().lower()


class _Target:
    object: str
    batch_size: int = BATCH
    call_deadline: timedelta

    writes: Endpoint

    def __init__(self, client: MarketoClient) -> None:
        self.account = Account("marketo", client.account_id)
        self._client = client

    def reserve(self) -> None:
        """Takes the place of the next write in the purse."""
        self._client.requests.reserve(self.writes)


class LeadTarget(_Target):
    """People. Created with ``createOnly`` by e-mail, updated by id only, found by any searchable field."""

    object = "lead"
    writes = at.SYNC_LEADS
    call_deadline = call_deadline(at.SYNC_LEADS)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """All leads per key, lowest id first; 300 keys of one field a call. A key that Marketo refuses finds nobody:
        what is created for it is told that it exists."""
        found: dict[MatchKey, list[Found]] = {}
        refused: dict[str, str] = {}
        for name in dict.fromkeys(key.field for key in keys):
            values = list(dict.fromkeys(key.value for key in keys if key.field == name and _can_be_asked(key)))
            wanted = list(dict.fromkeys(["id", name, *fields]))
            for row in self._client.leads(name, values, wanted, refused):
                key = MatchKey(name, normalize_email(row.get(name)) if name == "email" else str(row.get(name)))
                hit = Found(str(row["id"]), {field: row.get(field) for field in fields})
                if hit not in (hits := found.setdefault(key, [])):
                    hits.append(hit)
        if refused:
            codes = ", ".join(sorted(set(refused.values())))
            log.warning("Marketo: %d keys of a look-up were refused (%s; 1003: too many people)", len(refused), codes)
        return {key: sorted(found[key], key=lambda hit: int(hit.id)) for key in keys if key in found}

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """Marketo may make two leads of one new address in one request: the second of them is told EXISTS unsent."""
        first: dict[str, int] = {}
        for index, item in enumerate(items):
            first.setdefault(normalize_email(item.fields.get("email")), index)
        chosen = [items[index] for index in first.values()]
        sent = self._sync("createOnly", "email", chosen)
        by_index = dict(zip(first.values(), sent, strict=True))
        twice = Outcome(Result.EXISTS, code="1005", reason="the same address is in this request already")
        return [by_index.get(index, twice) for index in range(len(items))]

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._sync("updateOnly", "id", items)

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._sync("createOrUpdate", "email", items)

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        keys = {item.key: _lead_key(item) for item in items}
        fields = list(dict.fromkeys(name for item in items for name in item.fields))
        found = self.lookup(list(dict.fromkeys(keys.values())), fields)
        return {
            item.key: {name: found[keys[item.key]][0].fields[name] for name in item.fields}
            for item in items
            if keys[item.key] in found
        }

    def _sync(self, action: Action, lookup: str, items: Sequence[WriteItem]) -> list[Outcome]:
        def call(some: Sequence[WriteItem], patience: timedelta) -> list[Outcome]:
            records = [{**item.fields, "id": int(item.id or 0)} if lookup == "id" else {**item.fields} for item in some]
            return self._client.sync_leads(action, records, lookup_field=lookup, patience=patience)

        return Batch(self._client.clock, call).send(items)


class CustomObjectTarget(_Target):
    """Records of one custom object, by its dedupe fields. Field names are the catalogue's; those of the instance
    are taken from its definition (any case, or one of ``aliases``), fields it lacks are left out."""

    writes = at.SYNC_OBJECTS
    call_deadline = call_deadline(at.SYNC_OBJECTS)

    def __init__(
        self,
        client: MarketoClient,
        api_name: str,
        aliases: Mapping[str, Sequence[str]] | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(client)
        self.object = api_name
        self._aliases = aliases or {}
        self._definition = definition

    @cached_property
    def definition(self) -> dict[str, Any]:
        """The object as Marketo describes it: as handed in, else read once."""
        return dict(self._definition) if self._definition else self._client.describe_custom_object(self.object)

    def field_name(self, name: str) -> str | None:
        """What the instance calls a field; None when it has no such field."""
        names = {known.lower(): known for known in self._types}
        return next((names[n.lower()] for n in (name, *self._aliases.get(name, ())) if n.lower() in names), None)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """Records by one searchable field."""
        found: dict[MatchKey, list[Found]] = {}
        for name in dict.fromkeys(key.field for key in keys):
            real = self.field_name(name) or name
            values = list(dict.fromkeys(key.value for key in keys if key.field == name))
            for row in self._client.query_custom_objects(self.object, real, values, self._asked([name, *fields])):
                hit = Found(str(row["marketoGUID"]), self._catalogue(row, fields))
                found.setdefault(MatchKey(name, str(row.get(real))), []).append(hit)
        return {key: sorted(found[key], key=lambda hit: hit.id) for key in keys if key in found}

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._sync("createOnly", items)

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._sync("updateOnly", items, dedupe_by="idField")

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self._sync("createOrUpdate", items)

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        keys = list(self.definition["dedupeFields"])
        inputs = {item.key: {name: self._instance(item.fields).get(name) for name in keys} for item in items}
        names = list(dict.fromkeys(name for item in items for name in item.fields))
        rows = self._client.query_by_dedupe_fields(self.object, list(inputs.values()), self._asked([*keys, *names]))
        found = {_values(row, keys): row for row in rows}
        return {
            item.key: self._catalogue(found[_values(inputs[item.key], keys)], list(item.fields))
            for item in items
            if _values(inputs[item.key], keys) in found
        }

    def _sync(self, action: Action, items: Sequence[WriteItem], dedupe_by: str = "dedupeFields") -> list[Outcome]:
        def call(some: Sequence[WriteItem], patience: timedelta) -> list[Outcome]:
            records = [self._instance(item.fields) for item in some]
            if dedupe_by == "idField":
                records = [{**record, "marketoGUID": item.id} for record, item in zip(records, some, strict=True)]
            return self._client.sync_custom_objects(
                self.object, action, records, dedupe_by=dedupe_by, patience=patience
            )

        return Batch(self._client.clock, call).send(items)

    @cached_property
    def _types(self) -> dict[str, str]:
        return {str(field["name"]): str(field.get("dataType", "")) for field in self.definition["fields"]}

    def _instance(self, fields: Fields) -> dict[str, Any]:
        """Names and ids as the instance has them: a link or an integer key takes a number, a string key a text."""
        named = {self.field_name(name): value for name, value in fields.items()}
        return {name: _typed(value, self._types[name]) for name, value in named.items() if name}

    def _asked(self, names: Sequence[str]) -> list[str]:
        real = [self.field_name(name) for name in names]
        return list(dict.fromkeys(["marketoGUID", *(name for name in real if name)]))

    def _catalogue(self, row: Fields, names: Sequence[str]) -> dict[str, Any]:
        return {name: row.get(real) for name in names if (real := self.field_name(name))}


class ProgramMemberTarget(_Target):
    """Members of programs: fields ``programId``, ``leadId``, ``statusName``. A status is only ever set forward;
    a member that is there already, or further, ends as UNCHANGED."""

    object = "member"
    writes = at.MEMBER_STATUS
    call_deadline = call_deadline(at.MEMBER_STATUS)

    def lookup(self, keys: Sequence[MatchKey], fields: Sequence[str]) -> dict[MatchKey, list[Found]]:
        """Members cannot be searched across programs."""
        return {}

    def create(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self.upsert(items)

    def update(self, items: Sequence[WriteItem]) -> list[Outcome]:
        return self.upsert(items)

    def upsert(self, items: Sequence[WriteItem]) -> list[Outcome]:
        """One call per program and status. A program or status that does not exist fails its own items. When a later
        call is not executed its items end as failed, transient: the earlier ones have their outcome."""
        groups: dict[tuple[str, str], list[int]] = {}
        for index, item in enumerate(items):
            group = (str(item.fields["programId"]), str(item.fields["statusName"]))
            groups.setdefault(group, []).append(index)
        outcomes: dict[int, Outcome] = {}
        until = self._client.clock.now() + PATIENCE
        for (program, status), members in groups.items():
            try:
                results = self._set(program, status, [items[index] for index in members], until)
            except (Retriable, QuotaExhausted) as error:
                if not outcomes:
                    raise
                results = [failed(error, "transient")] * len(members)
            except ConfigurationError as error:
                if error.code not in NO_SUCH_STATUS:
                    raise
                results = [failed(error, "configuration")] * len(members)
            outcomes.update(zip(members, results, strict=True))
        return [outcomes[index] for index in range(len(items))]

    def read(self, items: Sequence[WriteItem]) -> dict[str, Fields]:
        found: dict[tuple[str, str], Any] = {}
        for program in dict.fromkeys(str(item.fields["programId"]) for item in items):
            leads = [str(item.fields["leadId"]) for item in items if str(item.fields["programId"]) == program]
            for row in self._client.members(program, leads, ["leadId", "statusName"]):
                found[program, str(row["leadId"])] = row.get("statusName")
        keys = {item.key: (str(item.fields["programId"]), str(item.fields["leadId"])) for item in items}
        return {
            item.key: {**item.fields, "statusName": found[keys[item.key]]} for item in items if keys[item.key] in found
        }

    def _set(self, program: str, status: str, items: Sequence[WriteItem], until: datetime) -> list[Outcome]:
        def call(some: Sequence[WriteItem], patience: timedelta) -> list[Outcome]:
            leads = [str(item.fields["leadId"]) for item in some]
            return self._client.set_member_status(program, status, leads, patience=patience)

        return Batch(self._client.clock, call, until).send(items)


def _can_be_asked(key: MatchKey) -> bool:
    """Values that Marketo cannot hold, or that would break the comma-separated list, find nobody."""
    if key.field == "id":
        return key.value.isascii() and key.value.isdigit() and 0 < int(key.value) < 2**31
    return bool(key.value) and "," not in key.value and (key.field != "email" or key.value.isascii())


def _lead_key(item: WriteItem) -> MatchKey:
    return MatchKey("id", item.id) if item.id else MatchKey("email", normalize_email(item.fields.get("email")))


def _typed(value: Any, data_type: str) -> Any:
    """Ids are texts in Renkei; an integer field takes a number, a string field a text."""
    if data_type in ("integer", "link") and isinstance(value, str) and value.strip().isdigit():
        return int(value)
    if data_type in ("string", "text", "email") and isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _values(row: Fields, keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row.get(key)) for key in keys)
