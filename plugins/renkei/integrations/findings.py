"""What a check found: one precise line each, with the way to its step in the set-up guide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from renkei.errors import ConfigurationError

Level = Literal["error", "warning", "info"]


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
