"""Integrations by name; a broken file is its own integration's trouble only."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations import registry
from renkei.integrations.ownership import Claim
from renkei.integrations.registry import Entry
from renkei.integrations.settings_base import IntegrationSettings


class OtherSettings(IntegrationSettings):
    field: str = "pEPURL__c"

    def claims(self):
        yield Claim("marketo_default", "lead", self.field, "other")


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = ModuleType("other_integration.settings")
    settings.Settings = OtherSettings  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "other_integration", ModuleType("other_integration"))
    monkeypatch.setitem(sys.modules, "other_integration.settings", settings)
    monkeypatch.setattr(registry, "ENTRIES", (*registry.ENTRIES, Entry("other", "other_integration")))
    monkeypatch.setenv("RENKEI_SETTINGS_DIR", str(tmp_path))
    (tmp_path / "on24_marketo.yaml").write_text("profile_url: {enabled: true}")
    (tmp_path / "other.yaml").write_text("field: score")
    return tmp_path


def test_broken_yaml_of_one_leaves_the_other_running(two: Path) -> None:
    (two / "on24_marketo.yaml").write_text("fields: [")
    assert registry.available() == ("on24_marketo", "other")
    with pytest.raises(ConfigurationError, match="not YAML"):
        registry.load("on24_marketo")
    assert registry.load("other").schedule


def test_the_later_integration_is_refused_a_field_that_is_owned(two: Path) -> None:
    (two / "other.yaml").write_text("field: pEPURL__c")
    assert registry.load("on24_marketo")
    with pytest.raises(ConfigurationError, match="already updated by on24_marketo"):
        registry.load("other")


def test_an_integration_without_file_is_not_available(two: Path) -> None:
    (two / "other.yaml").unlink()
    assert registry.available() == ("on24_marketo",)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        registry.load("other")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="There is no integration salesforce"):
        registry.load("salesforce")
