"""Who may ask: the API key, the site's origin, and values that can be used."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.requests import Request

from renkei.store import api_keys
from renkei.store.crm import domain_of
from renkei.store.suppression import subject_of
from renkei.web.receiver.refusal import Refused

LONGEST_EMAIL = 254
LONGEST_TEXT = 200
LONGEST_PAGE = 500
_VISITOR = re.compile(r"[A-Za-z0-9_-]{20,64}")
_EMAIL = re.compile(r"[^@\s\ud800-\udfff]+@[^@\s\ud800-\udfff]+")  # half a surrogate pair cannot be stored
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def check_key(connection: Connection, key: Any, scope: api_keys.Scope) -> api_keys.ApiKey:
    """The valid key. Refused as by ``check_scopes``."""
    found = api_keys.find(connection, key_text(key))
    check_scopes(found.scopes if found else None, scope)
    assert found is not None
    return found


def key_text(key: Any) -> str:
    """A key as sent, empty for what cannot be one."""
    return key if isinstance(key, str) and len(key) <= LONGEST_TEXT and key.isascii() else ""


def check_scopes(scopes: Sequence[str] | None, scope: api_keys.Scope) -> None:
    """Refused with 401 without a valid key (None), with 403 for one that was issued for something else."""
    if scopes is None:
        raise Refused(401, "bad_key", "A valid API key is needed.")
    if scope not in scopes:
        raise Refused(403, "other_scope", f"This API key is not for {scope}.")


def key_of(request: Request) -> str | None:
    """The key in ``Authorization: Bearer …`` or ``X-Api-Key``."""
    kind, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else request.headers.get("x-api-key")


def check_origin(request: Request, origins: frozenset[str]) -> str:
    """The origin of the page that asks. Refused with 403 unless it is one of the configured sites."""
    origin = request.headers.get("origin", "")
    if origin.lower() not in origins:
        raise Refused(403, "other_site", "This site is not configured; add its origin to lists.sites.")
    return origin


def caller(request: Request) -> str:
    """Whose calls are counted together: one address on the internet."""
    return request.client.host if request.client else ""


def visitor_in(body: Mapping[str, Any]) -> str:
    visitor = body.get("visitor")
    if not isinstance(visitor, str) or not _VISITOR.fullmatch(visitor):
        raise _wrong("visitor", "20 to 64 letters, digits, - or _")
    return visitor


def email_in(body: Mapping[str, Any]) -> str:
    """The address, trimmed, NFKC and lower case."""
    email = body.get("email")
    if isinstance(email, str) and len(email) <= LONGEST_EMAIL and "\0" not in email:
        address = subject_of(email).removeprefix("email:")
        if _EMAIL.fullmatch(address):
            return address
    raise _wrong("email", "an e-mail address")


def domain_in(body: Mapping[str, Any]) -> str:
    """The domain, without ``www.``; an address on the web is taken as its domain."""
    domain = body.get("domain")
    found = domain_of(domain) if isinstance(domain, str) and len(domain) <= LONGEST_PAGE else None
    if not found or not _DOMAIN.fullmatch(found):
        raise _wrong("domain", "a domain such as example.jp")
    return found


def page_in(body: Mapping[str, Any]) -> str:
    """Host and path of the page; what follows ``?`` or ``#`` may name people and is left out."""
    page = text_in(body, "page", LONGEST_PAGE * 4) or ""
    try:
        parts = urlsplit(page.partition("?")[0].partition("#")[0])
    except ValueError:
        raise _wrong("page", "a page's address") from None
    return f"{parts.netloc}{parts.path}"[:LONGEST_PAGE] or "/"


def text_in(body: Mapping[str, Any], name: str, longest: int = LONGEST_TEXT) -> str | None:
    """An optional text, cut to its longest length, without what cannot be stored."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(name, "a text")
    return value.encode(errors="ignore").decode().replace("\0", "")[:longest] or None


def _wrong(name: str, wanted: str) -> Refused:
    return Refused(400, "bad_value", f"{name} must be {wanted}.")
