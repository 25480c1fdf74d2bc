"""Whatever is sent: the right status, stored only with 200, nothing of it in the log, and it lives."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.conftest import Receiver, karte_body, sign

REFUSALS = {400, 401, 413, 415, 422}
MARK = "mark0secret"  # stands in every body: must never be in a log line
ROUTES = ["/hooks/karte/event", "/hooks/karte/hook", "/hooks/marketo/activity", "/hooks/immedio/bookings"]
TOKENS = {"/hooks/marketo/activity": "marketo-secret", "/hooks/immedio/bookings": "immedio-secret"}
KEYS = ["event_name", "user_id", "visitor_id", "occurred_at", "values", "event_id", "id", "event_type", "data",
        "lead_id", "activity", "attributes", "email", "booking", "guest"]  # fmt: skip
ODD = [b"", b"null", b"[]", b'"x"', b"{}", b'{"a":1e400}', b"\xef\xbb\xbf{}", b'{"a":' + b"9" * 5000 + b"}"]


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)


texts = st.text(max_size=20) | st.sampled_from([MARK, "", "u1"])
values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | texts, containers, max_leaves=12)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=8).map(lambda made: made | {"x": MARK})
bodies = (
    objects.map(lambda made: json.dumps(made).encode())
    | objects.map(lambda made: json.dumps(made, ensure_ascii=False).encode("utf-16"))
    | st.binary(max_size=300).map(lambda made: made + MARK.encode())
    | st.integers(1, 5000).map(lambda depth: b'{"mark0secret":' + b"[" * depth + b"]" * depth + b"}")
    | st.sampled_from(ODD)
)
header_values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    told = io.StringIO()
    handler, root = logging.StreamHandler(told), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield told
    root.removeHandler(handler)
    root.setLevel(before)


def stored(receiver: Receiver) -> int:
    return int(receiver.rows("select count(*) as number from renkei.inbox_event")[0].number)


def check(receiver: Receiver, log: io.StringIO, path: str, raw: bytes, headers: Any, accepted: bool) -> None:
    before = stored(receiver)
    answer = receiver.client.post(path, content=raw, headers=headers)
    assert answer.status_code in (REFUSALS | {200} if accepted else REFUSALS), answer.text
    assert MARK not in answer.text
    assert MARK not in log.getvalue()
    if answer.status_code != 200:
        assert stored(receiver) == before
    assert receiver.client.get("/health").json()["status"] == "ok"


@quick
@given(path=st.sampled_from(ROUTES), raw=bodies)
def test_any_body_of_a_known_sender(receiver: Receiver, log: io.StringIO, path: str, raw: bytes) -> None:
    headers = {"X-Webhook-Token": TOKENS[path]} if path in TOKENS else sign(raw, time.time())
    check(receiver, log, path, raw, headers, accepted=True)


@quick
@given(path=st.sampled_from(ROUTES), raw=bodies, given_=st.lists(header_values, min_size=4, max_size=4))
def test_any_headers_of_a_stranger(
    receiver: Receiver, log: io.StringIO, path: str, raw: bytes, given_: list[str]
) -> None:
    names = ("X-Karte-Signature", "X-Karte-Request-Timestamp", "X-Webhook-Token", "Content-Type")
    check(receiver, log, path, raw, dict(zip(names, given_, strict=True)), accepted=False)


@quick
@given(at=st.integers(0, 200), bit=st.integers(0, 7), age=st.integers(-299, 299))
def test_one_changed_bit_breaks_a_signature(receiver: Receiver, log: io.StringIO, at: int, bit: int, age: int) -> None:
    raw = json.dumps(karte_body(x=MARK)).encode()
    headers = sign(raw, time.time() + age * 0.9)
    changed = bytearray(raw)
    changed[at % len(raw)] ^= 1 << bit
    check(receiver, log, "/hooks/karte/event", bytes(changed), headers, accepted=False)
    check(receiver, log, "/hooks/karte/event", raw, headers, accepted=True)
