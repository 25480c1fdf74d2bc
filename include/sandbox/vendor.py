"""What every vendor emulator is: settings, objects for the control plane, and a handler for requests."""

from __future__ import annotations

import copy
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from include.sandbox.errors import ControlError
from include.sandbox.http import Request, Response
from include.sandbox.journal import WriteEntry

if TYPE_CHECKING:
    from include.sandbox.world import World

# A handler that changes data is a generator: what stands before its one ``yield`` sees the state as the request
# came in, what stands after it commits when the vendor's latency has passed. Two of them may overlap: that is the race.
Outcome = Response | Generator[None, None, Response]
Record = dict[str, Any]


class ObjectStore(Protocol):
    """One kind of object as a person in the vendor's UI sees it; fields are named as the vendor names them."""

    def list(self) -> list[Record]:
        """All records."""

    def create(self, records: list[Record]) -> list[Record]:
        """Creates records and returns them as stored; ControlError when the UI would refuse one."""

    def update(self, record_id: str, fields: Record) -> Record:
        """Changes one record; ControlError 404 when there is none."""

    def delete(self, record_id: str) -> None:
        """Deletes one record; ControlError 404 when there is none."""


class Vendor:
    """Base of all emulators. A subclass names itself, gives its settings, fills ``objects`` and answers ``handle``."""

    name: ClassVar[str]
    default_settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, world: World) -> None:
        self.world = world
        self.objects: dict[str, ObjectStore] = {}
        self.in_flight = 0
        self.settings: dict[str, Any] = {}
        self.reset()

    def reset(self) -> None:
        """Back to an empty vendor with default settings and fresh credentials."""
        self.settings = copy.deepcopy({"latency_ms": 0, **self.default_settings})
        self.empty()

    def empty(self) -> None:
        """Drops all data; settings and sessions stay. Overridden."""

    def handle(self, request: Request) -> Outcome:
        """Answers one request, under the world's lock. Overridden."""
        raise NotImplementedError

    def credentials(self) -> dict[str, str]:
        """What a client needs to connect. Overridden."""
        raise NotImplementedError

    def effective_method(self, request: Request) -> str:
        """The method the vendor acts on (a tunnelled GET counts as GET)."""
        return request.method

    def error_response(self, code: str, message: str | None, request: Request) -> Response:
        """A fault's vendor code in the vendor's own error shape. Overridden."""
        raise NotImplementedError

    def expire_tokens(self) -> None:
        """Lets every issued token run out now. Overridden where tokens exist."""

    def revoke_tokens(self) -> None:
        """Withdraws every issued token. Overridden where tokens exist."""

    def find_store(self, path: str) -> tuple[ObjectStore, str | None]:
        """The store and record id behind ``{object}[/{id}]``; overridden where object names have slashes."""
        name, _, record_id = path.partition("/")
        if name not in self.objects:
            raise ControlError(f"{self.name} has no object {name!r}; it has {', '.join(sorted(self.objects))}", 404)
        return self.objects[name], record_id or None

    def configure(self, changes: dict[str, Any]) -> None:
        """Changes settings; unknown names and wrong types are refused."""
        for key, value in changes.items():
            if key not in self.settings:
                known = ", ".join(sorted(self.settings))
                raise ControlError(f"{self.name} has no setting {key!r}; it has {known}")
            check_type(f"{self.name}.{key}", value, self.settings[key])
        self.settings.update(copy.deepcopy(changes))

    def note_write(self, object: str, key: tuple[Any, ...], record_id: Any, status: str, changed: Any = ()) -> None:
        """Writes down in the journal what a call did to one record."""
        entry = WriteEntry(self.name, object, key, record_id, status, tuple(changed), self.world.clock.now())
        self.world.journal.add_write(entry)


def check_type(name: str, value: Any, present: Any) -> None:
    """Refuses a setting of another JSON type than the present one; null settings take anything."""
    if present is None or value is None:
        return
    number = isinstance(present, int | float) and not isinstance(present, bool)
    wanted = (int, float) if number else type(present)
    if not isinstance(value, wanted) or (number and isinstance(value, bool)):
        raise ControlError(f"{name} must be {'a number' if number else type(present).__name__}, not {value!r}")
