"""What a check found: one precise line each, with the way to its step in the set-up guide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from renkei.errors import ConfigurationError, Fatal, SyncError

Level = Literal["error", "warning", "info"]
T = TypeVar("T")


@dataclass(frozen=True)
class Finding:
    """``name`` is a stable word, ``line`` what is so, ``remedy`` what to do, ``link`` the step that says how."""

    name: str
    level: Level
    line: str
    remedy: str = ""
    link: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.line, self.remedy, self.link and f"See {self.link}.") if part)


def errors(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.level == "error"]


def refuse_errors(findings: Iterable[Finding]) -> None:
    """Raises ConfigurationError with one line per error, before anything is written."""
    found = errors(findings)
    if found:
        raise ConfigurationError("\n".join(str(finding) for finding in found))


def probe(name: str, side: str, call: Callable[[], T], link: str) -> tuple[T | None, list[Finding]]:
    """The call's result, or None with a finding that says why there is none. ``side`` begins the line."""
    try:
        return call(), []
    except SyncError as error:
        certain = isinstance(error, Fatal)
        line = error.message if certain else f"could not be tested now: {error.message}"
        remedy = error.remedy or ("" if certain else "Run renkei_check again later.")
        return None, [Finding(name, "error", f"{side}: {line}", remedy, link)]
