"""The tag's calls and its keys: who is shown a modal, who may ask, and what cannot be found out."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from renkei.store import api_keys
from renkei.store.suppression import subject_of
from renkei.web.site.limits import Limits
from renkei.web.site.offers import FromFile
from renkei.web.site.visits import Visits
from tests.web.site_world import ORIGIN, PRIORITY, SEMINAR, SITE, VISITOR, SiteWorld, world

__all__ = ["world"]

HANAKO = "hanako@example.jp"


@pytest.mark.req("R33")
def test_the_first_list_from_the_top_wins_and_its_settings_apply(world: SiteWorld) -> None:
    third = replace(SEMINAR, list="全員", group="代表")
    world.site = replace(SITE, offers=(PRIORITY, SEMINAR, third))
    for offer in (SEMINAR, third):
        world.put_list(offer, [HANAKO])
    world.convert(HANAKO)
    modal = world.tag("visits").json()["modal"]
    assert (modal["group"], modal["meeting_type"], modal["calendar_url"]) == (
        SEMINAR.group, SEMINAR.meeting_type, SEMINAR.calendar_url,
    )  # fmt: skip
    world.site = replace(SITE, offers=(PRIORITY, third, SEMINAR))
    assert world.shown() == "代表"


@pytest.mark.req("R34", "R55")
def test_a_modal_needs_a_place_in_a_list_and_an_earlier_form_in_this_browser(world: SiteWorld) -> None:
    world.put_list(PRIORITY, [HANAKO])
    assert world.shown() is None  # a member, and a mere visit
    world.convert("nobody@example.jp")
    assert world.shown() is None  # a form, and no member
    world.convert(" HANAKO@Example.jp ")
    assert world.shown() == PRIORITY.group
    assert world.shown(visitor="w" * 32) is None  # another device
    assert world.rows("select email, form, page from renkei.conversion order by id") == [
        ("nobody@example.jp", "contact", "www.example.jp/contact"),
        (HANAKO, "contact", "www.example.jp/contact"),
    ]


def test_half_a_surrogate_pair_is_refused_or_left_out(world: SiteWorld) -> None:
    half = "\ud800"
    assert world.tag("conversions", email=f"{half}a@example.jp").status_code == 400
    assert world.tag("conversions", email=HANAKO, form=f"お客様{half}", page=f"{ORIGIN}/{half}").status_code == 204
    assert world.rows("select form, page from renkei.conversion") == [("お客様", "www.example.jp/")]
    assert world.tag("visits", key=half).status_code == 401
    assert [world.read(call, email=f"{half}@example.jp").status_code for call in ("fields", "explain")] == [400, 400]


@pytest.mark.req("R55")
def test_a_form_sent_again_is_one_conversion_and_the_last_one_counts(world: SiteWorld) -> None:
    world.put_list(PRIORITY, [HANAKO])
    for email in (HANAKO, "taro@example.jp", HANAKO, HANAKO):
        world.convert(email)
    assert world.rows("select count(*) from renkei.conversion") == [(2,)]
    assert world.shown() == PRIORITY.group


@pytest.mark.req("R38")
def test_only_what_the_last_refresh_found_counts(world: SiteWorld) -> None:
    world.put_list(PRIORITY, ["taro@example.jp"])
    world.convert(HANAKO)
    assert world.shown() is None
    world.put_list(PRIORITY, ["taro@example.jp", HANAKO])
    assert world.shown() == PRIORITY.group


@pytest.mark.req("R53")
def test_a_key_is_needed_and_two_are_valid_side_by_side(world: SiteWorld) -> None:
    first, second = world.key("tag"), api_keys.issue(world.store, "second", "tag")
    for key in (None, "", "rk_tag_wrong", "x" * 10_000, 7, world.key("read")[:-1]):
        assert world.tag("visits", key=key).status_code == 401
    assert world.tag("visits", key=world.key("read")).status_code == 403
    assert [world.tag("visits", key=key).status_code for key in (first, second)] == [200, 200]
    api_keys.revoke(world.store, "first tag")
    assert [world.tag("visits", key=key).status_code for key in (first, second)] == [401, 200]
    kept = world.rows("select digest from renkei.api_key")
    assert first not in str(kept) and second not in str(kept)


@pytest.mark.req("R53")
def test_the_command_issues_lists_and_revokes(
    store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RENKEI_DB_URL", store_url)
    assert api_keys.main(["list"]) == 0 and "No key" in capsys.readouterr().out
    assert api_keys.main(["issue", "www.example.jp", "--scope", "tag"]) == 0
    key = capsys.readouterr().out.strip()
    assert key.startswith("rk_tag_") and len(key) > 40
    assert api_keys.main(["issue", "www.example.jp", "--scope", "tag"]) == 1
    assert "was issued before" in capsys.readouterr().err
    assert api_keys.main(["revoke", "www.example.jp"]) == 0
    assert api_keys.main(["revoke", "www.example.jp"]) == 1
    assert api_keys.main(["list"]) == 0
    listed = capsys.readouterr().out
    assert "www.example.jp  tag  issued" in listed and "revoked" in listed and key not in listed


@pytest.mark.parametrize("origin", [None, "https://evil.example.com", f"{ORIGIN}.evil.example.com", "null"])
def test_only_configured_sites_may_call(world: SiteWorld, origin: str | None) -> None:
    answer = world.tag("conversions", origin=origin, email=HANAKO)
    assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
    asked = world.client.options("/tag/v1/visits", headers={"Origin": origin} if origin else {})
    assert asked.status_code == 403
    assert world.rows("select count(*) from renkei.conversion") == [(0,)]


def test_a_configured_site_gets_its_own_origin_back(world: SiteWorld) -> None:
    assert world.tag("visits").headers["access-control-allow-origin"] == ORIGIN
    assert world.tag("visits", key="wrong").headers["access-control-allow-origin"] == ORIGIN
    asked = world.client.options("/tag/v1/visits", headers={"Origin": ORIGIN})
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, ORIGIN)


def test_an_address_cannot_be_probed(world: SiteWorld) -> None:
    """Whoever asks names a browser, never an address; what a form is answered says nothing; and both are rationed."""
    world.put_list(PRIORITY, [HANAKO])
    assert not world.tag("visits", visitor="u" * 32, email=HANAKO).json()["show"]
    known, unknown = (world.tag("conversions", email=email) for email in (HANAKO, "nobody@example.jp"))
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (204, b"")
    codes = [world.tag("conversions", email=HANAKO).status_code for _ in range(SITE.conversions_per_minute)]
    assert codes[-3:] == [204, 429, 429]
    assert world.tag("conversions", email=HANAKO, key="wrong").status_code == 429


def test_the_read_api_is_rationed_by_key(world: SiteWorld) -> None:
    world.site = replace(SITE, reads_per_minute=2)
    assert [world.read("fields", email=HANAKO).status_code for _ in range(3)] == [200, 200, 429]


def test_limits_count_a_sliding_minute_and_forget_the_oldest_caller() -> None:
    now = [0.0]
    limits = Limits(lambda: now[0])
    for _ in range(2):
        limits.take("visits", "a", 2)
    with pytest.raises(Exception, match="too_often"):
        limits.take("visits", "a", 2)
    limits.take("visits", "b", 2)
    limits.take("conversions", "a", 2)
    now[0] = 60.0
    limits.take("visits", "a", 2)


@pytest.mark.parametrize(
    "body",
    [
        {"visitor": "short"}, {"visitor": None}, {"visitor": "v' or true --" + "x" * 20}, {"email": "no address"},
        {"email": "a@b\0c"}, {"email": "x" * 300 + "@example.jp"}, {"email": ["a@example.jp"]}, {"form": 7},
        {"page": "http://[::1"},
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_by_name(world: SiteWorld, body: dict[str, object]) -> None:
    answer = world.tag("conversions", **({"email": HANAKO} | body))
    assert answer.status_code == 400 and next(iter(body)) in answer.json()["error"]
    assert world.rows("select count(*) from renkei.conversion") == [(0,)]


def test_addresses_that_look_like_sql_are_only_text(world: SiteWorld) -> None:
    odd = "x'||(select/**/pg_sleep(9))||'@example.jp"
    world.convert(odd, page=f"{ORIGIN}/?q=secret#x")
    world.put_list(PRIORITY, [odd])
    assert world.shown() == PRIORITY.group
    assert world.rows("select page from renkei.conversion") == [("www.example.jp/",)]


def test_a_forgotten_person_converts_in_vain(world: SiteWorld) -> None:
    suppression = world.client.app.state.suppression  # type: ignore[attr-defined]
    with world.store.begin() as connection:
        suppression.add(connection, subject_of(HANAKO), "asked for")
    world.convert(HANAKO)
    assert world.rows("select count(*) from renkei.conversion") == [(0,)]


def test_while_lists_are_off_or_salesforce_is_disconnected_nothing_is_shown(world: SiteWorld) -> None:
    world.put_list(PRIORITY, [HANAKO])
    world.convert(HANAKO)
    world.site = replace(SITE, enabled=False)
    assert world.shown() is None
    world.site = SITE
    world.execute("insert into renkei.integration_state (integration, connected) values ('immedio_salesforce', false)")
    assert world.shown() is None
    assert world.rows("select outcome, visits from renkei.visit") == [("off", 2)]
    world.execute("update renkei.integration_state set connected = true")
    assert world.shown() == PRIORITY.group


@pytest.mark.req("R57")
def test_why_there_is_no_modal_is_answered_by_one_look(world: SiteWorld) -> None:
    def cause(**more: str) -> str | None:
        answer = world.read("explain", email="Hanako@example.jp", **more).json()
        assert answer["meaning"]
        found: str | None = answer["cause"]
        return found

    assert cause() == "no_conversion"
    world.convert(HANAKO)
    assert cause() == "no_membership"
    world.put_list(PRIORITY, [HANAKO])
    assert cause() == "no_tag"
    assert world.shown(page=f"{ORIGIN}/price") == PRIORITY.group
    assert cause() is None and cause(page=f"{ORIGIN}/price") is None
    assert cause(page=f"{ORIGIN}/without-the-tag") == "no_tag"
    answer = world.read("explain", email=HANAKO).json()
    assert answer["lists"] == [PRIORITY.list] and answer["conversions"][0]["form"] == "contact"
    assert answer["visits"][0] | {"last_at": ""} == {
        "page": "www.example.jp/price", "visits": 1, "outcome": "shown", "list": PRIORITY.list, "last_at": "",
    }  # fmt: skip
    world.site = replace(SITE, enabled=False)
    assert cause() == "off"


def test_addresses_and_keys_are_in_no_log_line(world: SiteWorld, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world.convert(HANAKO)
        world.tag("visits", key="rk_tag_secret")
        world.tag("conversions", email=HANAKO, visitor="bad")
        world.read("fields", key="rk_read_secret", email=HANAKO)
    logged = caplog.text
    assert "refused with 401" in logged
    assert not any(word in logged for word in (HANAKO, VISITOR, world.key("tag"), "rk_tag_secret", "rk_read_secret"))


def test_the_script_is_served_and_kept_by_browsers(world: SiteWorld) -> None:
    answer = world.client.get("/tag/v1/tag.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    again = world.client.get("/tag/v1/tag.js", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_settings_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path, now = tmp_path / "immedio_salesforce.yaml", [0.0]
    site = FromFile(path, lambda: now[0])
    assert not site().enabled
    one = {"name": "A", "group": "B", "meeting_type": "C", "calendar_url": "https://c.example.jp"}
    wanted = {"enabled": True, "business_unit_id": "0Uv000000000001CAA", "lists": [one]}
    wanted["sites"] = ["https://WWW.example.jp"]
    for written, enabled, names in (
        ({"lists": wanted}, True, ["A"]),
        ({"lists": {"enabled": "perhaps"}}, True, ["A"]),  # broken: the last good one stays
        ({"lists": wanted | {"lists": [one | {"name": "Z", "id": 7}]}}, True, ["Z (7)"]),
        ({}, False, []),
    ):
        path.write_text(json.dumps(written))
        now[0] += 10
        assert (site().enabled, [offer.list for offer in site().offers]) == (enabled, names)
    assert site().origins == frozenset()


@pytest.mark.req("R56")
def test_synced_fields_by_address_or_domain(world: SiteWorld) -> None:
    world.execute("""insert into renkei.crm_record (object, record_id, account, email, domain, parent_id, modified_at,
                                                    fields) values
        ('Lead', '00Q1', 'salesforce:00D', :mail, null, null, '2026-01-01', '{"Company": "古い"}'),
        ('Lead', '00Q2', 'salesforce:00D', :mail, null, null, '2026-02-01', '{"Company": "甲社", "Owner.Email": null}'),
        ('Contact', '0031', 'salesforce:00D', :mail, null, '0011', null, '{"Account.Name": "乙社"}'),
        ('Account', '0011', 'salesforce:00D', null, 'otsu.example.jp', null, null, '{"Name": "乙社"}'),
        ('Account', '0012', 'salesforce:00D', null, 'hei.example.jp', null, '2026-01-01', '{"Name": "丙社"}'),
        ('Account', '0013', 'salesforce:00D', null, 'hei.example.jp', null, '2026-01-01', '{"Name": "丙社 2"}')
    """, mail=HANAKO)  # fmt: skip
    world.execute("""insert into renkei.cache_state (flow, account, feed, refreshed_at)
                     values ('immedio_field_sync', 'salesforce:00D', 'salesforce.Lead', '2026-03-01T00:00Z')""")
    answer = world.read("fields", email=" Hanako@EXAMPLE.jp ").json()
    assert answer == {
        "records": {
            "Lead": {"Id": "00Q2", "Company": "甲社", "Owner.Email": None},
            "Contact": {"Id": "0031", "Account.Name": "乙社"},
            "Account": {"Id": "0011", "Name": "乙社"},
        },
        "refreshed_at": {"Lead": "2026-03-01T00:00:00+00:00"},
    }
    for domain in ("hei.example.jp", "https://WWW.hei.example.jp/about"):
        assert world.read("fields", domain=domain).json()["records"] == {"Account": {"Id": "0013", "Name": "丙社 2"}}
    assert world.read("fields", email="nobody@example.jp").json()["records"] == {}
    assert world.read("fields", domain="nobody.example.jp").json()["records"] == {}
    for bad in ({}, {"email": HANAKO, "domain": "a.jp"}, {"email": "x"}, {"domain": "-"}, {"domain": 7}):
        assert world.read("fields", **bad).status_code == 400


@pytest.mark.req("R53", "R56")
@pytest.mark.parametrize("call", ["fields", "explain"])
def test_the_read_api_needs_a_key_of_its_own(world: SiteWorld, call: str) -> None:
    assert world.client.post(f"/api/v1/{call}", json={"email": HANAKO}).status_code == 401
    assert world.read(call, key="wrong", email=HANAKO).status_code == 401
    assert world.read(call, key=world.key("tag"), email=HANAKO).status_code == 403
    by_header = {"X-Api-Key": world.key("read")}
    assert world.client.post(f"/api/v1/{call}", json={"email": HANAKO}, headers=by_header).status_code == 200


def test_visits_are_counted_also_when_the_database_was_away(world: SiteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    visits = Visits(world.store)
    world.convert(HANAKO)
    for outcome in ("no_membership", "shown"):
        visits.note(VISITOR, "/price", outcome, None)
    visits.note("forgotten" * 4, "/price", "shown", None)  # nobody converted in that browser (any more)
    with monkeypatch.context() as away:
        away.setattr("renkei.web.site.visits.note_visits", _away)
        visits.flush()
    visits.note(VISITOR, "/price", "off", None)
    visits.flush()
    visits.flush()
    assert world.rows("select visitor, page, outcome, visits from renkei.visit") == [(VISITOR, "/price", "off", 3)]


def _away(connection: object, seen: object) -> None:
    raise OperationalError("", {}, Exception())
