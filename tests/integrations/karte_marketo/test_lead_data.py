"""What of a lead arrives at KARTE: fields, conversions, subscription, hash, the reference table."""

from __future__ import annotations

import hashlib
import logging
from typing import Any

import pytest

from renkei.errors import ConfigurationError
from renkei.integrations.karte_marketo.settings import Conversion
from renkei.integrations.karte_marketo.values import Unreadable, convert
from tests.integrations.karte_marketo.conftest import Pair

APRIL = 1711929600  # 2024-04-01 in UTC
EMAIL = "Hanako@example.jp"


def synced(pair: Pair, lead: dict[str, Any], **lead_fields: Any) -> dict[str, Any]:
    """Identify of a user after their lead was synced."""
    pair.lead(EMAIL, **lead)
    pair.identify("u1", email=EMAIL.lower())
    pair.leads_run(lead_fields=lead_fields)
    return pair.identified("u1")


def warnings(pair: Pair) -> list[str]:
    return [text for row in pair.rows("select warnings from renkei.change") for text in row.warnings]


@pytest.mark.req("K26")
def test_all_standard_fields_with_a_value_go_except_those_that_are_blocked(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    pair.add("marketo", "lead_fields", {"name": "secretScore", "dataType": "integer"})
    with caplog.at_level(logging.DEBUG):
        found = synced(
            pair, {"title": "秘密の部長", "city": "東京", "leadScore": 0, "secretScore": 9}, block=["title"]
        )["marketo"]
    assert (found["city"], found["leadScore"]) == ("東京", 0)
    assert {"id", "email", "createdAt", "updatedAt"} <= set(found)
    assert {"title", "secretScore", "cookies", "phone"}.isdisjoint(found)
    assert "title" not in caplog.text and "秘密の部長" not in caplog.text
    tables = pair.rows("select (select json_agg(r) from renkei.source_record r)::text as stored")
    assert "秘密の部長" not in tables[0].stored


@pytest.mark.req("K18")
def test_an_unknown_custom_field_is_left_out_and_told_and_the_others_go(pair: Pair) -> None:
    pair.add("marketo", "lead_fields", {"name": "senses_phase", "dataType": "string"})
    wanted = ["senses_phase", "no_such_field"]
    found = synced(pair, {"senses_phase": "提案"}, custom=wanted)["marketo"]
    assert found["senses_phase"] == "提案"
    told = [str(one) for one in pair.wiring(lead_fields={"custom": wanted}).check()]
    assert any("no_such_field" in line and "docs/setup/karte_marketo.md#lead-fields" in line for line in told)


@pytest.mark.req("K18")
def test_strict_stops_before_anything_is_read(pair: Pair) -> None:
    flow = pair.flow("karte_marketo_leads", lead_fields={"custom": ["no_such_field"], "strict": True})
    with pytest.raises(ConfigurationError, match="no lead field no_such_field"):
        flow.check()
    assert pair.look_ups == 0


@pytest.mark.req("K27")
def test_a_row_carries_a_field_of_its_own_beside_the_lead(pair: Pair) -> None:
    found = synced(pair, {"city": "大阪"}, rows=[{"field": "marketo.city", "to": "identify.home"}])
    assert (found["home"], found["marketo"]["city"]) == ("大阪", "大阪")


@pytest.mark.req("K28")
@pytest.mark.parametrize(
    ("conversion", "value", "wanted"),
    [
        ("date", "2024-04-01", APRIL - 9 * 3600), ("date", "2024-04-01T00:00:00Z", APRIL),
        ("date", "2024-04-01T09:00:00+09:00", APRIL), ("date", "2024/04/01", APRIL - 9 * 3600),
        ("unix_seconds", "1711929600", APRIL), ("unix_millis", "1711929600000", APRIL),
        ("boolean", "true", True), ("boolean", "1", True), ("boolean", "Yes", True), ("boolean", True, True),
        ("boolean", "no", False), ("boolean", "0", False),
    ],
)  # fmt: skip
def test_conversions(conversion: str, value: Any, wanted: Any) -> None:
    assert convert(value, Conversion(conversion), "Asia/Tokyo") == wanted


@pytest.mark.req("K28")
@pytest.mark.parametrize(
    ("conversion", "value"),
    [
        ("date", "soon"), ("unix_seconds", "2024-04-01"), ("unix_millis", "9" * 30), ("boolean", "maybe"),
        ("date", "0001-01-01"), ("date", "9999-12-31T23:59:59-10:00"), ("unix_seconds", "--5"),
        ("unix_millis", "9" * 5000), ("unix_seconds", "١٢"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_no_null(conversion: str, value: str) -> None:
    with pytest.raises(Unreadable):
        convert(value, Conversion(conversion), "Asia/Tokyo")


@pytest.mark.req("K28", "K35")
def test_an_unreadable_value_is_left_out_with_a_warning_and_the_rest_goes(pair: Pair) -> None:
    rows = [
        {"field": "marketo.city", "to": "identify.since", "convert": "date"},
        {"field": "marketo.state", "to": "identify.member", "convert": "boolean"},
    ]
    found = synced(pair, {"city": "soon", "state": "yes"}, rows=rows)
    assert "since" not in found and found["member"] is True
    assert warnings(pair) == ["marketo.city is no date: identify.since was left out"]


@pytest.mark.req("K29")
def test_a_date_field_without_conversion_is_told_beforehand(pair: Pair) -> None:
    rows = [{"field": "marketo.dateOfBirth", "to": "identify.birthday"}]
    told = {one.name: str(one) for one in pair.wiring(lead_fields={"rows": rows}).check()}
    assert "marketo.dateOfBirth is a date in Marketo" in told["date_without_conversion"]
    rows[0]["convert"] = "date"
    assert "date_without_conversion" not in {one.name for one in pair.wiring(lead_fields={"rows": rows}).check()}


@pytest.mark.req("K30")
@pytest.mark.parametrize(
    ("lead", "subscribed"),
    [({}, True), ({"unsubscribed": True}, None), ({"emailInvalid": True}, None), ({"unsubscribed": False}, True)],
)
def test_the_subscription_is_set_with_the_field_and_never_against_the_persons_will(
    pair: Pair, lead: dict[str, Any], subscribed: bool | None
) -> None:
    rows = [{"field": "marketo.email", "to": "identify.mail", "subscribe": True}]
    found = synced(pair, lead, rows=rows)
    assert found["mail"] == EMAIL
    assert found.get("subscription") is subscribed


@pytest.mark.req("K12", "K13")
def test_the_hash_is_of_key_and_the_leads_own_address_and_nothing_needs_it(pair: Pair) -> None:
    found = synced(pair, {})
    assert "marketo_hash" not in found
    pair.private_key = "private"
    pair.run("karte_marketo_leads", {"replan": True})
    assert pair.identified("u1")["marketo_hash"] == hashlib.sha1(b"private" + EMAIL.encode()).hexdigest()
    assert "private" not in str(pair.rows("select change::text from renkei.change"))


def test_a_reference_table_holds_what_fits_and_every_cut_is_told(pair: Pair) -> None:
    columns = ["user_id", "marketo_id", "marketo_company", "home", "marketo__karte_last_sync_date"]
    pair.add("karte", "ref_tables", {"id": "t1", "name": "Marketo", "key": "user_id", "columns": columns})
    target = {"kind": "table", "table_id": "t1", "columns": columns[1:]}
    pair.lead(EMAIL, company="あ" * 80, address="い" * 100)
    pair.identify("u1", email=EMAIL)
    rows = [{"field": "marketo.address", "to": "identify.home"}]
    wanted = {"lead_target": target, "lead_fields": {"rows": rows}}
    pair.leads_run(**wanted)
    [row] = pair._objects("karte", "ref_tables").list()[0]["rows"]
    assert (row["user_id"], row["marketo_company"], len(row["home"])) == ("u1", "あ" * 80, 85)
    assert row["marketo__karte_last_sync_date"] == int(pair.clock.now().timestamp())
    told = warnings(pair)
    assert any(text.startswith("no column for ") and "marketo_email" in text for text in told)
    assert "home is longer than 256 bytes and was cut" in told
    assert any(one.name == "columns_left_out" for one in pair.wiring(**wanted).check())
