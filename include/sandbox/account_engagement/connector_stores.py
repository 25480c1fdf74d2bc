"""The connector's screens for the control plane: the connector itself, its queue, its errors, syncs by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.vendor import ObjectStore

if TYPE_CHECKING:
    from include.sandbox.account_engagement.vendor import AccountEngagement

Record = dict[str, Any]


class ConnectorStore:
    """The connector: made paused, `PATCH {"state": "on" | "paused"}`. One per account: a second one is refused."""

    def __init__(self, vendor: AccountEngagement) -> None:
        self._vendor = vendor

    def list(self) -> list[Record]:
        state, ticks = self._vendor.settings["connector"], self._vendor.connector.ticks
        return [] if state == "off" else [{"id": 1, "version": 2, "state": state, "ticks": ticks}]

    def create(self, records: list[Record]) -> list[Record]:
        if len(records) > 1 or self._vendor.settings["connector"] != "off":
            raise ControlError("an account has one Salesforce connector only")
        self._vendor.configure({"connector": "paused"})
        return self.list()

    def update(self, record_id: str, fields: Record) -> Record:
        if self._vendor.settings["connector"] == "off" or record_id != "1":
            raise ControlError(f"there is no connector {record_id!r}", 404)
        if set(fields) != {"state"} or fields["state"] not in ("on", "paused"):
            raise ControlError('change a connector with {"state": "on"} or {"state": "paused"}')
        self._vendor.configure({"connector": fields["state"]})
        return self.list()[0]

    def delete(self, record_id: str) -> None:
        self._vendor.configure({"connector": "off"})


class QueueStore:
    """What waits to be synced, in order: `{"id", "object", "record_id"}`."""

    def __init__(self, vendor: AccountEngagement) -> None:
        self._vendor = vendor

    def list(self) -> list[Record]:
        self._vendor.catch_up()
        keys = enumerate(self._vendor.connector.queue, start=1)
        return [{"id": place, "object": kind, "record_id": record_id} for place, (kind, record_id) in keys]

    def create(self, records: list[Record]) -> list[Record]:
        raise ControlError("the queue fills by itself", 405)

    def update(self, record_id: str, fields: Record) -> Record:
        raise ControlError("the queue cannot be changed", 405)

    def delete(self, record_id: str) -> None:
        raise ControlError("the queue cannot be changed", 405)


class ErrorStore(QueueStore):
    """What could not be synced, with the reason."""

    def list(self) -> list[Record]:
        self._vendor.catch_up()
        errors = enumerate(self._vendor.connector.errors.values(), start=1)
        return [{"id": place, "object": e.key[0], "record_id": e.key[1], "code": e.code, "message": e.message,
                 "since": e.since} for place, e in errors]  # fmt: skip


class ManualSyncStore(QueueStore):
    """`{"prospect_id": 12}` is "Sync with CRM", `{"salesforce_id": "00Q…"}` is "Send to Account Engagement"."""

    def list(self) -> list[Record]:
        return []

    def create(self, records: list[Record]) -> list[Record]:
        self._vendor.catch_up()
        done = []
        for record in records:
            if set(record) not in ({"prospect_id"}, {"salesforce_id"}):
                raise ControlError("give prospect_id or salesforce_id")
            name, value = next(iter(record.items()))
            error = self._vendor.connector.sync_now(("prospect" if name == "prospect_id" else "person", value))
            done.append({**record, "error": None if error is None else error.message})
        return done


def connector_stores(vendor: AccountEngagement) -> dict[str, ObjectStore]:
    return {"connectors": ConnectorStore(vendor), "sync_queue": QueueStore(vendor), "sync_errors": ErrorStore(vendor),
            "manual_syncs": ManualSyncStore(vendor)}  # fmt: skip
