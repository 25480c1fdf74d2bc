"""KARTE emulator: reference tables, 50 columns and 256 bytes a cell."""

from __future__ import annotations

from typing import Any

import pytest

from include.sandbox.errors import ControlError
from tests.sandbox.karte_caller import UPSERT, Caller
from tests.support.sandbox import Sandbox


@pytest.fixture
def karte(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.make("ref_tables", id="leads", columns=["email", "score", "member"])
    return caller


def row(user: str = "u1", **values: Any) -> dict[str, Any]:
    return {"id": "leads", "rowKey": {"user_id": user}, "values": values}


def rows(karte: Caller) -> list[dict[str, Any]]:
    return karte.records("ref_tables")[0]["rows"]


def test_a_row_is_made_once_and_changed_by_its_key(karte: Caller) -> None:
    karte.post(UPSERT, row(email="a@example.jp", score=1))
    karte.post(UPSERT, row(score=2, member=True))
    karte.post(UPSERT, row(score=2))
    assert rows(karte) == [{"user_id": "u1", "email": "a@example.jp", "score": 2, "member": True}]
    writes = [(w.status, w.changed) for w in karte.world.journal.writes("karte", "ref_tables")]
    assert writes == [("created", ("email", "score")), ("updated", ("score", "member")), ("updated", ())]
    assert len(karte.world.journal.needless_writes("karte")) == 1


def test_a_cell_holds_256_bytes(karte: Caller) -> None:
    karte.post(UPSERT, row(email="漢" * 85 + "a"))
    assert karte.refused(UPSERT, row(email="漢" * 86)) == 400
    assert rows(karte)[0]["email"] == "漢" * 85 + "a"
    karte.vendor.configure({"ref_table_overflow": "cut"})
    karte.post(UPSERT, row(email="漢" * 86))
    assert rows(karte)[0]["email"] == "漢" * 85


def test_fifty_columns_with_the_key(karte: Caller) -> None:
    made = karte.make("ref_tables", columns=["user_id", *(f"c{n}" for n in range(49))])
    assert len(made["columns"]) == 49
    with pytest.raises(ControlError, match="50"):
        karte.make("ref_tables", columns=[f"c{n}" for n in range(50)])


@pytest.mark.parametrize(("change", "status"), [
    ({"id": "nothing"}, 404), ({"rowKey": {}}, 400), ({"rowKey": {"email": "a"}}, 400), ({"rowKey": "u1"}, 400),
    ({"rowKey": {"user_id": ""}}, 400), ({"rowKey": {"user_id": "u1", "email": "a"}}, 400), ({"values": []}, 400),
    ({"values": {"unknown": 1}}, 400), ({"values": {"email": ["a"]}}, 400),
])  # fmt: skip
def test_what_the_table_cannot_hold_is_refused(karte: Caller, change: dict[str, Any], status: int) -> None:
    assert karte.refused(UPSERT, {**row(score=1), **change}) == status
    assert rows(karte) == []


def test_a_person_fills_and_changes_a_table(karte: Caller) -> None:
    store, _ = karte.vendor.find_store("ref_tables")
    changed = store.update("leads", {"columns": ["email", "phase"], "rows": [{"user_id": "u2", "phase": "商談"}]})
    assert changed["columns"] == ["email", "phase"] and changed["rows"] == [{"user_id": "u2", "phase": "商談"}]
    with pytest.raises(ControlError, match="no column score"):
        store.update("leads", {"rows": [{"user_id": "u2", "score": 1}]})
    store.delete("leads")
    assert karte.records("ref_tables") == []
