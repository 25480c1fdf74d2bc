"""renkei_check of the pair, the projection of calls, and a run that nobody set up."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from renkei.errors import ConfigurationError
from renkei.hooks.marketo import MarketoHook
from renkei.integrations.karte_marketo.projection import Volume, project
from renkei.integrations.karte_marketo.settings import LEADS, REALTIME, Settings
from renkei.operators.wiring import karte_marketo
from tests.docs import pages
from tests.integrations.karte_marketo.conftest import RULE, TYPE, Pair

GUIDES = [pages.ROOT / "docs/setup" / name for name in ("karte_marketo.md", "karte_marketo.ja.md")]


def names(pair: Pair, **changes: Any) -> dict[str, str]:
    return {one.name: str(one) for one in pair.wiring(**changes).check()}


def test_a_good_set_up_is_told_so(typed: Pair) -> None:
    assert names(typed, events=[RULE]) == {"successful": "Successful Connection"}


@pytest.mark.req("K9")
@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (["Read-Only Person", "Read-Write Activity", "Read-Only Activity Metadata"], "Read-Write Person"),
        (["Read-Write Person", "Read-Only Activity Metadata"], "Read-Write Activity"),
        (["Read-Write Person", "Read-Write Activity"], "Read-Only Activity Metadata"),
    ],
)
def test_a_gap_in_the_role_is_named_with_its_step(typed: Pair, rights: list[str], missing: str) -> None:
    typed.marketo_world.configure({"rights": rights})
    told = [str(one) for one in typed.wiring(events=[RULE]).check() if one.name == "right_missing"]
    assert any(missing in line and "603" in line and "#marketo-role" in line for line in told)
    assert typed.leads() == {} and typed.activities() == []


@pytest.mark.req("K38")
def test_a_type_that_is_not_ready_is_found_beforehand(pair: Pair) -> None:
    assert "no custom activity type 100001" in names(pair, events=[RULE])["activity_type"]
    pair.add("marketo", "activity_types", TYPE | {"status": "draft"})
    assert "is a draft" in names(pair, events=[RULE])["activity_type"]


def test_wrong_credentials_are_told_for_each_side(pair: Pair) -> None:
    pair.karte_world.configure({"token_state": "revoked"})
    assert "#karte-app" in names(pair)["karte_connection"]


@pytest.mark.req("K8")
def test_a_projection_beyond_the_quota_is_a_warning_before_the_run(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(30):
        pair.identify(f"u{number}", email=f"p{number}@example.jp")
    small = {"purse": {"daily_calls": 20, "reserve": 2}}
    assert "quota" not in names(pair)
    assert "of 18" in names(pair, **small)["quota"]
    with caplog.at_level(logging.WARNING):
        pair.flow(REALTIME, **small).check()
    assert pair.look_ups == 0
    [line] = [record.getMessage() for record in caplog.records if "Marketo calls a day" in record.getMessage()]
    assert "karte_marketo_realtime 30" in line and "Link by e-mail on schedule" in line


@pytest.mark.req("K8")
def test_the_run_stops_at_the_reserve(pair: Pair) -> None:
    for number in range(2):
        pair.lead(f"p{number}@example.jp")
        pair.identify(f"u{number}", email=f"p{number}@example.jp")
        pair.pass_time(minutes=1)
        summary = pair.at_once(purse={"daily_calls": 3, "reserve": 1})
    assert (summary.state, pair.look_ups) == ("postponed", 1)
    assert Settings().purse.reserve == 5_000  # a tenth of Marketo's usual day


@pytest.mark.req("K8")
def test_the_projection_knows_both_modes() -> None:
    busy = Volume(people=50_000, with_email=50_000, events=60_000)
    assert project(Settings(), busy).over
    calm = Settings.model_validate({"realtime": {"enabled": False}})
    projection = project(calm, busy)
    assert projection.calls[LEADS] < 500 and not projection.over


class Saved:
    """Airflow's connections, as the hooks find them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **connections: dict[str, Any]) -> None:
        def get(conn_id: str) -> Connection:
            if conn_id not in connections:
                raise AirflowNotFoundException(conn_id)
            return Connection(conn_id=conn_id, **connections[conn_id])

        monkeypatch.setattr("airflow.sdk.bases.hook.BaseHook.get_connection", staticmethod(get))


MARKETO = {
    "conn_type": "marketo", "host": "https://123-ABC-456.mktorest.com/identity", "login": "id", "password": "secret",
}  # fmt: skip
KARTE = {"conn_type": "karte", "password": "token", "extra": '{"project_id": "p"}'}


@pytest.mark.req("K10")
@pytest.mark.parametrize("saved", [{}, {"marketo_default": MARKETO}, {"karte_default": KARTE}])
def test_without_saved_settings_a_flow_is_not_set_up(
    saved: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    Saved(monkeypatch, **saved)
    reason = karte_marketo.not_set_up(Settings(), LEADS)
    assert reason is not None and "was not saved yet" in reason


@pytest.mark.req("K11")
def test_the_check_of_a_pair_nobody_saved_says_what_to_do(monkeypatch: pytest.MonkeyPatch, pair: Pair) -> None:
    Saved(monkeypatch, marketo_default=MARKETO)
    with pytest.raises(ConfigurationError, match=r"karte_default was not saved yet.*#connections"):
        karte_marketo.Wiring(Settings(), pair.engine)


@pytest.mark.req("K10")
def test_a_flow_the_settings_do_not_ask_for_is_not_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    Saved(monkeypatch, marketo_default=MARKETO, karte_default=KARTE)
    assert karte_marketo.not_set_up(Settings(), LEADS) is None
    assert karte_marketo.not_set_up(Settings(), "karte_event_to_marketo") is not None


@pytest.mark.req("K11")
@pytest.mark.parametrize(
    ("field", "told"), [("login", "Client ID"), ("password", "Client secret"), ("host", "Identity URL")]
)
def test_each_required_input_is_refused_by_name_when_it_is_missing(
    field: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Saved(monkeypatch, marketo_default=MARKETO | {field: ""})
    with pytest.raises(ConfigurationError, match=f"{told} missing"):
        MarketoHook().client()


@pytest.mark.req("K11")
@pytest.mark.parametrize("host", ["https://123-ABC-456.mktorest.com/rest", "https://123-ABC-456.mktorest.com/identity"])
def test_end_point_and_identity_follow_from_each_other(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Saved(monkeypatch, marketo_default=MARKETO | {"host": host})
    client = MarketoHook().client()
    assert client.account_id == "123-ABC-456"
    assert client.requests._base == "https://123-ABC-456.mktorest.com"


@pytest.mark.req("K31", "K37")
@pytest.mark.parametrize("guide", GUIDES, ids=["en", "ja"])
def test_the_guide_has_the_two_segments_and_the_snippet(guide: Any) -> None:
    page = pages.text(guide)
    rows = [pages.code(row[1]) for row in pages.rows(page.partition('<a id="segments"></a>')[2]) if len(row) == 2]
    assert rows[:2] == [["identify.marketo.id"], ["identify.marketo_cookie"]]
    assert "_mkto_trk=([^;]+)" in page
    assert 'krt("send", "identify", { marketo_cookie: decodeURIComponent(found[1]) })' in page
