"""ON24 emulator: token, account, calls allowed."""

from __future__ import annotations

import pytest

from tests.sandbox.on24_caller import DAY, Caller
from tests.support.sandbox import Sandbox

BOTH = "Header must contain both accessTokenKey and accessTokenSecret."
WRONG = "AccessTokenKey and AccessTokenSecret are wrong or invalid."
DEACTIVATED = "AccessTokenKey and AccessTokenSecret are deactivated."
QUOTA = "You have reached the maximum number of calls for this api."


@pytest.fixture
def on24(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)


@pytest.mark.parametrize("missing", ["accessTokenKey", "accessTokenSecret"])
def test_both_headers_are_needed(on24: Caller, missing: str) -> None:
    sent = {name: value for name, value in on24.headers.items() if name != missing}
    answer = on24.call("GET", "/event", headers=sent)
    assert (answer.status_code, answer.json()) == (401, {"message": BOTH})


def test_header_names_have_no_case(on24: Caller) -> None:
    assert on24.call("GET", "", headers={name.upper(): value for name, value in on24.headers.items()}).ok


def test_wrong_token(on24: Caller) -> None:
    answer = on24.call("GET", "/event", headers={**on24.headers, "accessTokenSecret": "0"})
    assert (answer.status_code, answer.json()["message"]) == (401, WRONG)


def test_deactivated_and_deleted_token(on24: Caller) -> None:
    on24.settings(token_state="deactivated")
    assert on24.refused("/event") == (401, DEACTIVATED)
    on24.settings(token_state="deleted")
    assert on24.refused("/event") == (401, WRONG)
    on24.settings(token_state="active")
    on24.get("/event")


def test_sixty_idle_days_deactivate_the_token_and_use_resets_them(on24: Caller) -> None:
    on24.advance(59 * DAY)
    on24.get("/event")
    on24.advance(59 * DAY)
    on24.get("/event")
    on24.advance(60 * DAY + 1)
    assert on24.refused("/event") == (401, DEACTIVATED)
    on24.settings(token_state="active")
    on24.get("/event")


def test_other_and_inactive_accounts(on24: Caller) -> None:
    on24.root = on24.root.rsplit("/", 1)[0] + "/999"
    assert on24.refused("/event") == (404, "The client 999 doesn't exist.")
    on24.root = on24.root.replace("999", "22921")
    on24.settings(client_active=False)
    assert on24.refused("/event") == (403, "The client id 22921 is inactive.")


def test_quota_mode_answers_403_or_429(on24: Caller) -> None:
    on24.settings(quota_exhausted=True)
    assert on24.refused("/event") == (403, QUOTA)
    on24.settings(quota_status=429)
    answer = on24.call("GET", "/event")
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


def test_calls_per_minute_hold_per_class_and_only_when_enforced(on24: Caller) -> None:
    eventid = on24.webinar()
    rates = {"people": 2, "event_detail": 3}
    on24.settings(rates=rates)
    for _ in range(4):
        on24.get("/registrant")
    on24.settings(enforce_limits=True)
    on24.get("/registrant")
    on24.get("/attendee")
    assert on24.refused("/registrant") == (403, QUOTA)
    on24.get(f"/event/{eventid}")
    on24.advance(61)
    on24.get("/registrant")


def test_daily_quota(on24: Caller) -> None:
    on24.settings(enforce_limits=True, daily_quota=2)
    on24.get("/event")
    on24.get("/event")
    assert on24.refused("/event") == (403, QUOTA)
    on24.advance(DAY)
    on24.get("/event")


def test_faults_speak_the_vendors_language(on24: Caller) -> None:
    on24.sandbox.world.faults.add(action="error", vendor="on24", code="deactivated")
    assert on24.refused("/event") == (401, DEACTIVATED)
    on24.sandbox.world.faults.add(action="error", vendor="on24", code="429")
    assert on24.refused("/event") == (429, QUOTA)
    on24.sandbox.world.faults.add(action="error", vendor="on24", code="500")
    assert on24.refused("/event")[0] == 500


def test_unknown_paths_are_404(on24: Caller) -> None:
    eventid = on24.webinar()
    assert on24.refused(f"/event/{eventid}/question")[0] == 404
    assert on24.refused(f"/event/{eventid}/reaction")[0] == 404
    assert on24.refused("/event/1") == (404, "The event 1 doesn't exist.")


def test_calls_and_records_are_in_the_journal(on24: Caller) -> None:
    on24.person(on24.webinar())
    on24.get("/registrant")
    line = next(c for c in on24.sandbox.world.journal.calls("on24") if c["endpoint"].endswith("/registrant"))
    assert (line["calls"], line["records"], line["errors"]) == (1, 1, 0)
