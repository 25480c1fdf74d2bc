"""Proof that a request comes from whom we share a secret with, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from renkei.web.receiver.refusal import Refused

TOLERANCE = 300  # seconds between the sender's clock and ours; KARTE does not say how old a request may be
_SECONDS = re.compile(r"[0-9]{1,12}")


def check_signature(
    secrets: Sequence[str], signature: str | None, timestamp: str | None, raw: bytes, now: float
) -> None:
    """KARTE's signature: HMAC-SHA256 of ``<timestamp>:<raw body>``, in hex or base64: its page does not say which
    (developers.karte.io/reference/webhook-v2-hmac). Refused with 401 unless one of the secrets made it, lately."""
    given = (signature or "").strip()
    message = f"{timestamp or ''}:".encode(errors="replace") + raw
    good = False
    for secret in secrets:
        digest = hmac.digest(secret.encode(), message, hashlib.sha256)
        for form in (digest.hex(), base64.b64encode(digest).decode()):
            good |= hmac.compare_digest(form.encode(), given.encode(errors="replace"))
    if not good:
        raise Refused(401, "bad_signature", "The signature does not fit.")
    if not _SECONDS.fullmatch(timestamp or "") or abs(now - int(timestamp or 0)) > TOLERANCE:
        raise Refused(401, "bad_timestamp", f"The timestamp is more than {TOLERANCE} seconds away from now.")


def check_token(secrets: Sequence[str], token: str | None) -> None:
    """A shared secret in a header. Refused with 401 unless it is one of those that are valid now."""
    given, good = (token or "").strip().encode(errors="replace"), False
    for secret in secrets:
        good |= hmac.compare_digest(secret.encode(), given)
    if not good:
        raise Refused(401, "bad_token", "The secret header does not fit.")
