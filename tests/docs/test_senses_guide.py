"""The Senses guide tells what is so: steps, fields, settings, in both languages."""

from __future__ import annotations

import pytest

from renkei.integrations.senses_marketo.settings import Settings
from tests.docs import pages
from tests.docs.senses_fields import MAPPINGS, table
from tests.docs.test_setup_guides import as_yaml, keys_of

GUIDES = {
    "en": pages.DOCS / "setup" / "senses_marketo.md",
    "ja": pages.DOCS / "setup" / "senses_marketo.ja.md",
}
SETTINGS = {"en": "### 11. Settings, key by key", "ja": "### 11. 設定（キーごとの説明）"}


def test_both_languages_have_the_same_steps() -> None:
    steps = [pages.anchors(pages.text(path)) for path in GUIDES.values()]
    assert steps[0] == steps[1]
    assert len(steps[0]) == len(set(steps[0])) == 14


@pytest.mark.parametrize("language", GUIDES)
@pytest.mark.parametrize("direction", MAPPINGS)
def test_the_field_tables_are_those_of_the_delivered_file(language: str, direction: str) -> None:
    _, _, below = pages.text(GUIDES[language]).partition(f"<!-- fields: {direction} -->\n\n")
    assert below.startswith(f"{table(direction, language)}\n\n")


@pytest.mark.parametrize("language", GUIDES)
def test_every_settings_key_is_told_with_its_default(language: str) -> None:
    part = pages.section(pages.text(GUIDES[language]), SETTINGS[language])
    told = {pages.code(row[0])[0]: row[1] for row in pages.rows(part) if len(row) == 3}
    known = {key: "–" if value is None else f"`{as_yaml(value)}`" for key, value in keys_of(Settings).items()}
    assert told == known
