"""The set-up guides tell what is so: links, fields, settings, in both languages."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import Any, get_args

import pytest
from pydantic import BaseModel

import renkei
from renkei.integrations.on24_marketo.settings import DEFAULT_FIELDS, Settings
from renkei.notifiers.modes import Mode
from tests.docs import pages
from tests.docs.field_table import GUIDES, marked, tables

LANGUAGES = sorted(GUIDES)
PER_HEADINGS = {"en": "### 17. Settings, key by key", "ja": "### 17. 設定（キーごとの説明）"}
LINK = re.compile(r"docs/[\w./-]+\.md(?:#[\w-]+)?")


def guide(language: str) -> str:
    return pages.text(GUIDES[language])


def links_in_code() -> set[str]:
    """Every link into docs/ that a module of ours holds, put together or written out."""
    found = set()
    for module in pkgutil.walk_packages(renkei.__path__, "renkei."):
        if module.name.startswith("renkei.integrations."):
            held = vars(importlib.import_module(module.name)).values()
            found |= {value for value in held if isinstance(value, str) and LINK.fullmatch(value)}
    written = " ".join(pages.messages())
    return found | set(LINK.findall(written))


def test_findings_link_to_steps() -> None:
    assert {link.partition("#")[2] for link in links_in_code()} >= {
        "custom-object", "key-fields", "fields", "approve", "person-fields", "on24-token", "marketo-service",
        "marketo-role", "salesforce-field",
    }  # fmt: skip


@pytest.mark.parametrize("link", sorted(links_in_code()))
def test_every_link_of_the_code_is_there_in_both_languages(link: str) -> None:
    path, _, anchor = link.partition("#")
    for name in (path, path.replace(".md", ".ja.md")):
        page = pages.text(pages.ROOT / name)
        assert not anchor or anchor in pages.anchors(page), name


def test_both_languages_have_the_same_steps() -> None:
    steps = [pages.anchors(guide(language)) for language in LANGUAGES]
    assert steps[0] == steps[1]
    assert len(steps[0]) == len(set(steps[0])) >= 20


@pytest.mark.parametrize("path", pages.PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Any) -> None:
    for link in pages.links(pages.text(path)):
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            page = pages.text(target)
            assert anchor in {*pages.anchors(page), *pages.heading_anchors(page)}, link


@pytest.mark.req("O8", "O9")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_field_tables_are_those_of_catalogue_and_settings(language: str) -> None:
    for marker, table in tables(language).items():
        assert marked(guide(language), marker) == table, "python -m tests.docs.field_table"


def keys_of(model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
    """Dotted keys with their defaults."""
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= keys_of(inner, f"{prefix}{name}.")
        else:
            found[prefix + name] = field.get_default(call_default_factory=True)
    return found


def as_yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' if isinstance(item, str) else str(item) for item in value) + "]"
    return str(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_settings_key_is_told_with_its_default(language: str) -> None:
    part = pages.section(guide(language), PER_HEADINGS[language])
    told = {pages.code(row[0])[0]: row[1] for row in pages.rows(part) if len(row) == 3}
    known = keys_of(Settings)
    assert set(told) == set(known)
    for key, default in known.items():
        if default is None:
            assert told[key] == "–", key
        elif default == DEFAULT_FIELDS:
            assert str(len(DEFAULT_FIELDS)) in told[key], key
        else:
            assert told[key] == f"`{as_yaml(default)}`", key


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_four_modes_of_notices_are_told(language: str) -> None:
    _, _, part = guide(language).partition('<a id="notices"></a>')
    assert [pages.code(row[0])[0] for row in pages.rows(part)] == list(get_args(Mode))


def test_every_page_is_there_in_both_languages() -> None:
    names = {str(path.relative_to(pages.DOCS)) for path in pages.DOCS.rglob("*.md")}
    assert {name.replace(".ja.md", ".md") for name in names} == {name for name in names if ".ja." not in name}
    assert len(names) == 2 * len({name.replace(".ja.md", ".md") for name in names})
