"""Whether an action may act: its switch in the settings, and whether it is armed (a disconnect disarms, R11–R13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from renkei.integrations.immedio_salesforce.settings import Action, Settings

OFF, DISARMED, BEFORE = "switched_off", "disarmed", "before_arming"


@dataclass(frozen=True)
class Arms:
    """``integration_state.armed``: action → ``{"armed": bool, "since": iso}``; an action nobody ever disarmed is not
    in it, and armed."""

    state: Mapping[str, Any] = field(default_factory=dict)

    def refusal(self, action: Action, received_at: datetime) -> str:
        """Why the action may not act on what came in then; empty when it may. What came in before it was armed
        belongs to the time before."""
        told = self.state.get(action)
        if not isinstance(told, Mapping):
            return ""
        if not told.get("armed"):
            return DISARMED
        since = told.get("since")
        return BEFORE if since and received_at < datetime.fromisoformat(str(since)) else ""


def refusal_of(settings: Settings, arms: Arms, action: Action, received_at: datetime) -> str:
    """Why a booking's action is left undone: a stable word, or empty."""
    return OFF if action not in settings.actions else arms.refusal(action, received_at)
