"""Reads catalogue sources (``attendee.polls[]<0>.pollquestion``) out of the payloads of one registration."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

Payloads = Mapping[str, Mapping[str, Any]]  # "registrant", "attendee", "event" → payload, {} where there is none
SEPARATOR = "; "

_STEP = re.compile(r"(?P<name>\w+)(?P<each>\[\])?(?:<(?P<first>\d+)(?::(?P<end>\d+))?>)?")


def first(payloads: Payloads, source: str) -> Any:
    """The first value that is not empty, over the alternatives of ``source``; None when all are."""
    for alternative in _alternatives(source):
        for node in _nodes(payloads, alternative):
            if not _empty(node):
                return node
    return None


def joined(payloads: Payloads, source: str) -> str | None:
    """All values that are not empty, joined; None when there is none."""
    for alternative in _alternatives(source):
        texts = [str(node).strip() for node in _nodes(payloads, alternative) if not _empty(node)]
        if texts:
            return SEPARATOR.join(texts)
    return None


def _empty(node: Any) -> bool:
    return node is None or (isinstance(node, str) and not node.strip())


def _nodes(payloads: Payloads, steps: tuple[re.Match[str], ...]) -> list[Any]:
    nodes: list[Any] = [payloads]
    for step in steps:
        nodes = [node[step["name"]] for node in nodes if isinstance(node, Mapping) and step["name"] in node]
        if step["each"]:
            nodes = [item for node in nodes for item in _items(node)]
        if step["first"] is not None:
            start = int(step["first"])
            nodes = nodes[start : int(step["end"] or start + 1)]
    return nodes


def _items(node: Any) -> Sequence[Any]:
    return node if isinstance(node, list | tuple) else ()


@cache
def _alternatives(source: str) -> tuple[tuple[re.Match[str], ...], ...]:
    return tuple(_steps(part.strip()) for part in source.split("|"))


def _steps(path: str) -> tuple[re.Match[str], ...]:
    steps = tuple(_STEP.fullmatch(part) for part in path.split("."))
    if not all(steps):
        raise ValueError(f"the data file has a source that cannot be read: {path}")
    return tuple(step for step in steps if step)
