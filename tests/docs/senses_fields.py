"""The field tables of the Senses guide, printed from the settings file as it is delivered."""

from __future__ import annotations

from typing import Any

import yaml

from tests.docs import pages

HEADS = {
    ("to_senses", "en"): "| contact in Senses | from the person in Marketo |",
    ("to_senses", "ja"): "| Senses のコンタクト | Marketo の人物から |",
    ("to_marketo", "en"): "| person in Marketo | from the contact in Senses |",
    ("to_marketo", "ja"): "| Marketo の人物 | Senses のコンタクトから |",
}
MAPPINGS = {"to_senses": "contact", "to_marketo": "lead"}


def table(direction: str, language: str) -> str:
    """The table that stands below ``<!-- fields: {direction} -->``."""
    settings: dict[str, Any] = yaml.safe_load(
        (pages.ROOT / "include" / "integrations" / "senses_marketo.yaml").read_text()
    )
    rows = settings[direction][MAPPINGS[direction]].items()
    return "\n".join(
        [HEADS[direction, language], "|---|---|", *(f"| `{name}` | `{source}` |" for name, source in rows)]
    )
