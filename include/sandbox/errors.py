"""What goes wrong in the sandbox itself, as opposed to what a vendor answers."""

from __future__ import annotations


class ControlError(Exception):
    """The control plane was asked for something it cannot do; ``status`` is the HTTP status of the answer."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Dropped(Exception):
    """A fault closed the connection: the client gets no answer at all."""
