"""The settings file: defaults, what is refused and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag

from renkei.errors import ConfigurationError
from renkei.integrations.karte_marketo.flows import LEADS
from renkei.integrations.karte_marketo.settings import FLOWS, Settings
from renkei.integrations.settings_base import read_settings
from tests.integrations.karte_marketo.conftest import Pair

ROOT = Path(__file__).resolve().parents[3]
COOKIE_ALONE = {"link_key": "cookie", "scheduled": {"enabled": False}}


def read(tmp_path: Path, **content: Any) -> Settings:
    path = tmp_path / "karte_marketo.yaml"
    path.write_text(yaml.safe_dump(content))
    return read_settings(path, Settings)


def test_the_delivered_file_is_good() -> None:
    settings = read_settings(ROOT / "include/integrations/karte_marketo.yaml", Settings)
    assert all(settings.enabled(flow) for flow in FLOWS)


@pytest.mark.req("K5", "K14")
def test_defaults_link_by_email_every_half_hour(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert (settings.link_key, settings.schedule_of(LEADS)) == ("email", "*/30 * * * *")
    assert settings.scheduled.enabled and settings.realtime.enabled
    assert not settings.users.enabled and not settings.events


def parse(dag_id: str, folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> Any:
    """A DAG of the pair with these settings."""
    (folder / "karte_marketo.yaml").write_text(content)
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(folder))
    return DagBag(ROOT / "dags" / "karte_marketo.py", bundle_name="test").dags[dag_id]


def test_an_inbox_dag_watches_for_its_own_runs(pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would be started once a minute, however fast events arrive."""
    pair.at_once()
    pair.activities_run()
    pair.events_run()
    for dag_id in ("karte_marketo_realtime", "marketo_activity_to_karte", "karte_event_to_marketo"):
        rule = "events: [{event_name: download, activity_type_id: 1, primary: values.x}]\n"
        [asset] = parse(dag_id, tmp_path, monkeypatch, rule).schedule.asset_condition.objects
        flow = asset.watchers[0].trigger.flow
        assert pair.rows("select id from renkei.flow_run where flow = :flow", flow=flow), dag_id


@pytest.mark.parametrize(
    ("dag_id", "content"),
    [
        ("karte_marketo_realtime", "realtime: {enabled: false}\n"),
        ("marketo_activity_to_karte", "activities: {enabled: false}\n"), ("karte_event_to_marketo", "events: []\n"),
    ],
)  # fmt: skip
def test_events_start_nothing_that_nobody_asks_for(
    dag_id: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert parse(dag_id, tmp_path, monkeypatch, content).schedule.expression == "*/10 * * * *"


@pytest.mark.req("K14")
def test_the_schedule_can_be_set_and_the_dag_keeps_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = DagBag(ROOT / "dags", bundle_name="test")
    assert bag.dags["karte_marketo_leads"].schedule.expression == "*/30 * * * *"
    (tmp_path / "karte_marketo.yaml").write_text("schedule: '7 * * * *'\n")
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))
    bag = DagBag(ROOT / "dags" / "karte_marketo.py", bundle_name="test")
    assert bag.dags["karte_marketo_leads"].schedule.expression == "7 * * * *"


@pytest.mark.req("K7")
def test_cookies_are_for_realtime_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"works in realtime only.*scheduled.enabled: false"):
        read(tmp_path, link_key="cookie")
    assert read(tmp_path, **COOKIE_ALONE).realtime.enabled


@pytest.mark.req("K17")
def test_the_scheduled_mode_needs_the_address_in_the_user_tag(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="scheduled needs the e-mail in identify"):
        read(tmp_path, email_in_identify=False)


@pytest.mark.req("K34")
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"users": {"fields": {"title": "identify.marketo"}}}, "circle"),
        (
            {
                "users": {"fields": {"title": "identify.job"}},
                "lead_fields": {"rows": [{"field": "marketo.department", "to": "identify.job"}]},
            },
            "one direction",
        ),
        (
            {
                "users": {"fields": {"title": "identify.job"}},
                "lead_fields": {"rows": [{"field": "marketo.title", "to": "identify.post"}]},
            },
            "written from KARTE",
        ),
        (
            {"events": [{"event_name": "marketo_x", "activity_type_id": 1, "primary": "values.x"}]},
            "made from a Marketo activity",
        ),
    ],
)
def test_nothing_may_be_set_to_go_round(tmp_path: Path, content: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read(tmp_path, **content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"users_from": "table"}, "realtime needs webhooks"),
        ({"lead_target": {"kind": "table"}}, "table_id is missing"),
        ({"lead_fields": {"block": ["title"], "custom": ["title"]}}, "is in block"),
        ({"lead_fields": {"timezone": "Tokyo"}}, "no time zone"),
        ({"lead_fields": {"rows": [{"field": "marketo.x", "to": "identify.user_id"}]}}, "written otherwise"),
        ({"activities": {"event_name": "marketo"}}, r"must hold \{activity\}"),
        ({"activities": {"names": {"x": "view"}}}, "no event name that KARTE takes"),
        ({"activities": {"source": "log"}}, "1 to 10 types"),
        ({"users": {"fields": {"email": "identify.email"}}}, "is the key"),
        ({"purse": {"daily_calls": 10, "reserve": 10}}, "leaves nothing"),
        ({"realtime": {"hours": 12}}, "unknown key"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_key_named(
    tmp_path: Path, content: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        read(tmp_path, **content)
