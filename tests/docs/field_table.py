"""The field tables of the set-up guides, printed from the catalogue and the settings file as delivered.

    python -m tests.docs.field_table       puts them into both guides
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from renkei.integrations.on24_marketo.catalogue import CatalogueField, attendee_fields, lead_fields
from renkei.integrations.on24_marketo.settings import Settings, load_settings

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {"en": DOCS / "setup" / "on24_marketo.md", "ja": DOCS / "setup" / "on24_marketo.ja.md"}
TYPES = {
    "string": "String", "text": "Text Area", "email": "Email", "integer": "Integer", "float": "Float",
    "datetime": "Datetime",
}  # fmt: skip
HEADS = {
    "en": ("API Name", "Data Type", "most", "holds"),
    "ja": ("API 名", "データタイプ", "最大", "内容"),
}
PERSON_HEADS = {"en": ("field of the person", "from ON24"), "ja": ("人のフィールド", "ON24 側の値")}


def tables(language: str) -> dict[str, str]:
    """The tables by their marker."""
    settings = load_settings()
    chosen, others = _split(settings)
    about = _about(language)
    return {
        "fields: chosen": _table(HEADS[language], (_row(field, about) for field in chosen)),
        "fields: others": _table(HEADS[language], (_row(field, about) for field in others)),
        "person fields: standard": _people(language, "standard"),
        "person fields: utm": _people(language, "utm"),
    }


def _split(settings: Settings) -> tuple[list[CatalogueField], list[CatalogueField]]:
    known = attendee_fields()
    chosen = [known[name] for name in settings.fields]
    others = [field for field in known.values() if not field.required and field.name not in settings.fields]
    return chosen, others


def _about(language: str) -> dict[str, str]:
    """What each field holds; the Japanese words lie beside this file."""
    if language == "en":
        return {name: field.about for name, field in attendee_fields().items()}
    with Path(__file__).with_name("fields.ja.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["about"] for row in csv.DictReader(file)}


def _row(field: CatalogueField, about: dict[str, str]) -> list[str]:
    return [f"`{field.name}`", TYPES[field.type], str(field.max_size or ""), about[field.name]]


def _people(language: str, group: str) -> str:
    fields = [field for field in lead_fields() if field.group == group]
    rows = ([f"`{field.name}`", f"`{field.source.removeprefix('registrant.').removeprefix('=')}`"] for field in fields)
    return _table(PERSON_HEADS[language], rows)


def _table(head: Iterable[str], rows: Iterable[list[str]]) -> str:
    heads = list(head)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def marked(page: str, marker: str) -> str:
    """What stands between a marker and the next blank line but one: the table."""
    _, found, rest = page.partition(f"<!-- {marker} -->\n\n")
    return rest.partition("\n\n")[0] if found else ""


def main() -> None:
    for language, path in GUIDES.items():
        page = path.read_text(encoding="utf-8")
        for marker, table in tables(language).items():
            opening = f"<!-- {marker} -->\n"
            before, found, after = page.partition(opening)
            assert found, f"{path.name} has no marker {marker}"
            after = after.removeprefix("\n")
            if after.startswith("|"):
                after = after.partition("\n\n")[2]
            page = f"{before}{opening}\n{table}\n\n{after.lstrip(chr(10))}"
        path.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
