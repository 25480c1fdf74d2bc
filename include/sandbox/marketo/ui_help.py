"""What the control plane's stores share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from include.sandbox.errors import ControlError
from include.sandbox.marketo.errors import MarketoError, Skip

T = TypeVar("T")


def as_person(call: Callable[[], T]) -> T:
    """What the API would skip or refuse is a 400 of the control plane."""
    try:
        return call()
    except Skip as skip:
        raise ControlError(f"{skip.reason['code']}: {skip.reason['message']}") from None
    except MarketoError as error:
        raise ControlError(f"{error.code}: {error.message}") from None


def whole_number(text: str) -> int:
    """A record id; ControlError 404 when it is no number."""
    try:
        return int(text)
    except ValueError:
        raise ControlError(f"there is no record {text!r}", 404) from None
