"""The settings file: every switch, and one clear line for whatever is wrong."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.errors import ConfigurationError
from renkei.integrations.immedio_salesforce.record_id import to_18
from renkei.integrations.immedio_salesforce.settings import CAMPAIGN_LAG, Settings, load_settings

CAMPAIGN = "701000000000001AAA"
LIST = "lists: {{enabled: true, business_unit_id: 0Uv000000000001CAA, lists: [{{{}}}]}}"
WHOLE_LIST = "name: A, group: B, meeting_type: C, calendar_url: 'https://c.example.jp'"


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "include" / "integrations" / "immedio_salesforce.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith("include/integrations/immedio_salesforce.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_delivered_file_is_right() -> None:
    settings = load_settings()
    assert settings.actions == ("todo", "campaign")
    assert settings.lists.enabled and settings.fields.enabled


def test_without_any_key_nothing_is_done(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    assert settings.actions == ()
    assert not settings.lists.enabled and not settings.fields.enabled


@pytest.mark.req("R16")
@pytest.mark.parametrize("lag", ["-1", "11", "1.5", "''", "null", "true", "'5'"])
def test_a_lag_that_is_not_0_to_10_whole_minutes_is_refused(tmp_path: Path, lag: str) -> None:
    assert "todo" in refusal(tmp_path, f"todo: {{enabled: true, lag_minutes: {lag}}}")
    assert "lag_minutes is missing" in refusal(tmp_path, "todo: {enabled: true}")


@pytest.mark.req("R16")
@pytest.mark.parametrize("lag", [0, 1, 10])
def test_a_lag_of_0_to_10_minutes_is_taken(tmp_path: Path, lag: int) -> None:
    assert load(tmp_path, f"todo: {{enabled: true, lag_minutes: {lag}}}").todo.lag == timedelta(minutes=lag)


@pytest.mark.req("R26")
@pytest.mark.parametrize("given_id", ["701000000000001", "701000000000001AAA", "7015h000000AbCd", "7015h000000AbCdAAK"])
def test_campaign_ids_of_15_and_18_characters_are_taken(tmp_path: Path, given_id: str) -> None:
    taken = load(tmp_path, f"campaign: {{enabled: true, campaign_id: '{given_id}'}}").campaign.campaign_id
    assert taken is not None and len(taken) == 18 and taken[:15] == given_id[:15]


@pytest.mark.req("R26")
@pytest.mark.parametrize(
    "given_id",
    ["00Q000000000001", "70100000000000", "701000000000001AAB", "701' OR Id != '", "701000000000001AAA OR 1", ""],
)
def test_other_campaign_ids_are_refused(tmp_path: Path, given_id: str) -> None:
    text = f'campaign: {{enabled: true, campaign_id: "{given_id}"}}'
    assert "campaign.campaign_id" in refusal(tmp_path, text)


@pytest.mark.req("R26")
def test_a_campaign_that_is_on_needs_its_id(tmp_path: Path) -> None:
    assert "campaign_id is missing" in refusal(tmp_path, "campaign: {enabled: true}")
    assert load(tmp_path, "campaign: {enabled: false}").actions == ()


@pytest.mark.req("R28")
def test_the_campaigns_lag_is_ten_minutes_and_no_setting(tmp_path: Path) -> None:
    assert timedelta(minutes=10) == CAMPAIGN_LAG
    text = f"campaign: {{enabled: true, campaign_id: {CAMPAIGN}, lag_minutes: 5}}"
    assert "campaign.lag_minutes: unknown key" in refusal(tmp_path, text)


@pytest.mark.req("R32")
@pytest.mark.parametrize("missing", ["name", "group", "meeting_type"])
def test_each_list_needs_name_group_and_meeting_type(tmp_path: Path, missing: str) -> None:
    parts = [part for part in WHOLE_LIST.split(", ") if not part.startswith(f"{missing}:")]
    assert f"{missing}: is missing" in refusal(tmp_path, LIST.format(", ".join(parts)))
    assert load(tmp_path, LIST.format(WHOLE_LIST)).lists.lists[0].group == "B"


@pytest.mark.req("R32")
@pytest.mark.parametrize("unit", ["0Uv00000000001CAA", "0Ux000000000001CAA", "0Uv0000000-0001CAA"])
def test_the_business_unit_id_has_its_shape(tmp_path: Path, unit: str) -> None:
    text = LIST.format(WHOLE_LIST).replace("0Uv000000000001CAA", unit)
    assert "lists.business_unit_id: must be 18 letters and digits" in refusal(tmp_path, text)
    assert "business_unit_id is missing" in refusal(tmp_path, "lists: {enabled: true}")


@pytest.mark.req("R35")
def test_lists_and_the_web_engagement_tag_exclude_each_other(tmp_path: Path) -> None:
    both = f"{LIST.format(WHOLE_LIST)}\nweb_engagement_tag: true"
    assert "lists and web_engagement_tag exclude each other" in refusal(tmp_path, both)
    assert load(tmp_path, "web_engagement_tag: true").web_engagement_tag


@pytest.mark.req("R42")
def test_fields_are_listed_per_object(tmp_path: Path) -> None:
    settings = load(tmp_path, "fields: {enabled: true, lead: [Email, Owner.Email], account: [Name]}")
    assert settings.fields.by_object == {"Lead": ("Email", "Owner.Email"), "Account": ("Name",)}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("search_order: newest", "search_order: input should be 'lead_first' or 'contact_first'"),
        ("fields: {lead: ['Email FROM User']}", "fields.lead: 'Email FROM User' is no API name"),
        ("fields: {lead: [A.B.C.D.E.F.G]}", "is no API name"),
        ("fields: {lead: [Email, email]}", "email is there twice"),
        ("fields: {enabled: true}", "no field is named"),
        ("todo: {timezone: Asia/Osaka}", "Asia/Osaka is no time zone"),
        ("todo: {booking_id_field: Id}", "todo.booking_id_field"),
        ("lists: {refresh: nightly}", "nightly is no cron expression"),
        ("connect: {callback_url: nowhere}", "connect.callback_url"),
        ("salesforce_purse: {daily_calls: 10, reserve: 10}", "salesforce_purse.reserve leaves nothing"),
        ("todoo: {}", "Did you mean todo?"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert line in refusal(tmp_path, text)


@given(st.text(alphabet="abcXYZ019", min_size=15, max_size=15))
def test_an_id_and_its_check_are_one(base: str) -> None:
    whole = to_18(base)
    assert whole is not None and to_18(whole) == whole and to_18(base + whole[15:].lower()) == whole
