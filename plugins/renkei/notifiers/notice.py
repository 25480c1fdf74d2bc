"""Tells people what came about, as often as they want to hear it. Trouble with that never fails a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from renkei.notifiers.channels import Channel
from renkei.notifiers.happening import Happening, body, subject
from renkei.notifiers.memory import exchange, restore
from renkei.notifiers.modes import Mode

log = logging.getLogger("renkei.notice")


@dataclass(frozen=True)
class Notices:
    """An integration's settings: how much to tell, and over which channels."""

    mode: Mode = "change_of_state"
    channels: Sequence[Channel] = ()


def tell(store: sa.Engine, notices: Notices, happening: Happening) -> bool:
    """Tells ``happening`` if the mode asks for it; True when at least one channel took it.

    What is remembered is committed before sending, so two runs never tell the same; when no channel
    took it, the memory goes back, and the next run tells.
    """
    try:
        return _tell(store, notices, happening)
    except Exception as error:  # a notice is never worth a run
        log.warning("No notice of %s %s: %s.", happening.topic, happening.state, type(error).__name__)
        return False


def _tell(store: sa.Engine, notices: Notices, happening: Happening) -> bool:
    wanted, before = exchange(store, notices.mode if notices.channels else "never", happening)
    if not wanted:
        return False
    took = [channel for channel in notices.channels if _sent(channel, happening)]
    if not took:
        restore(store, happening, before)
        return False
    log.info("Told %s: %s.", ", ".join(type(channel).__name__.lower() for channel in took), subject(happening))
    return True


def _sent(channel: Channel, happening: Happening) -> bool:
    try:
        channel.send(subject(happening), body(happening))
    except Exception as error:  # the next channel may still work
        name = type(channel).__name__.lower()
        log.warning(
            "The notice by %s could not be sent: %s. Check the connection %s.",
            name, type(error).__name__, channel.conn_id,
        )  # fmt: skip
        return False
    return True
