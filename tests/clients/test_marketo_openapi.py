"""Adobe's published definition knows every path, method, parameter and body property that our client sends.

The definition is not part of this repository; without it the test is skipped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from renkei.clients.marketo import MarketoClient
from renkei.clients.marketo_auth import TokenStore
from renkei.clients.marketo_bulk import BulkExtract, ExportJob
from tests.support.http import ScriptedVendor, TestClock, TestMeter, form_of, json_of, ok, query_of, session_with

DEFINITIONS = Path(__file__).resolve().parents[3] / "shared" / "reference" / "openapi"
pytestmark = pytest.mark.skipif(not DEFINITIONS.exists(), reason="Adobe's definitions are not here")
# Sent in query or form although the definition tells it in prose only (Adobe: "Lead database", long queries).
TUNNEL = "_method"


class Recorder(ScriptedVendor):
    """Answers everything, keeps the requests."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if not self.script:
            self.script.append(
                ok([{"exportId": "J", "id": 1, "status": "created"}], nextPageToken="", moreResult=False)
            )
        return super().send(request, **kwargs)


def record() -> list[requests.PreparedRequest]:
    vendor = Recorder()
    client = MarketoClient(
        session_with(vendor),
        host="https://123-ABC-456.mktorest.com",
        client_id="id",
        client_secret="secret",
        meter=TestMeter(),
        clock=TestClock(),
        tokens=TokenStore(),
    )
    use_every_method(client)
    return vendor.sent


def use_every_method(client: MarketoClient) -> None:
    client.describe_leads()
    list(client.leads("email", ["a@example.jp"], ["id"]))
    client.sync_leads("createOnly", [{"email": "a@example.jp"}])
    client.custom_objects(["x_c"])
    client.describe_custom_object("x_c")
    list(client.query_custom_objects("x_c", "eventid", ["1"], ["eventid"]))
    list(client.query_by_dedupe_fields("x_c", [{"a": 1}], ["a"]))
    client.sync_custom_objects("x_c", "createOrUpdate", [{"a": 1}])
    list(client.members("1", ["1"], ["leadId"]))
    client.set_member_status("1", "Attended", ["1"])
    client.paging_token(datetime(2026, 11, 20, tzinfo=UTC))
    client.activity_types()
    list(client.activities("T", [1]))
    list(client.lead_changes("T", ["email"]))
    list(client.deleted_leads("T"))
    client.usage_today()
    extract = BulkExtract(client)
    for kind in ("leads", "activities", "customobjects/x_c", "program/members"):
        extract.create(kind, ["id"], {})
        extract.advance(ExportJob(kind, "J", "Created"))
        extract.advance(ExportJob(kind, "J", "Queued"))
        extract.download(ExportJob(kind, "J", "Completed", 0), BytesIO())


def spec() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEFINITIONS / "marketo-mapi.json").read_text())
    return loaded


def operation(spec: dict[str, Any], request: requests.PreparedRequest) -> dict[str, Any]:
    method = "get" if query_of(request).get(TUNNEL) == "GET" else str(request.method).lower()
    path = urlsplit(str(request.url)).path
    found = [
        template
        for template, operations in spec["paths"].items()
        if method in operations and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    assert found, f"Adobe's definition has no {method} {path}"
    exact = min(found, key=lambda template: template.count("{"))
    operations: dict[str, Any] = spec["paths"][exact][method]
    return operations


def sent_names(request: requests.PreparedRequest) -> set[str]:
    names = set(query_of(request)) - {TUNNEL}
    if "x-www-form-urlencoded" in str(request.headers.get("Content-Type")):
        names |= set(form_of(request))
    return names


def body_names(spec: dict[str, Any], found: dict[str, Any]) -> Iterator[str]:
    for parameter in found.get("parameters", []):
        if parameter.get("in") == "body":
            reference = parameter["schema"]["$ref"].rsplit("/", 1)[1]
            yield from spec["definitions"][reference]["properties"]


def test_every_request_is_one_that_adobe_defines() -> None:
    definition, requests_sent = spec(), record()
    assert len(requests_sent) > 25
    for request in requests_sent:
        found = operation(definition, request)
        known = {parameter["name"] for parameter in found.get("parameters", []) if parameter.get("in") == "query"}
        assert sent_names(request) <= known, f"{request.method} {request.url}"
        if "json" in str(request.headers.get("Content-Type")):
            assert set(json_of(request)) <= set(body_names(definition, found)), f"{request.method} {request.url}"


def test_the_actions_are_adobes() -> None:
    actions = set(spec()["definitions"]["SyncLeadRequest"]["properties"]["action"]["enum"])
    assert {"createOnly", "updateOnly", "createOrUpdate"} <= actions


def test_the_token_endpoint_takes_a_post() -> None:
    identity = json.loads((DEFINITIONS / "marketo-identity.json").read_text())
    assert "post" in identity["paths"]["/identity/oauth/token"]
