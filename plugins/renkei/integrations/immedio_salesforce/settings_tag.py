"""The parts of the settings that the tag and the read API stand on: lists, modal, synced fields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from renkei.integrations.settings_base import Section, check_cron

NIGHTLY = "0 2 * * *"
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s\"'<>]+$", max_length=2000)]
Origin = Annotated[str, Field(pattern=r"^https?://[^\s/\"'<>?#]+$", max_length=300)]
_NAME = r"[A-Za-z][A-Za-z0-9_]*"
FIELD_PATH = re.compile(rf"{_NAME}(\.{_NAME}){{0,5}}")  # at most five relationships, Salesforce's limit


class Modal(Section):
    """What a visitor sees. ``first_screen``: a message with a button, or the calendar at once."""

    title: Text = "ご相談はこちら"
    text: Text = "担当者とのオンライン面談をその場で予約できます。"
    button: Text = "日程を選ぶ"
    first_screen: Literal["message", "calendar"] = "message"
    calendar_url: Address | None = None


class ListSettings(Section):
    """One Account Engagement list: who is in it is shown ``modal`` (the common one where a key is left out)."""

    name: Text
    id: int | None = Field(default=None, ge=1, description="needed where several lists have this name")
    group: Text = Field(description="対応: the group that takes the meeting")
    meeting_type: Text
    calendar_url: Address | None = None
    title: Text | None = None
    text: Text | None = None
    button: Text | None = None
    first_screen: Literal["message", "calendar"] | None = None

    @property
    def label(self) -> str:
        """What tells it from the others: its name, and its id where one is given."""
        return f"{self.name} ({self.id})" if self.id else self.name


class Lists(Section):
    """List cache and modal. The first list from the top that holds the prospect wins."""

    enabled: bool = False
    business_unit_id: str | None = None
    refresh: str | None = NIGHTLY
    lists: tuple[ListSettings, ...] = ()
    modal: Modal = Modal()
    sites: tuple[Origin, ...] = Field(default=(), description="origins that may ask, such as https://www.example.jp")
    visits_per_minute: int = Field(default=600, ge=1, description="of one address on the internet: an office, say")
    conversions_per_minute: int = Field(default=30, ge=1, description="of one address on the internet")

    @field_validator("business_unit_id")
    @classmethod
    def _unit(cls, unit: str | None) -> str | None:
        if unit is not None and not re.fullmatch(r"0Uv[A-Za-z0-9]{15}", unit):
            raise ValueError("must be 18 letters and digits that begin with 0Uv → Copy it from Business Unit Setup.")
        return unit

    @field_validator("refresh")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)

    @model_validator(mode="after")
    def _complete(self) -> Lists:
        _refuse_twice([one.label for one in self.lists])
        if not self.enabled:
            return self
        if self.business_unit_id is None:
            raise ValueError("business_unit_id is missing → The Pardot Business Unit Id, 0Uv….")
        if not self.lists:
            raise ValueError("lists is empty → Name at least one list, or set enabled to false.")
        bare = next((one.name for one in self.lists if not (one.calendar_url or self.modal.calendar_url)), None)
        if bare:
            raise ValueError(f"list {bare} has no calendar_url → Give one to the list or to modal.")
        return self


class Fields(Section):
    """Per object the API names of the fields that are kept here; dots lead to a parent (``Owner.Email``)."""

    enabled: bool = False
    refresh: str | None = NIGHTLY
    lead: tuple[str, ...] = ()
    contact: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    most_removed: float = Field(
        default=0.5, gt=0, le=1, description="a run that would take more of an object's records away is refused"
    )
    reads_per_minute: int = Field(default=1_200, ge=1, description="of one API key")

    @field_validator("refresh")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)

    @field_validator("lead", "contact", "account")
    @classmethod
    def _paths(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            if not FIELD_PATH.fullmatch(path):
                raise ValueError(
                    f"{path!r} is no API name of a field → Letters, digits and underscores; dots lead to a parent, "
                    "at most five."
                )
        _refuse_twice([path.lower() for path in paths])
        return paths

    @model_validator(mode="after")
    def _some(self) -> Fields:
        if self.enabled and not (self.lead or self.contact or self.account):
            raise ValueError("no field is named → List fields under lead, contact or account, or set enabled to false.")
        return self

    @property
    def by_object(self) -> dict[str, tuple[str, ...]]:
        """Salesforce object → field paths; objects without any are left out."""
        named = {"Lead": self.lead, "Contact": self.contact, "Account": self.account}
        return {name: paths for name, paths in named.items() if paths}


def _refuse_twice(names: Sequence[str]) -> None:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if twice:
        raise ValueError(f"{twice} is there twice → Take one out.")
