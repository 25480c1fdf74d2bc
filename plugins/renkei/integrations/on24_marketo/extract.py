"""Reads catalogue sources (``attendee.polls[]<0>.pollquestion``) out of the payloads of one registration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Payloads = Mapping[str, Mapping[str, Any]]  # "registrant", "attendee", "event" → payload, {} where there is none
Reader = Callable[[Payloads], Any]
SEPARATOR = "; "

_STEP = re.compile(r"(?P<name>\w+)(?P<each>\[\])?(?:<(?P<first>\d+)(?::(?P<end>\d+))?>)?")


@cache
def reader(source: str, *, join: bool = False) -> Reader:
    """Reads the first value that is not empty, over the alternatives of ``source``, or with ``join`` all values
    of the first alternative that has any, joined. None when there is nothing. ValueError for a bad source."""
    paths = [_path(part.strip()) for part in source.split("|")]
    if join:
        return lambda payloads: _joined(payloads, paths)
    return lambda payloads: _first(payloads, paths)


@dataclass(frozen=True, slots=True)
class _Step:
    """``name`` of each node; ``each``: its items; ``chosen``: some of all the nodes found so far."""

    name: str
    each: bool
    chosen: slice | None


def _path(text: str) -> tuple[str, str, tuple[_Step, ...]]:
    """Payload, its first field, and the steps from the payload on (that field's too)."""
    found = [_STEP.fullmatch(part) for part in text.split(".")]
    steps = tuple(_step(match) for match in found if match)
    if len(steps) != len(found) or len(steps) < 2:
        raise ValueError(f"the data file has a source that cannot be read: {text}")
    return steps[0].name, steps[1].name, steps[1:]


def _step(match: re.Match[str]) -> _Step:
    start, end = match["first"], match["end"]
    chosen = None if start is None else slice(int(start), int(end or int(start) + 1))
    return _Step(match["name"], match["each"] is not None, chosen)


def _first(payloads: Payloads, paths: list[tuple[str, str, tuple[_Step, ...]]]) -> Any:
    for payload, field, steps in paths:
        value = payloads[payload].get(field)
        if value is None:
            continue
        if len(steps) > 1:
            value = next((node for node in _nodes(payloads[payload], steps) if not _empty(node)), None)
        if not _empty(value):
            return value
    return None


def _joined(payloads: Payloads, paths: list[tuple[str, str, tuple[_Step, ...]]]) -> str | None:
    for payload, field, steps in paths:
        if not payloads[payload].get(field):
            continue
        texts = [str(node).strip() for node in _nodes(payloads[payload], steps) if not _empty(node)]
        if texts:
            return SEPARATOR.join(texts)
    return None


def _empty(node: Any) -> bool:
    return node is None or (isinstance(node, str) and not node.strip())


def _nodes(payload: Mapping[str, Any], steps: tuple[_Step, ...]) -> list[Any]:
    nodes: list[Any] = [payload]
    for step in steps:
        nodes = [node[step.name] for node in nodes if isinstance(node, dict) and step.name in node]
        if step.each:
            nodes = [item for node in nodes if isinstance(node, list) for item in node]
        if step.chosen is not None:
            nodes = nodes[step.chosen]
    return nodes
