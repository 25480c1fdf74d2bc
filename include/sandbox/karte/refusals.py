"""KARTE's refusals: an HTTP status and ``{"message": …}``. KARTE publishes neither texts nor a body: only the status
is to be relied on.
"""

from __future__ import annotations

from include.sandbox.http import Request, Response, json_response

TEXTS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Payload Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Refused(Exception):
    """A call that KARTE does not carry out."""

    def __init__(self, status: int, message: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message or TEXTS[status])
        self.status = status
        self.message = message or TEXTS[status]
        self.headers = headers or {}


def refuse(request: Request, refused: Refused) -> Response:
    """The answer, noted in the journal."""
    request.call.code = str(refused.status)
    return json_response({"message": refused.message}, refused.status, **refused.headers)
