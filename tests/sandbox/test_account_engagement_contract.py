"""The emulator knows what the published request collection asks for, and its fields are what the schema file says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from include.sandbox.account_engagement.model import WHEN
from tests.sandbox.crm import Crm

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference" / "openapi"
COLLECTION, SCHEMAS = FOLDER / "account-engagement-postman.json", FOLDER / "account-engagement-schemas.json"
pytestmark = pytest.mark.skipif(not COLLECTION.exists(), reason="the vendor's definitions are not here")
ROOT = "/api/v5/objects/"
EMULATED = ("prospects", "lists", "list-memberships", "users", "campaigns", "custom-fields", "visitors",
            "visitor-activities")  # fmt: skip
TYPES = {"Integer": "int", "String": "string", "DateTime": "datetime", "Datetime": "datetime", "Boolean": "bool",
         "Float": "float", "Enum": "string"}  # fmt: skip


def requests_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in node.get("item", []):
        if "request" in item:
            yield item["request"]
        else:
            yield from requests_of(item)


def asked() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path below the root and the URL part of every v5 request about an emulated object."""
    found = []
    for request in requests_of(json.loads(COLLECTION.read_text())):
        url = request["url"] if isinstance(request["url"], dict) else {"raw": request["url"]}
        path = urlsplit(url["raw"].replace("{{pardot_domain}}", "host")).path
        if path.startswith(ROOT) and path.removeprefix(ROOT).split("/")[0] in EMULATED:
            found.append((request["method"], path.removeprefix(ROOT), url))
    return found


def fields_in(url: dict[str, Any]) -> list[str]:
    text = next((q["value"] for q in url.get("query", []) if q["key"] == "fields"), "") or ""
    names = [name.strip() for name in text.replace("%2C", ",").split(",") if name.strip()]
    return [name for name in names if "." not in name]


def test_every_request_of_the_collection_has_an_endpoint(crm: Crm) -> None:
    for method, path, _ in asked():
        if path.endswith(("Tag", "identifyCompany", "assignToProspect")):
            continue
        parts = ["1" if part.startswith(":") else part for part in path.split("/")]
        answer = crm.ae(method, "/" + "/".join(parts), json={} if method != "GET" else None)
        assert answer.status_code == 204 or answer.json().get("code") not in (198, 205), (method, path, answer.text)


def test_every_field_the_collection_reads_is_known(crm: Crm) -> None:
    checked = 0
    for method, path, url in asked():
        names = fields_in(url)
        if method != "GET" or ":" in path or not names:
            continue
        answer = crm.ae("GET", f"/{path}", params={"fields": ",".join(n for n in names if n != "folderId")})
        assert answer.ok, (path, answer.text)
        checked += len(names)
    assert checked > 150


def test_every_filter_of_the_collection_is_known(crm: Crm) -> None:
    checked = 0
    for method, path, url in asked():
        if method != "GET" or ":" in path:
            continue
        for parameter in (q["key"] for q in url.get("query", []) if q.get("disabled")):
            value = "2026-11-01T00:00:00Z" if parameter.endswith(WHEN) or parameter.endswith("At") else "1"
            value = {"orderBy": "id ASC", "deleted": "all", "isIdentified": "true"}.get(parameter, value)
            answer = crm.ae("GET", f"/{path}", params={"fields": "id", parameter: value})
            assert answer.ok, (path, parameter, answer.text)
            checked += 1
    assert checked > 80


def test_fields_have_the_types_of_the_schema_file_and_are_as_writable(crm: Crm) -> None:
    objects = json.loads(SCHEMAS.read_text())["modules"]["account-engagement"]["objects"]
    for path in EMULATED:
        if path not in objects:
            continue
        ours = crm.engagement.state.resource(path).fields
        for name, told in objects[path]["fields"].items():
            assert name in ours, (path, name)
            assert ours[name].type == TYPES[told["providerType"]], (path, name)
            if told.get("readOnly"):
                assert not ours[name].writable, (path, name)
