"""What an account's settings screens hold at first: deal types with their phases, action kinds, industries, roles."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
DEAL_PARTS = {"phase": "phases", "product": "products", "probability": "probabilities", "channel": "channels"}
PATTERNS = ("面談", "メール", "電話", "社内タスク", "社外タスク")
PURPOSES = ("ヒアリング", "提案", "フォロー")
INDUSTRIES = ("IT・通信", "製造", "金融", "小売", "その他")
ROLES = ("営業部", "マーケティング部")


def numbered(names: tuple[str, ...], first: int = 1) -> list[Row]:
    return [{"id": first + position, "name": name} for position, name in enumerate(names)]


LISTS: dict[str, list[Row]] = {
    "pattern": numbered(PATTERNS), "purpose": numbered(PURPOSES), "industry": numbered(INDUSTRIES),
    "ownerRole": numbered(ROLES),
}  # fmt: skip


def deal_types() -> list[Row]:
    """Two deal types; ids of phases, products … are unique over all types."""
    return [
        _deal_type(1, "新規", ("アプローチ", "ヒアリング", "提案", "見積", "受注", "失注")),
        _deal_type(2, "既存", ("更新前", "交渉中", "受注", "失注")),
    ]


def _deal_type(type_id: int, name: str, phases: tuple[str, ...]) -> Row:
    first = type_id * 10 + 1
    status = {"受注": "won", "失注": "lost"}
    return {
        "id": type_id, "name": name,
        "phases": [{**row, "status": status.get(row["name"], "open")} for row in numbered(phases, first)],
        "products": numbered(("製品A", "製品B"), first),
        "probabilities": numbered(("高", "中", "低"), first),
        "channels": numbered(("Web", "紹介", "展示会"), first),
    }  # fmt: skip
