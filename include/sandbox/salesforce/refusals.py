"""Salesforce's refusals: a list of `{"errorCode", "message"[, "fields"]}` with an HTTP status."""

from __future__ import annotations

from typing import Any

STATUS = {
    "INVALID_SESSION_ID": 401, "INVALID_AUTH_HEADER": 401, "NOT_FOUND": 404, "ENTITY_IS_DELETED": 404,
    "REQUEST_LIMIT_EXCEEDED": 403, "API_DISABLED_FOR_ORG": 403, "API_CURRENTLY_DISABLED": 403,
    "FUNCTIONALITY_NOT_ENABLED": 403, "INSUFFICIENT_ACCESS": 403, "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "METHOD_NOT_ALLOWED": 405, "UNKNOWN_EXCEPTION": 500, "SERVER_UNAVAILABLE": 503,
    "API_TEMPORARILY_UNAVAILABLE": 503, "INVALID_LOGIN_IP": 403,
}  # fmt: skip
MESSAGES = {
    "INVALID_SESSION_ID": "Session expired or invalid",
    "REQUEST_LIMIT_EXCEEDED": "TotalRequests Limit exceeded.",
    "API_DISABLED_FOR_ORG": "The REST API is not enabled for this Organization.",
    "NOT_FOUND": "The requested resource does not exist",
    "UNABLE_TO_LOCK_ROW": "unable to obtain exclusive access to this record or 1 records",
    "SERVER_UNAVAILABLE": "The server is unavailable.",
    "ENTITY_IS_DELETED": "entity is deleted",
    "CANNOT_UPDATE_CONVERTED_LEAD": "cannot reference converted lead",
    "UNKNOWN_EXCEPTION": "An unexpected error occurred. Please include this ErrorId if you contact support: 1-1",
}


class Refused(Exception):
    """A call, or one record of it, that Salesforce does not carry out."""

    def __init__(self, code: str, message: str | None = None, fields: tuple[str, ...] = (),
                 status: int | None = None) -> None:
        self.code = code
        self.message = message or MESSAGES.get(code, code)
        self.fields = fields
        self.status = status or STATUS.get(code, 400)
        super().__init__(f"{code}: {self.message}")

    def line(self) -> dict[str, Any]:
        """As it stands in the answer to a call of one record."""
        line: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return {**line, "fields": list(self.fields)} if self.fields else line

    def record_line(self) -> dict[str, Any]:
        """As it stands among the outcomes of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


class LoginRefused(Exception):
    """A refusal of the token endpoint: OAuth's `error` and `error_description`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
