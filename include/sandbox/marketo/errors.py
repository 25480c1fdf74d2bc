"""Marketo's error codes and envelope (Adobe: error-codes)."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    "413": "Request Entity Too Large",
    "414": "Request-URI Too Long",
    "502": "Bad Gateway",
    "600": "Access token not specified",
    "601": "Access token invalid",
    "602": "Access token expired",
    "603": "Access denied",
    "604": "Request timed out",
    "605": "HTTP Method not supported",
    "606": "Max rate limit '100' exceeded with in '20' secs",
    "607": "Daily quota reached",
    "608": "API Temporarily Unavailable",
    "609": "Invalid JSON",
    "610": "Requested resource not found",
    "611": "System error",
    "612": "Invalid Content Type",
    "613": "Invalid Multipart Request",
    "614": "Invalid Subscription",
    "615": "Concurrent access limit '10' reached",
    "616": "Invalid subscription type",
    "701": "Field cannot be blank",
    "702": "No data found for a given search scenario",
    "703": "The feature is not enabled for the subscription",
    "704": "Invalid date format",
    "709": "Business Rule Violation",
    "713": "Transient Error",
    "718": "Salesperson not found",
    "1001": "Invalid value. Required of another type",
    "1002": "Missing value for a required parameter",
    "1003": "Invalid data",
    "1004": "Lead not found",
    "1005": "Lead already exists",
    "1006": "Field not found",
    "1007": "Multiple lead match lookup criteria",
    "1008": "Access to partition denied",
    "1009": "Partition name must be specified",
    "1010": "Partition update not allowed",
    "1011": "Field not supported",
    "1012": "Invalid cookie value",
    "1013": "Object not found",
    "1014": "Failed to create Object",
    "1015": "Lead not in list",
    "1016": "There are 10 imports currently being processed",
    "1017": "Object already exists",
    "1018": "CRM Enabled",
    "1019": "Import in progress",
    "1021": "Company update not allowed",
    "1022": "Object in use",
    "1025": "Program status not found",
    "1026": "Custom object not enabled",
    "1029": "Too many jobs in queue",
    "1035": "Unsupported filter type for target subscription",
    "1036": "Duplicate object found in input",
    "1037": "Lead was already in, or past, the status",
    "1042": "Invalid runAt date",
    "1049": "Attribute value is too long",
    "1080": "Too many lead ids in a merge",
}

# the codes with an asterisk in Adobe's table: they use up neither quota nor rate
UNCOUNTED = frozenset({"601", "602", "604", "605", "608", "611"})

HTTP_STATUS = {"413": 413, "414": 414, "502": 502}


class MarketoError(Exception):
    """The whole request fails with this code; ``success`` is false."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, "Unknown error")


class Skip(Exception):
    """One record of a batch fails; the others go on."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.reason = {"code": code, "message": message or MESSAGES[code]}

    def result(self, **more: Any) -> dict[str, Any]:
        """The record's line in the answer."""
        return {**more, "status": "skipped", "reasons": [self.reason]}
