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
}
