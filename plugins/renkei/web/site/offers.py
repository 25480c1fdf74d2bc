"""What the site may show: the lists in their order, with the texts of their modals, from the settings file."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from renkei.errors import ConfigurationError
from renkei.integrations.immedio_salesforce.settings import NAME, Settings, load_settings
from renkei.integrations.paths import settings_dir

log = logging.getLogger("renkei.site")
LOOK_AGAIN = 2.0  # seconds between two looks at the file


@dataclass(frozen=True)
class Offer:
    """One list and its modal; ``list`` is its name in list_definition."""

    list: str
    group: str
    meeting_type: str
    title: str
    text: str
    button: str
    first_screen: str
    calendar_url: str

    def as_json(self) -> dict[str, str]:
        """What the tag is told: without the list's name, which is nobody's business on the site."""
        return {name: value for name, value in asdict(self).items() if name != "list"}


@dataclass(frozen=True)
class Site:
    """``offers`` in the order they win; ``origins`` may call; limits are per minute."""

    enabled: bool = False
    origins: frozenset[str] = frozenset()
    offers: tuple[Offer, ...] = ()
    visits_per_minute: int = 600
    conversions_per_minute: int = 30
    reads_per_minute: int = 1_200


Sites = Callable[[], Site]


def site_of(settings: Settings) -> Site:
    """The site as the settings describe it."""
    lists = settings.lists
    offers = tuple(
        Offer(
            list=one.label,
            group=one.group,
            meeting_type=one.meeting_type,
            title=one.title or lists.modal.title,
            text=one.text or lists.modal.text,
            button=one.button or lists.modal.button,
            first_screen=one.first_screen or lists.modal.first_screen,
            calendar_url=one.calendar_url or lists.modal.calendar_url or "",
        )
        for one in lists.lists
    )
    return Site(
        lists.enabled,
        frozenset(origin.lower() for origin in lists.sites),
        offers,
        lists.visits_per_minute,
        lists.conversions_per_minute,
        settings.fields.reads_per_minute,
    )


class FromFile:
    """The site of the settings file, read again when the file changes; a broken file leaves the last good one."""

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._looked_at = float("-inf")
        self._seen: Any = None
        self._site = Site()

    def __call__(self) -> Site:
        now = self._clock()
        if now - self._looked_at > LOOK_AGAIN:
            self._looked_at = now
            self._look()
        return self._site

    def _look(self) -> None:
        path = self._path or settings_dir() / f"{NAME}.yaml"
        stat = path.stat() if path.exists() else None
        seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino) if stat else None
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self._site = site_of(load_settings(path)) if stat else Site()
        except ConfigurationError as error:
            log.error("%s The site goes on with the settings it had.", error)
