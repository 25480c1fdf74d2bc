"""What can be switched: see this package's README."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    # who logs in, and how
    "username": "api.user@sandbox.example.com",
    "client_credentials_user": "api.user@sandbox.example.com",
    "scopes": ["api", "refresh_token", "pardot_api"],
    "callback_urls": [],
    "rotate_refresh_tokens": False,
    "secret_for_refresh": True,
    "app_active": True,
    "preauthorized": True,
    "login_ip_allowed": True,
    "token_seconds": 7200,
    # what the edition and the API user allow
    "api_enabled": True,
    "daily_quota": 100_000,
    "per_app_usage": False,
    "hidden_objects": [],
    "hidden_fields": [],
    "read_only_fields": [],
    "hidden_records": [],
    "object_permissions": {},
    "person_accounts": False,
    "owner_fields": ["Id", "Name", "FirstName", "LastName", "Email", "Username", "Alias", "Title", "Type", "IsActive"],
    # how the org behaves
    "time_zone": "Asia/Tokyo",
    "page_cap": 2000,
    "touch_unchanged": True,
    "history_fields": [],
    "duplicate_rules": {},
    "locked_records": [],
    "bulk_seconds": 30,
    "bulk_page_rows": 50_000,
    "recycle_bin_days": 15,
}
