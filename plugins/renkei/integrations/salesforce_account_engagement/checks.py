"""Preflight: what must be so before Renkei is the connector, or watches one. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from renkei.integrations.checks import Finding, Level, probe
from renkei.integrations.salesforce_account_engagement.checks_fields import field_findings
from renkei.integrations.salesforce_account_engagement.names import GUIDE
from renkei.integrations.salesforce_account_engagement.settings import Settings
from renkei.integrations.salesforce_account_engagement.settings_connector import SUBJECTS

Row = Mapping[str, Any]
NATIVE_WORKS = timedelta(hours=1)  # a prospect synced so recently was synced by a running connector
OBJECTS = ("Lead", "Contact", "Account", "Campaign", "User")


@dataclass(frozen=True)
class Probes:
    """What can be asked of the vendors and of the connections; each may raise an error of the tree."""

    salesforce: Callable[[], str]  # proves the token; the org's id
    username: Callable[[], str]  # of the user we act as
    by_key_pair: bool  # whether the sign-in is by JWT bearer
    account: Callable[[], Row]  # of the business unit
    describe: Callable[[str], Row]  # a Salesforce object
    business_units: Callable[[], Sequence[Row]]
    user: Callable[[str], Row | None]  # a Salesforce user by name: Id, IsActive, Profile
    prospect_fields: Callable[[], Sequence[str]]  # what the business unit's prospects have, custom ones too
    engagement_users: Callable[[], Sequence[Row]]
    last_native_sync: Callable[[], datetime | None]  # newest salesforceLastSync among the prospects updated last
    now: Callable[[], datetime]
    paused: bool


def check(settings: Settings, probes: Probes, *, before_unpausing: bool = False) -> list[Finding]:
    """Every named check. ``before_unpausing``: the checklist must be done, not only known."""
    found = [*_declared(settings, before_unpausing=before_unpausing), *_paused(settings, probes)]
    org, trouble = probe("salesforce", "Salesforce", probes.salesforce, _link("connections"))
    found += trouble
    _, trouble = probe("account_engagement", "Account Engagement", probes.account, _link("connections"))
    found += trouble
    if org is None or trouble:
        return found
    for look in (_sign_in, _connectors, _units, _integration_user, _objects, _person_accounts, _users):
        found += _guarded(look, settings, probes)
    return found


def _guarded(
    look: Callable[[Settings, Probes], Iterator[Finding]], settings: Settings, probes: Probes
) -> list[Finding]:
    """The findings of one look, or why it could not be taken."""
    name = look.__name__.strip("_")
    findings, trouble = probe(name, name.replace("_", " "), lambda: list(look(settings, probes)), _link("preflight"))
    return [*(findings or ()), *trouble]


def _link(step: str) -> str:
    return f"{GUIDE}#{step}"


def _finding(name: str, level: Level, line: str, remedy: str = "", step: str = "preflight") -> Finding:
    return Finding(name, level, line, remedy, _link(step))


# what the settings declare


def _declared(settings: Settings, *, before_unpausing: bool) -> Iterator[Finding]:
    connector = settings.connector
    if settings.watcher is None:
        yield _finding(
            "watcher", "error", "Nobody is named who watches the queue and mends errors.",
            "Set watcher.name, with mail_to or slack_conn_id.", "watcher",
        )  # fmt: skip
    elif not (settings.watcher.mail_to or settings.watcher.slack_conn_id):
        yield _finding(
            "watcher", "error", f"{settings.watcher.name} watches, but no notice can reach them.",
            "Set watcher.mail_to or watcher.slack_conn_id.", "watcher",
        )  # fmt: skip
    if settings.mode == "sync" and not settings.fields:
        yield _finding("fields", "error", "No field is kept in step.", "List fields, each with its owner.", "fields")
    else:
        yield _finding("fields", "info", _owners_told(settings), step="fields")
    if connector.version is None:
        yield _finding(
            "version", "warning", "The connector's version is not known; no API tells it.",
            "An Account Engagement Administrator reads it under Account Settings; set connector.version.", "version",
        )  # fmt: skip
    elif connector.version == 1 and settings.sharing.used:
        yield _finding(
            "version", "error", "Marketing Data Sharing needs a connector of version 2.",
            "Take connector.sharing out, or upgrade the connector.", "version",
        )  # fmt: skip
    missing = [name for name in (*SUBJECTS, *(("sharing",) if settings.sharing.used else ())) if name not in
               connector.reviewed]  # fmt: skip
    if missing:
        yield _finding(
            "reviewed", "error" if before_unpausing else "warning",
            f"Not reviewed before unpausing: {', '.join(missing)}.",
            "Go through the checklist, sharing first if it is used, and list what is done in connector.reviewed.",
            "checklist",
        )  # fmt: skip
    if settings.sharing.used and connector.user == "own":
        yield _finding(
            "connector_user", "warning", "With Marketing Data Sharing the integration user is preferred.",
            "Its permissions are set already and it needs no Sales Cloud licence; set connector.user to integration "
            "once it is switched.", "sharing",
        )  # fmt: skip
    if connector.user == "integration" and not settings.sharing.used:
        yield _finding(
            "sharing", "info", "All leads and contacts are synced: the integration user sees every record.",
            "For a part of them set connector.sharing.", "sharing",
        )  # fmt: skip


def _owners_told(settings: Settings) -> str:
    """Which field goes by which behaviour."""
    by_owner: dict[str, list[str]] = {}
    for field in settings.fields:
        by_owner.setdefault(field.owner, []).append(field.account_engagement)
    told = [f"{owner.replace('_', ' ')}: {', '.join(names)}" for owner, names in sorted(by_owner.items())]
    shown = ", ".join(field.account_engagement for field in settings.shown_in_salesforce)
    return f"Owners of fields: {'; '.join(told)}. Shown in Salesforce only: {shown or 'none'}."


def _paused(settings: Settings, probes: Probes) -> Iterator[Finding]:
    if settings.mode == "sync" and probes.paused:
        yield _finding(
            "paused", "warning", "Prospect sync is paused: prospects wait, users and campaigns go on.",
            "Unpause with the DAG account_engagement_unpause.", "unpause",
        )  # fmt: skip
    if settings.mode == "audit" and settings.connector.native == "paused":
        yield _finding(
            "paused", "warning", "The vendor's connector is paused: prospects do not sync by themselves.",
            "Unpause it in Account Engagement, then set connector.native to running.", "unpause",
        )  # fmt: skip


# what the vendors show


def _sign_in(settings: Settings, probes: Probes) -> Iterator[Finding]:
    user = probes.username()
    integration = settings.connector.integration_username
    if integration and user.casefold() == integration.casefold():
        yield _finding(
            "integration_user_login", "error",
            "Renkei signs in as the integration user, through which only Account Engagement may log in.",
            f"Give connection {settings.salesforce_conn_id} a user of its own.", "connections",
        )  # fmt: skip
    if not probes.by_key_pair:
        yield _finding(
            "key_pair", "warning", "The sign-in is not by connected app and key pair (JWT bearer).",
            "Upload a certificate to the connected app and put the private key into the connection.", "key-pair",
        )  # fmt: skip


def _connectors(settings: Settings, probes: Probes) -> Iterator[Finding]:
    """One connector per business unit: ours or the vendor's, never both at work."""
    last, native = probes.last_native_sync(), settings.connector.native
    works = last is not None and probes.now() - last < NATIVE_WORKS
    if settings.mode == "sync" and (native == "running" or works):
        seen = f"; a prospect was synced by it at {last:%Y-%m-%d %H:%M} UTC" if works and last else ""
        yield _finding(
            "one_connector", "error", f"The vendor's own connector is at work{seen}: two would write.",
            "Pause it in Account Engagement before mode: sync, and set connector.native.", "one-connector",
        )  # fmt: skip
    if settings.mode == "audit" and native == "none":
        yield _finding(
            "one_connector", "error", "There is no connector to audit.",
            "Set mode to sync, or connector.native to what Account Engagement shows.", "one-connector",
        )  # fmt: skip
    if settings.mode == "audit" and native == "running" and last is None:
        yield _finding(
            "one_connector", "warning", "The connector is said to run, and no prospect was ever synced.",
            "See the connector's page in Account Engagement.", "one-connector",
        )  # fmt: skip


def _units(settings: Settings, probes: Probes) -> Iterator[Finding]:
    units = max(settings.connector.business_units, len(probes.business_units()))
    if units > 1 and settings.connector.user == "integration" and not settings.sharing.used:
        yield _finding(
            "several_units", "error",
            f"{units} business units share this org, and the integration user syncs every record to each of them.",
            "Use a connector user per unit, or set up Marketing Data Sharing and connector.sharing.", "sharing",
        )  # fmt: skip


def _integration_user(settings: Settings, probes: Probes) -> Iterator[Finding]:
    connector = settings.connector
    if connector.user != "integration":
        return
    if not connector.integration_user_ready:
        yield _finding(
            "integration_user", "error", "A Salesforce admin has not finished the integration user's set-up.",
            "Finish it in Marketing Setup, then set connector.integration_user_ready.", "integration-user",
        )  # fmt: skip
    if not connector.integration_username:
        yield _finding(
            "integration_user", "error", "The integration user's name is not known.",
            "Set connector.integration_username (Setup > Users, profile B2BMA Integration User).", "integration-user",
        )  # fmt: skip
        return
    user = probes.user(connector.integration_username)
    if user is None or not user.get("IsActive"):
        state = "not there" if user is None else "not active"
        yield _finding(
            "integration_user", "error", f"The integration user is {state} in this org.",
            "It is provisioned with the connector; see Setup > Users.", "integration-user",
        )  # fmt: skip


def _objects(settings: Settings, probes: Probes) -> Iterator[Finding]:
    described: dict[str, Row] = {}
    for name in OBJECTS:
        shown, _ = probe("objects", name, partial(probes.describe, name), "")
        if shown is None:
            yield _finding("objects", "error", f"Our Salesforce user cannot read {name}.",
                           "Give its permission set access to the object.", "rights")  # fmt: skip
        else:
            described[name] = shown
    people: dict[str, Row] = {name: described[name] for name in ("Lead", "Contact") if name in described}
    yield from field_findings(settings, people, probes.prospect_fields())


def _person_accounts(settings: Settings, probes: Probes) -> Iterator[Finding]:
    names = {str(field["name"]) for field in probes.describe("Contact").get("fields") or ()}
    there = "IsPersonAccount" in names
    if settings.person_accounts and not there:
        yield _finding(
            "person_accounts", "error", "This org has no person accounts.",
            "Set person_accounts to false, or have Salesforce switch them on.", "person-accounts",
        )  # fmt: skip
    if there and not settings.person_accounts:
        yield _finding(
            "person_accounts", "error" if settings.mode == "sync" else "warning",
            "This org has person accounts: their contacts are taken for ordinary ones, which Salesforce lets nobody "
            "change.", "Set person_accounts to true; to leave them out, set a sharing rule that they do not meet.",
            "person-accounts",
        )  # fmt: skip


def _users(settings: Settings, probes: Probes) -> Iterator[Finding]:
    users = [user for user in probes.engagement_users() if not user.get("isDeleted")]
    unmapped = [str(user["id"]) for user in users if not user.get("salesforceId")]
    if unmapped:
        yield _finding(
            "user_mapping", "warning",
            f"{len(unmapped)} of {len(users)} Account Engagement users have no Salesforce user "
            f"(ids {', '.join(unmapped[:10])}{' …' if len(unmapped) > 10 else ''}).",
            "Map them in Account Engagement; the records of their prospects belong to the connecting user meanwhile.",
            "user-mapping",
        )  # fmt: skip
