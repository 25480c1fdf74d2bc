"""Renkei's connection types, as Airflow's providers manager asks for them.

Found through the entry point in ``plugins/renkei_provider-0.1.0.dist-info``, without an installation, wherever
``plugins/`` is on ``PYTHONPATH``.
"""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """The provider's manifest: connection forms and the hooks behind their Test buttons."""
    return {
        "package-name": "renkei-provider",
        "name": "Renkei",
        "description": "Keeps Marketo, ON24, KARTE, Mazrica, Salesforce, Account Engagement and immedio in step.",
        "connection-types": [
            _marketo(), _on24(), _karte(), _mazrica(), _salesforce(), _account_engagement(), _immedio(),
        ],
    }


def _marketo() -> dict[str, Any]:
    return {
        "connection-type": "marketo",
        "hook-class-name": "renkei.hooks.marketo.MarketoHook",
        "hook-name": "Marketo",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "Identity URL", "login": "Client ID", "password": "Client secret"},
            "placeholders": {
                "host": "https://123-ABC-456.mktorest.com/identity",
                "login": "of the custom service under Admin > LaunchPoint",
            },
        },
        "conn-fields": {
            "munchkin_id": _text(
                "Munchkin ID", "Only where the Identity URL does not begin with it. Admin > Munchkin: 123-ABC-456."
            ),
            "webhook_secret": _secret(
                "Webhook secret", "Of your own choice: what Marketo's webhook sends in the header X-Webhook-Token."
            ),
            "previous_webhook_secret": _secret(
                "Previous webhook secret", "While the secret is being changed: both are accepted."
            ),
            "munchkin_private_key": _secret(
                "Munchkin API private key", "Only for marketo_hash in KARTE. Admin > Munchkin > API Configuration."
            ),
        },
    }


def _on24() -> dict[str, Any]:
    return {
        "connection-type": "on24",
        "hook-class-name": "renkei.hooks.on24.On24Hook",
        "hook-name": "ON24",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "API host", "login": "Access token key", "password": "Access token secret"},
            "placeholders": {"host": "https://api.on24.com, in Europe https://api.eu.on24.com"},
        },
        "conn-fields": {
            "client_id": _text("Client ID", "The number of the ON24 client account."),
            "account_type": {
                "label": "Account type",
                "description": "As account_kind in on24_marketo.yaml; decides the host where none is given.",
                "schema": {
                    "type": "string",
                    "enum": ["north_america", "europe", "global"],
                    "default": "north_america",
                },
            },
        },
    }


def _mazrica() -> dict[str, Any]:
    return {
        "connection-type": "mazrica",
        "hook-class-name": "renkei.hooks.mazrica.MazricaHook",
        "hook-name": "Mazrica (Senses)",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port"],
            "relabeling": {"host": "API host", "login": "Account name", "password": "API key"},
            "placeholders": {
                "host": "Empty for https://senses-open-api.mazrica.com",
                "login": "any name for this account; never change it",
                "password": "issued in Mazrica's admin screen",
            },
        },
    }


def _karte() -> dict[str, Any]:
    return {
        "connection-type": "karte",
        "hook-class-name": "renkei.hooks.karte.KarteHook",
        "hook-name": "KARTE",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login"],
            "relabeling": {"host": "API host", "password": "Access token"},
            "placeholders": {
                "host": "Empty for https://api.karte.io",
                "password": "of the app of type token under API v2 settings",
            },
        },
        "conn-fields": {
            "project_id": _text("Project ID", "Tells this KARTE project from others; never change it."),
            "client_secret": _secret("Client secret", "Of the same app; KARTE signs webhooks with it."),
            "previous_client_secret": _secret(
                "Previous client secret", "While the secret is being changed: both are accepted."
            ),
        },
    }


def _salesforce() -> dict[str, Any]:
    return {
        "connection-type": "salesforce_oauth",
        "hook-class-name": "renkei.hooks.salesforce.SalesforceHook",
        "hook-name": "Salesforce (OAuth)",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "host", "password"],
            "relabeling": {"login": "Username"},
            "placeholders": {"login": "only with a private key: the user we act as"},
        },
        "conn-fields": {
            "consumer_key": _text("Consumer key", "Of the connected app (or external client app)."),
            "consumer_secret": _secret("Consumer secret", "Of the same app."),
            "sandbox": {
                "label": "Sandbox",
                "description": "A sandbox org: its people sign in at test.salesforce.com.",
                "schema": {"type": ["boolean", "null"], "default": False},
            },
            "domain": _text("My Domain", "acme.my, where the org signs in only there; needed for client credentials."),
            "login_url": _text("Login URL", "Only where it is none of Salesforce's, for instance Renkei's sandbox."),
            "private_key": _secret("Private key", "PEM, for the JWT bearer flow instead of connecting by approval."),
            "client_credentials": {
                "label": "Client credentials",
                "description": "Sign in as the app's run-as user instead of connecting by approval.",
                "schema": {"type": ["boolean", "null"], "default": False},
            },
            "version": _text("API version", "Empty for the one Renkei is tested with."),
        },
    }


def _account_engagement() -> dict[str, Any]:
    return {
        "connection-type": "account_engagement",
        "hook-class-name": "renkei.hooks.account_engagement.AccountEngagementHook",
        "hook-name": "Account Engagement",
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login", "password"],
            "relabeling": {"host": "API host"},
            "placeholders": {"host": "Empty for pi.pardot.com, or pi.demo.pardot.com with a sandbox org"},
        },
        "conn-fields": {
            "business_unit_id": _text("Business unit ID", "0Uv…, under Business Unit Setup."),
            "salesforce_conn_id": _text("Salesforce connection", "The connection that signs in; salesforce_default."),
        },
    }


def _immedio() -> dict[str, Any]:
    return {
        "connection-type": "immedio",
        "hook-class-name": "renkei.hooks.immedio.ImmedioHook",
        "hook-name": "immedio",
        "ui-field-behaviour": {"hidden-fields": ["schema", "port", "host", "login", "password"]},
        "conn-fields": {
            "webhook_secret": _secret("Webhook secret", "immedio sends it in the header X-Webhook-Token."),
            "previous_webhook_secret": _secret(
                "Previous webhook secret", "While the secret is being changed: both are accepted."
            ),
        },
    }


def _secret(label: str, description: str) -> dict[str, Any]:
    found = _text(label, description)
    return {**found, "schema": {**found["schema"], "format": "password"}}


def _text(label: str, description: str) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"]}}
