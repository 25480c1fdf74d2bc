"""Salesforce's side: leads, contacts and person accounts as the connector user reads and writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from include.sandbox.salesforce import acts, persons
from include.sandbox.salesforce.model import Kind, Row
from include.sandbox.salesforce.org import Org

KINDS = ("Lead", "Contact")
ACCOUNT_NAMES = {contact: account for account, contact in persons.ANOTHER.items()}
UNKNOWN = "[[unknown]]"


def _age(row: Row) -> tuple[str, str]:
    return row["LastModifiedDate"], row["Id"]


class People:
    """The org's people. `user`: the connector user's id."""

    def __init__(self, org: Org, settings: Mapping[str, Any], user: str) -> None:
        self.org = org
        self.settings = settings
        self.doer = acts.Doer(user)

    def get(self, record_id: str | None) -> tuple[Kind, Row] | None:
        """A lead or contact by id, deleted ones too; None when it is gone."""
        kind = self.org.kind_of(record_id) if record_id else None
        if kind is None or kind.name not in KINDS or record_id is None:
            return None
        row = self.org.table(kind).get(record_id)
        return None if row is None else (kind, row)

    def changed(self, since: str, also: Collection[str] = ()) -> tuple[list[Row], list[Row]]:
        """People whose record changed at or after that time, and those with the ids ``also``: who left or was
        converted, and the others, both in the order of matching."""
        left: list[Row] = []
        stayed: list[Row] = []
        for name in self.settings["connector_match_order"]:
            kind = self.org.kinds[name]
            rows = {row["Id"]: row for row in self.org.table(kind).scan(since) if row["SystemModstamp"] >= since}
            rows |= {row["Id"]: row for found, row in filter(None, map(self.get, also)) if found is kind}
            for row in sorted(rows.values(), key=_age, reverse=True):
                (left if row["IsDeleted"] or row.get("IsConverted") else stayed).append(row)
        return left, stayed

    def of_email(self, email: str, order: list[str]) -> list[tuple[Kind, Row]]:
        """Live people with this address: in the given order of objects, the newest first."""
        found: list[tuple[Kind, Row]] = []
        for name in order:
            kind = self.org.kinds[name]
            rows = [r for r in self.org.table(kind).find("Email", email) or [] if not r["IsDeleted"]]
            rows.sort(key=_age, reverse=True)
            found += [(kind, row) for row in rows if self.syncs(kind, row)]
        return found

    def syncs(self, kind: Kind, row: Row) -> bool:
        """Converted leads never do; person accounts only where support has switched them on; the sharing rule."""
        if row.get("IsConverted") or (row.get("IsPersonAccount") and not self.settings["connector_person_accounts"]):
            return False
        return self.shared(kind, row)

    def shared(self, kind: Kind, row: Row) -> bool:
        """Marketing Data Sharing: one field, equal, with case. What the connector made itself always matches."""
        rule = self.settings["connector_sharing_rule"].get(kind.name)
        if rule is None or row.get("CreatedById") == self.doer.user:
            return True
        return bool(row.get(rule["field"]) == rule["value"])

    def visible(self, kind: Kind, name: str) -> bool:
        """A field the connector user does not see is passed over in silence."""
        return name in kind.fields and f"{kind.name}.{name}" not in self.settings["connector_hidden_fields"]

    def write(self, kind: Kind, row: Row, values: Row) -> Row:
        """Changes the record, a person account through its account."""
        if row.get("IsPersonAccount"):
            given = {ACCOUNT_NAMES.get(name, name): value for name, value in values.items()}
            acts.update(self.org, self.org.kinds["Account"], row["AccountId"], given, self.doer)
            return self.org.table(kind).get(row["Id"]) or row
        return acts.update(self.org, kind, row["Id"], values, self.doer)[0]

    def create(self, kind: Kind, values: Row) -> Row:
        """A new record; what it must have and nobody said is `[[unknown]]`."""
        needed = {"LastName": UNKNOWN, **({"Company": UNKNOWN} if kind.name == "Lead" else {})}
        filled = {**values, **{name: text for name, text in needed.items() if not values.get(name)}}
        return acts.create(self.org, kind, filled, self.doer)

    def changed_at(self, kind: Kind, row: Row, name: str) -> str:
        """When a field was changed: from field history, else the record's time."""
        history = self.org.tables[f"{kind.name}History"].find(f"{kind.name}Id", row["Id"]) or []
        times = [line["CreatedDate"] for line in history if line["Field"] == name]
        return max(times, default=str(row["LastModifiedDate"]))
