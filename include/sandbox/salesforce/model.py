"""Objects and their fields, as describe tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
TEXT = ("string", "email", "phone", "url", "picklist", "multipicklist", "textarea", "combobox", "encryptedstring")
NUMBERS = ("int", "double", "currency", "percent", "long")
COMPOUND = ("address", "location")


@dataclass(frozen=True)
class Field:
    """One field. `formula` is a dotted path whose value it shows (Name of people has its own rule)."""

    name: str
    type: str = "string"
    length: int = 0
    label: str = ""
    required: bool = False
    createable: bool = True
    updateable: bool = True
    references: tuple[str, ...] = ()
    relationship: str | None = None
    options: tuple[str, ...] = ()
    default: Any = None
    restricted: bool = False
    formula: str | None = None
    external_id: bool = False
    unique: bool = False
    filterable: bool = True
    compound: str | None = None

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def calculated(self) -> bool:
        return self.formula is not None and self.custom

    @property
    def sortable(self) -> bool:
        return self.filterable and self.type not in ("multipicklist", *COMPOUND)


@dataclass
class Kind:
    """One object: its id prefix and its fields by name."""

    name: str
    prefix: str
    label: str
    fields: dict[str, Field]
    createable: bool = True
    deletable: bool = True
    custom: bool = False
    aliases: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.fields:
            self.aliases[name.lower()] = name

    def add(self, new: Field) -> None:
        """A field more, or another definition of one."""
        self.fields[new.name] = new
        self.aliases[new.name.lower()] = new.name

    def drop(self, name: str) -> None:
        self.fields.pop(name)
        self.aliases.pop(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference behind a relationship name, such as `Owner`."""
        wanted = name.lower()
        for candidate in self.fields.values():
            if candidate.relationship and candidate.relationship.lower() == wanted:
                return candidate
        return None
