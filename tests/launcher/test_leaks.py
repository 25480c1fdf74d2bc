"""The search for leaks finds what it looks for."""

from __future__ import annotations

import pytest

from tests.support.leaks import leaks, secrets_of


@pytest.mark.parametrize(
    "text",
    [
        "400: hanako.sato@example.jp is not welcome",
        "GET /rest/v1/leads.json?filterValues=hanako%40mail.example.com",
        '{"email": "hanako\\u0040example.jp"}',
        "Authorization: Bearer 00Dxx0000000000!AQ8",
        "POST refresh_token=5Aep861abcdef",
        '{"access_token": "00Dxx0000000000AQ8"}',
        "the key s3cr3t-of-karte was refused",
    ],
)
def test_what_should_not_be_there_is_named_with_its_place(text: str) -> None:
    [found] = leaks(iter([("a.log", f"before\n{text}\nafter")]), {"s3cr3t-of-karte"})
    assert found.startswith("a.log: ")


def test_what_may_be_there_is_not() -> None:
    text = "marketo_to_senses: 2 created, 1 in doubt; client_id 4711; renkei@0.3"
    assert leaks(iter([("a.log", text)]), {"s3cr3t-of-karte"}) == []


def test_secrets_are_those_fields_of_the_credentials() -> None:
    offered = {"karte": {"client_id": "app-of-karte", "client_secret": "s3cr3t-of-karte", "base_url": "http://x"}}
    assert secrets_of(offered) == {"s3cr3t-of-karte"}
