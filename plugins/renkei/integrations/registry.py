"""All integrations by name. A settings file that is broken stops its own integration, never another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from renkei.errors import ConfigurationError
from renkei.integrations.ownership import Claim, refuse_second_owner
from renkei.integrations.paths import settings_dir
from renkei.integrations.settings_base import IntegrationSettings, read_settings


@dataclass(frozen=True)
class Entry:
    """An integration: ``package`` holds ``settings`` (class ``Settings``); ``flows`` names what it runs, where that is
    more than the one flow of its own name."""

    name: str
    package: str
    flows: tuple[str, ...] = ()

    @property
    def flow_names(self) -> tuple[str, ...]:
        return self.flows or (self.name,)

    @property
    def path(self) -> Path:
        return settings_dir() / f"{self.name}.yaml"

    def module(self, part: str) -> ModuleType:
        """One of the package's modules; imported only now, so that a DAG file loads its own integration only."""
        return import_module(f"{self.package}.{part}")

    def settings(self) -> IntegrationSettings:
        """Raises ConfigurationError: one line with file, key and remedy."""
        model: type[IntegrationSettings] = self.module("settings").Settings
        return read_settings(self.path, model)


# In this order fields are owned: where two want the same one, the later integration is refused.
ENTRIES = (
    Entry("on24_marketo", "renkei.integrations.on24_marketo"),
    Entry(
        "senses_marketo",
        "renkei.integrations.senses_marketo",
        flows=("marketo_to_senses", "senses_to_marketo", "senses_action_kind", "senses_deal_phase"),
    ),
    Entry(
        "immedio_salesforce",
        "renkei.integrations.immedio_salesforce",
        flows=(
            "immedio_bookings",
            "immedio_list_cache",
            "immedio_field_sync",
        ),
    ),
    Entry(
        "salesforce_account_engagement",
        "renkei.integrations.salesforce_account_engagement",
        flows=("salesforce_account_engagement", "account_engagement_audit"),
    ),
    Entry(
        "karte_marketo",
        "renkei.integrations.karte_marketo",
        flows=(
            "karte_marketo_leads",
            "karte_marketo_realtime",
            "marketo_activity_to_karte",
            "karte_user_to_marketo",
            "karte_event_to_marketo",
        ),
    ),
)


def available() -> tuple[str, ...]:
    """Names of the integrations whose settings file is there, broken or not."""
    return tuple(entry.name for entry in ENTRIES if entry.path.exists())


def entry(name: str) -> Entry:
    """Raises ConfigurationError for a name that is none."""
    for known in ENTRIES:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in ENTRIES)
    raise ConfigurationError(f"There is no integration {name}.", remedy=f"Choose one of: {names}.")


def integration_of(flow: str) -> str:
    """The integration a flow belongs to. Raises ConfigurationError for a name that is none."""
    for known in ENTRIES:
        if flow in known.flow_names:
            return known.name
    names = ", ".join(name for known in ENTRIES for name in known.flow_names)
    raise ConfigurationError(f"There is no flow {flow}.", remedy=f"Choose one of: {names}.")


def load(name: str) -> IntegrationSettings:
    """The checked settings of one integration, once its fields are nobody else's.

    Raises ConfigurationError, one line. Broken files of other integrations are passed over.
    """
    wanted = entry(name)
    settings = wanted.settings()
    refuse_second_owner([*_claims_before(wanted), *settings.claims()])
    return settings


def _claims_before(wanted: Entry) -> Iterator[Claim]:
    for known in ENTRIES:
        if known == wanted:
            return
        if known.path.exists():
            yield from _claims(known)


def _claims(known: Entry) -> list[Claim]:
    try:
        return list(known.settings().claims())
    except ConfigurationError:
        return []  # its own load says so
