"""Fields and their types: what a value must look like, and how it is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from include.sandbox.marketo.errors import Skip

TEXT_BYTES = 30_000
LENGTHS = {"string": 255, "email": 255, "phone": 255, "url": 255, "text": TEXT_BYTES, "lead_function": 255}
SEARCHABLE_TYPES = ("string", "email", "integer", "phone", "url")


@dataclass(frozen=True)
class Field:
    """One field of an object. ``company`` marks fields of the account record, ``draft`` those not approved yet."""

    id: int
    name: str
    display_name: str
    data_type: str
    length: int | None = None
    read_only: bool = False
    custom: bool = False
    company: bool = False
    draft: bool = False

    def describe(self) -> dict[str, Any]:
        """The field as ``describe2.json`` and the custom objects' describe show it."""
        line = {"name": self.name, "displayName": self.display_name, "dataType": self.data_type,
                "length": self.length, "updateable": not self.read_only, "crmManaged": False}
        if self.length is None:
            del line["length"]
        return line

    def store(self, value: Any) -> Any:
        """The value as it is kept; Skip 1001 for another type, 1003 for what is too long or not allowed."""
        if value is None or value == "":
            return None
        if type(value) is str and self.data_type in LENGTHS and 4 * len(value) <= (self.length or TEXT_BYTES):
            return value  # short enough whatever its bytes are: most values take this way
        convert = _CONVERT.get(self.data_type, _text)
        try:
            stored = convert(value)
        except (ValueError, TypeError, OverflowError):
            raise Skip("1001", f"Invalid value '{value}'. Required of type '{_type_name(self.data_type)}'") from None
        self._check(stored)
        return stored

    def _check(self, stored: Any) -> None:
        if self.length is None or not isinstance(stored, str):
            return
        size = len(stored.encode()) if self.data_type == "text" else len(stored)
        if size > self.length:
            raise Skip("1003", f"Value for field '{self.name}' is too long: at most {self.length}")


def _type_name(data_type: str) -> str:
    return data_type[:1].upper() + data_type[1:]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise TypeError("no scalar")
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _integer(value: Any) -> int:
    number = int(_no_bool(value)) if not isinstance(value, float) else _whole(value)
    if not -(2**31) <= number < 2**31:
        raise OverflowError(number)
    return number


def _whole(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _float(value: Any) -> float:
    return float(_no_bool(value))


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError("a boolean is no number")
    return value


def _boolean(value: Any) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    text = str(value).lower()
    if text not in words:
        raise ValueError(value)
    return words[text]


def _date(value: Any) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _datetime(value: Any) -> str:
    moment = datetime.fromisoformat(str(value))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_CONVERT: dict[str, Callable[[Any], Any]] = {
    "integer": _integer, "score": _integer, "float": _float, "currency": _float, "percent": _integer,
    "boolean": _boolean, "date": _date, "datetime": _datetime,
}
DATA_TYPES = (*LENGTHS, *_CONVERT, "reference")
