"""What can be switched: see this package's README."""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    "edition": "Plus",
    "ampsea": True,
    "daily_quota": 50_000,
    "account_time_zone": "Asia/Tokyo",
    "time_zone": "Asia/Tokyo",
    "concurrency_limit": 5,
    "page_cap_records": 100_000,
    "page_token_seconds": 14_400,
    "cache_lag_seconds": 0,
    "write_answer": "record",
    "touch_unchanged": False,
    "business_unit_active": True,
    "job_seconds": 60,
    "export_rows_a_file": 100_000,
    # the vendor's own connector
    "connector": "off",
    "connector_tick_seconds": 120,
    "connector_batch": 400,
    "connector_user": None,
    "connector_fields": [],
    "connector_modes": {},
    "connector_hidden_fields": [],
    "connector_match_order": ["Contact", "Lead"],
    "connector_creates": "Lead",
    "connector_creates_prospects": True,
    "connector_follows_email": True,
    "connector_archives": True,
    "connector_blank_overwrites": False,
    "connector_person_accounts": False,
    "connector_sharing_rule": {},
}
