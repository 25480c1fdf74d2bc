"""Mazrica's refusals: an HTTP status and `{"message": …}`.

The bodies are not published. Key header, 3 a second with burst 100 and a daily quota are the words of a gateway whose
own answers are public; the texts of 403 and 429 are those. The others are ours.
"""

from __future__ import annotations


class Refused(Exception):
    """A call that Mazrica does not carry out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


FORBIDDEN = "Forbidden"
NO_PATH = "Missing Authentication Token"
TOO_MANY = "Too Many Requests"
DAY_OVER = "Limit Exceeded"
FIREWALL = "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.</body></html>"


def bad(message: str) -> Refused:
    return Refused(400, message)


def missing(kind: str, record_id: int) -> Refused:
    return Refused(404, f"{kind} {record_id} is not found.")
