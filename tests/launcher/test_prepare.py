"""The settings file: references, and the shape Airflow gets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.launcher import prepare
from include.launcher.place import ROOT


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${HOST}", "vendor.example.com"),
        ("${HOST:-other}", "vendor.example.com"),
        ("${NONE:-http://localhost:8901}", "http://localhost:8901"),
        ("${EMPTY:-default}", "default"),
        ("${NONE}", ""),
        ("a ${HOST} b ${NONE:-c}", "a vendor.example.com b c"),
        ("$HOST {HOST}", "$HOST {HOST}"),
    ],
)
def test_references(text: str, expanded: str) -> None:
    assert prepare.expand(text, {"HOST": "vendor.example.com", "EMPTY": ""}) == expanded


def test_a_secret_may_hold_any_character(tmp_path: Path) -> None:
    secret = 'quo"te: {brace} # \\ ${x}'
    file = tmp_path / "settings.yaml"
    file.write_text("""
airflow:
  connections:
    - {conn_id: a, conn_type: http, conn_password: "${SECRET}", conn_extra: '{"key": "${SECRET}", "n": 1}'}
""")
    entry = prepare.read(file, {"SECRET": secret})["connections"][0]
    assert entry["conn_password"] == secret
    made = prepare.connection(lambda **fields: fields, entry)
    assert json.loads(made["extra"]) == {"key": secret, "n": 1}


def test_an_empty_file_has_nothing_to_load(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("airflow:\n")
    assert prepare.read(tmp_path / "settings.yaml", {}) == {"connections": [], "pools": [], "variables": []}


def test_our_own_file_leads_to_the_sandbox_unless_the_environment_says_otherwise() -> None:
    file = ROOT / "airflow_settings.yaml"
    hosts = {c["conn_id"]: c.get("conn_host") for c in prepare.read(file, {})["connections"]}
    assert hosts["marketo_default"] == "http://localhost:8901"
    assert hosts["on24_default"] == "http://localhost:8902"
    real = prepare.read(file, {"MARKETO_BASE_URL": "https://000-aaa-000.example.com"})["connections"]
    assert {c["conn_id"]: c.get("conn_host") for c in real}["marketo_default"] == "https://000-aaa-000.example.com"


def test_the_astro_cli_can_read_our_file() -> None:
    settings = prepare.read(ROOT / "airflow_settings.yaml", {})
    for entry in settings["connections"]:
        assert ("conn_type" in entry) != ("conn_uri" in entry), entry["conn_id"]
    assert all(isinstance(entry["pool_slot"], int) for entry in settings["pools"])
    assert {"marketo", "on24", "bookings"} <= {entry["pool_name"] for entry in settings["pools"]}
