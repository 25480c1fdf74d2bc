"""What the settings files of all integrations share, and how a file becomes a checked model.

A file that cannot be used ends as one ConfigurationError: one line with file, key and remedy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from renkei.errors import ConfigurationError
from renkei.integrations.ownership import Claim

FirstRun = Literal["full", "now"] | date
ConnectionId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w.\-]+$")]


_CRON = re.compile(r"@(hourly|daily|weekly|monthly)|[\d*/,\-]+(\s+[\dA-Za-z*/,\-#]+){4}")


class Section(BaseModel):
    """A part of a settings file: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Purse(Section):
    """Our share of an account's quota. Marketo's own limits: 50,000 calls a day, 100 per 20 s, 10 at once;
    Adobe advises each integration to keep to half of the last two."""

    daily_calls: int = Field(default=50_000, ge=1)
    reserve: int = Field(default=10_000, ge=0, description="calls of the day left to everybody else")
    rate_calls: int = Field(default=50, ge=1, le=100)
    rate_seconds: int = Field(default=20, ge=1)
    concurrency: int = Field(default=5, ge=1, le=10)

    @property
    def share(self) -> int:
        """Calls a day Renkei may spend."""
        return self.daily_calls - self.reserve


class Notices(Section):
    """Who is told about a run, and when."""

    mode: Literal["every_run", "failures", "change_of_state", "never"] = "change_of_state"
    mail_to: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()
    smtp_conn_id: ConnectionId = "smtp_default"
    slack_conn_id: ConnectionId | None = None


def check_cron(schedule: str | None) -> str | None:
    """For validators: the expression, or None (by hand only). ValueError for what is none."""
    if schedule is not None and not _CRON.fullmatch(schedule.strip()):
        raise ValueError(f"{schedule} is no cron expression → Five fields, for instance '*/15 * * * *'.")
    return schedule


class IntegrationSettings(Section):
    """What every integration has."""

    schedule: str | None = "*/15 * * * *"
    first: FirstRun = "now"
    full_since: date | None = None
    wait_days: int = Field(default=30, ge=1, le=365)
    fail_share: float = Field(default=0.05, ge=0, le=1)
    push_minutes: int = Field(default=10, ge=1, le=120)
    notices: Notices = Notices()

    @field_validator("schedule")
    @classmethod
    def _cron(cls, schedule: str | None) -> str | None:
        return check_cron(schedule)

    def schedule_of(self, flow: str) -> str | None:
        """When a flow runs by itself (cron, Asia/Tokyo); None is by hand or by event only."""
        return self.schedule

    def claims(self) -> Iterator[Claim]:
        """The target fields this integration updates."""
        return iter(())


SettingsT = TypeVar("SettingsT", bound=Section)


def read_settings(path: Path, model: type[SettingsT]) -> SettingsT:
    """The settings in ``path``. Raises ConfigurationError: one line with file, key and remedy."""
    content = _read_yaml(path)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _explained(path, model, error) from None


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, Loader=_Loader)
    except OSError:
        raise ConfigurationError(f"{_name(path)}: the file cannot be read.", remedy="Put it back.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{_name(path)}: not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"{_name(path)}{_place(error)}: not YAML: {_problem(error)}.", remedy="Correct indentation or quotes there."
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"{_name(path)}: must be a list of `key: value` lines.", remedy="Start from the file as it was delivered."
        )
    return content


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, where YAML would silently take the last one."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key} is there twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _name(path: Path) -> str:
    """The file as a reader of the repository names it: never the machine's own path."""
    return "/".join(path.parts[-3:]) if path.parent.name == "integrations" else path.name


def _place(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(error: yaml.YAMLError) -> str:
    return " ".join(str(getattr(error, "problem", None) or "cannot be parsed").split())


def _explained(path: Path, model: type[BaseModel], error: ValidationError) -> ConfigurationError:
    """One line about the first thing that is wrong, and how many more there are."""
    first, *others = error.errors(include_url=False, include_context=True)
    key = ".".join(str(part) for part in first["loc"] if not _is_branch(part)) or "the file"
    more = f" ({len(others)} more like this)" if others else ""
    message, remedy = _worded(model, first)
    return ConfigurationError(f"{_name(path)}: {key}: {message}{more}.", remedy=remedy)


def _is_branch(part: int | str) -> bool:
    """Pydantic names the branch of a union (``literal['full','now']``) as if it were a key."""
    return isinstance(part, str) and ("[" in part or part in ("date", "str", "int", "none"))


def _worded(model: type[BaseModel], error: Any) -> tuple[str, str]:
    kind, message = error["type"], str(error["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = _known_keys(model, error["loc"][:-1])
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        return "unknown key", f"Did you mean {close[0]}?" if close else f"Known keys: {', '.join(known)}."
    if kind == "missing":
        return "is missing", "Add it; the delivered file shows how."
    if kind == "value_error":
        message, _, remedy = message.partition(" → ")
        return message, remedy or "Correct the value."
    return message[:1].lower() + message[1:], "Correct the value; the delivered file shows what it may be."


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    for part in loc:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return sorted(model.model_fields)
