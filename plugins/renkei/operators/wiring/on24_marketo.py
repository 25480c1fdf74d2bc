"""ON24 → Marketo: connections → clients → flow and checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from renkei.errors import ConfigurationError, Retriable
from renkei.hooks.marketo import MarketoHook
from renkei.hooks.on24 import On24Hook
from renkei.integrations.checks import Finding
from renkei.integrations.on24_marketo.checks import Probes, check
from renkei.integrations.on24_marketo.connect import definition_of, read_definition, read_described
from renkei.integrations.on24_marketo.definition import Definition
from renkei.integrations.on24_marketo.ends import ends_of, subject_of
from renkei.integrations.on24_marketo.flow import build
from renkei.integrations.on24_marketo.registration import EVENT, REGISTRANT
from renkei.integrations.on24_marketo.settings import NAME, Settings
from renkei.integrations.settings_base import IntegrationSettings
from renkei.operators.wiring.purses import MARKETO_RESET, allowance_of, purse_settings
from renkei.store import records
from renkei.store.integration_state import keep_definition, kept_definition
from renkei.store.purse import Purse
from renkei.sync.engine import Engine
from renkei.sync.flow import Allowance, Flow

# A step that starts later than this after its run was opened asks Marketo again.
DEFINITION_HOLDS = timedelta(minutes=15)


class Wiring:
    """One run's clients. ``bulk``: its calls leave a part of the share to regular runs."""

    def __init__(self, settings: IntegrationSettings, engine: Engine, *, bulk: bool = False) -> None:
        self.settings = cast(Settings, settings)
        self.engine = engine
        hook = MarketoHook(self.settings.marketo_conn_id)
        clock = engine.clock
        self.bulk = bulk
        share = purse_settings(self.settings.purse, MARKETO_RESET)
        self.purse = Purse(engine.store, f"marketo:{hook.client().account_id}", share, clock)
        self.marketo = hook.client(self.purse.meter("on24_marketo", bulk=bulk), clock)
        self.on24 = On24Hook(self.settings.on24_conn_id).client(clock=clock, pace=self.settings.on24_pace.model_dump())

    @property
    def purses(self) -> tuple[Purse, ...]:
        return (self.purse,)

    def flow(self, name: str, *, described: bool, fresh: bool = False) -> Flow:
        """The flow. ``described``: with Marketo's definitions, as mapping and sending need; reading and counting do
        without, so that they work while Marketo does not answer. ``fresh``: read anew (two calls) and kept for the
        run's other steps."""
        words = self._described(fresh) if described else None
        definition = definition_of(words) if words else Definition(exists=False)
        ends = ends_of(
            self.settings, self.on24, self.marketo, self._stored_registrations, words, self._stored_events
        )
        return replace(build(self.settings, ends, definition), allowance=self.allowance)

    def allowance(self) -> Allowance:
        """What is left of our share of Marketo's calls today, and the share of a whole day."""
        return allowance_of(self.purse, bulk=self.bulk)

    def _described(self, fresh: bool) -> dict[str, Any]:
        store = self.engine.store
        kept: dict[str, Any] | None = None if fresh else kept_definition(store, NAME, DEFINITION_HOLDS)
        if kept is None:
            kept = read_described(self.marketo)
            keep_definition(store, NAME, kept)
        return kept

    def _stored_registrations(self, email: str) -> dict[str, str]:
        """What is stored of an address' registrations: eventuserid → eventid."""
        subject = subject_of({"email": email})
        account = f"on24:{self.on24.account_id}"
        with self.engine.store.begin() as connection:
            stored = records.load(connection, account, [REGISTRANT], "subject", [subject] if subject else [])
        return {str(row["payload"].get("eventuserid")): str(row["payload"].get("eventid")) for row in stored}

    def _stored_events(self, ids: Sequence[str]) -> set[str]:
        """Which of these events are stored."""
        with self.engine.store.begin() as connection:
            return records.known_keys(connection, f"on24:{self.on24.account_id}", EVENT, ids)

    def read_usage(self) -> None:
        """Takes over Marketo's own count of today's calls when ours is older than 15 minutes."""
        if self.purse.needs_reading():
            self.purse.vendor_reading(self.marketo.usage_today())

    def parts(self, params: Mapping[str, Any]) -> tuple[dict[str, str], ...]:
        """The events asked for in ``event_ids``. Raises ConfigurationError that names those ON24 does not have."""
        ids = dict.fromkeys(str(params.get("event_ids") or "").replace(",", " ").split())
        unknown = [event_id for event_id in ids if not event_id.isdigit() or self.on24.event(event_id) is None]
        if unknown:
            raise ConfigurationError(
                f"ON24 has no event {', '.join(unknown)} (connection {self.settings.on24_conn_id}).",
                remedy="Correct event_ids; an event's id is in its audience URL.",
            )
        return tuple({"eventid": event_id} for event_id in ids)

    def accounts(self) -> dict[str, str]:
        """Airflow connection → the account it leads to."""
        return {
            self.settings.marketo_conn_id: f"marketo:{self.marketo.account_id}",
            self.settings.on24_conn_id: f"on24:{self.on24.account_id}",
        }

    def keep_alive(self) -> None:
        """Uses ON24's token, which is disabled after 60 idle days."""
        self.on24.client_info()

    def check(self) -> list[Finding]:
        """Connection, definition and rights test; nothing is written."""
        salesforce = self.settings.profile_url.salesforce_conn_id
        probes = Probes(
            on24=self.on24.client_info,
            marketo=self.marketo.authenticate,
            definition=lambda: read_definition(self.marketo, thorough=True),
            missing_rights=lambda: self.marketo.missing_rights(self.settings.custom_object),
            event=self.on24.event,
            account_type=On24Hook(self.settings.on24_conn_id).account_type,
            salesforce=salesforce_fields(salesforce) if salesforce else None,
        )
        return check(self.settings, probes)


def salesforce_fields(conn_id: str) -> Callable[[str], list[str]]:
    """Describes an sObject over the Airflow connection: its field names. Raises Retriable with one line."""

    def describe(sobject: str) -> list[str]:
        from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
        from airflow.sdk.exceptions import AirflowException
        from requests import RequestException
        from simple_salesforce.exceptions import SalesforceError

        try:
            described = SalesforceHook(salesforce_conn_id=conn_id).describe_object(sobject)
        except (AirflowException, RequestException, SalesforceError) as error:
            raise Retriable(
                f"{type(error).__name__} from connection {conn_id}.", remedy="Test it in Admin > Connections."
            ) from error
        return [field["name"] for field in described["fields"]]

    return describe
