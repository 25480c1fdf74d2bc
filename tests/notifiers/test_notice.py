"""Telling: the memory in the store, the channels, and that trouble with notices never fails a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from renkei.notifiers.happening import Happening, body, subject
from renkei.notifiers.notice import Notices, tell
from renkei.store.db import connect

TOTALS = {"read": 60, "created": 40, "updated": 0, "unchanged": 18, "skipped": 0, "failed": 2}


@dataclass
class Post:
    """A channel that keeps what it was given, or refuses it."""

    refuses: bool = False
    conn_id: str = "post_default"
    got: list[tuple[str, str]] = field(default_factory=list)

    def send(self, subject: str, body: str) -> None:
        if self.refuses:
            raise ConnectionError("smtp is down")
        self.got.append((subject, body))


@pytest.fixture
def store(store_url: str) -> Iterator[sa.Engine]:
    engine = connect(store_url)
    yield engine
    engine.dispose()


def run(number: int, state: str = "failed") -> Happening:
    return Happening("on24_marketo", "on24_marketo", state, run=f"run {number}", totals=TOTALS, note="why")  # type: ignore[arg-type]


@pytest.mark.req("O31")
def test_every_run_is_one_notice_each_and_never_is_none(store: sa.Engine) -> None:
    each, silent = Post(), Post()
    for number in range(3):
        assert tell(store, Notices("every_run", (each,)), run(number, "succeeded"))
        assert not tell(store, Notices("never", (silent,)), run(number, "succeeded"))
    assert (len(each.got), len(silent.got)) == (3, 0)


def test_the_memory_outlives_the_process(store: sa.Engine) -> None:
    post = Post()
    for number in range(3):
        tell(store, Notices("change_of_state", (post,)), run(number))
    assert len(post.got) == 1
    with store.connect() as connection:
        kept = connection.execute(sa.text("select notices from renkei.integration_state")).scalar_one()
    assert kept["on24_marketo"]["state"] == "failed"


def test_when_no_channel_took_it_the_next_run_tells(store: sa.Engine) -> None:
    post = Post(refuses=True)
    notices = Notices("change_of_state", (post,))
    assert not tell(store, notices, run(1))
    post.refuses = False
    assert tell(store, notices, run(2))


def test_one_dead_channel_does_not_silence_the_other(store: sa.Engine) -> None:
    dead, living = Post(refuses=True), Post()
    assert tell(store, Notices("every_run", (dead, living)), run(1))
    assert len(living.got) == 1


def test_a_lost_store_never_fails_the_run() -> None:
    nowhere = connect("postgresql://nobody@127.0.0.1:1/nothing")
    assert tell(nowhere, Notices("every_run", (Post(),)), run(1)) is False


def test_the_words_say_how_many_why_and_what_next() -> None:
    text = body(run(7))
    assert "read 60, created 40, updated 0, unchanged 18, skipped 0, failed 2" in text
    assert "Why: why" in text
    assert "Next: " in text and "clear" in text
    assert "run 7" in text


def test_a_postponed_run_says_until_when() -> None:
    until = datetime(2026, 4, 1, 6, 5, tzinfo=UTC)
    assert "until 2026-04-01 06:05 UTC" in subject(Happening("i", "f", "postponed", until=until))
