"""The set-up guide of Salesforce ⇄ Account Engagement in both languages."""

from __future__ import annotations

import pytest

from renkei.integrations.salesforce_account_engagement.audit import KINDS
from renkei.integrations.salesforce_account_engagement.settings import Settings
from tests.docs import pages

GUIDES = {
    "en": pages.DOCS / "setup/salesforce_account_engagement.md",
    "ja": pages.DOCS / "setup/salesforce_account_engagement.ja.md",
}


def test_both_languages_have_the_same_steps() -> None:
    steps = [pages.anchors(pages.text(path)) for path in GUIDES.values()]
    assert steps[0] == steps[1]
    assert len(steps[0]) == len(set(steps[0])) >= 19


@pytest.mark.req("A24")
@pytest.mark.parametrize("language", sorted(GUIDES))
def test_the_two_models_and_the_user_all_data_flows_through_are_explained(language: str) -> None:
    page = pages.text(GUIDES[language])
    assert "models" in pages.anchors(page) and "#models" in pages.links(page)
    _, _, part = page.partition('<a id="models"></a>')
    part = part.split('<a id="')[0]
    words = {
        "en": ("field-level security", "sharing", "user roles", "through one Salesforce user"),
        "ja": ("項目レベルセキュリティ", "共有", "ユーザーロール", "一人の Salesforce ユーザー"),
    }[language]
    assert all(word in part for word in words)
    assert "#sharing" in pages.links(part)


@pytest.mark.parametrize("language", sorted(GUIDES))
def test_every_setting_and_every_kind_of_finding_is_told(language: str) -> None:
    page = pages.text(GUIDES[language])
    shared = {"salesforce_conn_id", "account_engagement_conn_id", "first", "full_since", "wait_days", "fail_share",
              "push_minutes", "notices", "watcher", "fields", "shown_in_salesforce", "connector"}  # fmt: skip
    for key in set(Settings.model_fields) - shared:
        assert f"`{key}" in page, key
    assert all(f"`{kind}`" in page for kind in KINDS)
