"""Faults: which calls go wrong, and how."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from include.sandbox.errors import ControlError

ACTIONS = (
    "refuse",  # answer `status` with `body` and `headers`, nothing executed
    "delay",  # answer `seconds` later
    "drop_before",  # close the connection, nothing executed
    "drop_after",  # execute, commit, then close the connection
    "truncate",  # answer only the first `keep_bytes` of the body, as if that were all
    "cut",  # tear the connection after `keep_bytes` of the body
    "expire_token",  # every issued token has run out
    "revoke_token",  # every issued token is withdrawn
    "error",  # the vendor's own `code` in the vendor's own shape, nothing executed
)
EARLY = ("refuse", "drop_before", "error")


@dataclass
class Fault:
    """One rule. It strikes matching calls from the ``nth`` on, ``count`` times (None: for ever).

    With ``probability`` it strikes each matching call from the nth on with that (seeded) chance, and ``count`` is for
    ever unless given. ``vendor``, ``method``, ``path`` are globs; a tunnelled GET is a GET.
    """

    action: str
    vendor: str = "*"
    method: str = "*"
    path: str = "*"
    nth: int = 1
    count: int | None = 1
    probability: float | None = None
    status: int = 500
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    keep_bytes: int = 20
    code: str = ""
    message: str | None = None
    id: int = 0
    seen: int = 0
    struck: int = 0

    def matches(self, vendor: str, method: str, path: str) -> bool:
        """Whether the call is one this rule looks at."""
        return fnmatchcase(vendor, self.vendor) and fnmatchcase(method, self.method) and fnmatchcase(path, self.path)

    def strikes(self, dice: random.Random) -> bool:
        """Counts a matching call and says whether it goes wrong."""
        self.seen += 1
        if self.seen < self.nth or (self.count is not None and self.struck >= self.count):
            return False
        if self.probability is not None and dice.random() >= self.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force, with their own seeded dice."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """No faults; the dice start anew."""
        self._rules: list[Fault] = []
        self._dice = random.Random(f"faults-{self._seed}")
        self._next_id = 1

    def clear(self) -> None:
        """No faults."""
        self._rules = []

    def add(self, **rule: Any) -> Fault:
        """Adds a rule (see Fault for its fields); ControlError for unknown fields or values."""
        fault = make_fault(rule)
        fault.id, self._next_id = self._next_id, self._next_id + 1
        self._rules.append(fault)
        return fault

    def strike(self, vendor: str, method: str, path: str) -> list[Fault]:
        """The rules that strike this call, in the order they were added."""
        return [f for f in self._rules if f.matches(vendor, method, path) and f.strikes(self._dice)]

    def list(self) -> list[dict[str, Any]]:
        """The rules with how often they looked and struck."""
        return [asdict(fault) for fault in self._rules]


def make_fault(rule: dict[str, Any]) -> Fault:
    """A rule from JSON, checked."""
    known = {f.name for f in fields(Fault)} - {"id", "seen", "struck"}
    unknown = sorted(set(rule) - known)
    if unknown:
        raise ControlError(f"a fault has no {unknown[0]!r}; it has {', '.join(sorted(known))}")
    if rule.get("action") not in ACTIONS:
        raise ControlError(f"a fault needs an action of {', '.join(ACTIONS)}; got {rule.get('action')!r}")
    if rule["action"] == "error" and not rule.get("code"):
        raise ControlError("a fault with action 'error' needs the vendor's code")
    if rule.get("probability") is not None:
        check_number(rule, "probability", 0, 1)
        rule = {"count": None, **rule}
    for name, low in (("nth", 1), ("seconds", 0), ("keep_bytes", 0), ("status", 100)):
        if name in rule:
            check_number(rule, name, low, 10**9)
    if rule.get("count") is not None and "count" in rule:
        check_number(rule, "count", 1, 10**9)
    fault = Fault(**rule)
    fault.code = str(fault.code)
    return fault


def check_number(rule: dict[str, Any], name: str, low: float, high: float) -> None:
    """ControlError unless the value is a number within its bounds."""
    value = rule[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ControlError(f"a fault's {name} must be a number from {low}; got {value!r}")
