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
        "description": "Keeps Marketo, ON24, KARTE and Mazrica in step.",
        "connection-types": [_marketo(), _on24(), _karte(), _mazrica()],
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


def _secret(label: str, description: str) -> dict[str, Any]:
    found = _text(label, description)
    return {**found, "schema": {**found["schema"], "format": "password"}}


def _text(label: str, description: str) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": ["string", "null"]}}
