"""Saying no to a request: a status, a stable word for the log, and one sentence for whoever set the webhook up."""

from __future__ import annotations


class Refused(Exception):
    """``reason`` is a stable word (``bad_signature``); ``message`` tells the sender what to change, without repeating
    anything that was sent."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.message = message
