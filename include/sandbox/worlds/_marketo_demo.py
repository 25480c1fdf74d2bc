"""The Marketo half of the demo world."""

from __future__ import annotations

from typing import Any

from include.sandbox.worlds import _attendee_object
from include.sandbox.worlds._on24_demo import email_of
from include.sandbox.worlds._people import lead

KNOWN = 22
"""so many of the roster are leads already"""
FROM_MARKETO = (2, 5, 8, 11)
"""roster members who registered through Marketo: ON24 got their lead id"""
OTHER_ADDRESS = 8
"""this one's lead has another address than the registration: the id alone finds it"""
SHARED = 1
"""two leads have this one's address"""
PHASE_FIELD = {"name": "senses_phase", "displayName": "案件フェーズ", "dataType": "text"}
"""takes the phase of a deal in Senses"""
PROGRAMS = {
    1001: "データ連携 入門ウェビナー", 1002: "Integration in Practice", 1003: "アーカイブ: 前四半期のまとめ",
    1004: "データ連携 入門 (再放送)", 1005: "次回予告ウェビナー", 1006: "大阪支社セミナー",
}  # fmt: skip
"""one program per webinar, by its title"""
STATUSES = [
    {"name": "Invited", "step": 10, "success": False},
    {"name": "Registered", "step": 20, "success": False},
    {"name": "No Show", "step": 30, "success": False},
    {"name": "Attended On-demand", "step": 40, "success": True},
    {"name": "Attended", "step": 50, "success": True},
]


def fill(marketo: Any, seed: int) -> dict[int, int]:
    """25 leads, the phase field, the custom object and the programs.

    Returns roster number → lead id of those who came from Marketo."""
    define_attendee_object(marketo)
    marketo.objects["lead_fields"].create([PHASE_FIELD])
    for program_id, name in PROGRAMS.items():
        marketo.programs.define({"id": program_id, "name": name, "channel": "Webinar", "statuses": STATUSES})
    store, _ = marketo.find_store("leads")
    ids = {member: store.create([_lead(seed, member)])[0]["id"] for member in range(KNOWN)}
    store.create([{**_lead(seed, SHARED), "title": "兼務"}])
    store.create([{"email": f"bystander{n}@example.jp", **lead(seed, 80 + n)} for n in (1, 2)])
    return {member: ids[member] for member in FROM_MARKETO}


def define_attendee_object(marketo: Any) -> None:
    """`oN24Attendee_c`, approved."""
    marketo.custom_objects.define({
        "apiName": _attendee_object.NAME, "displayName": "ON24 Attendee", "state": "approved",
        "fields": _attendee_object.fields(),
    })  # fmt: skip


def _lead(seed: int, member: int) -> dict[str, Any]:
    """Their job title differs from what they type at ON24 now and then: it must stay as it is."""
    email = f"private{member:02}@example.jp" if member == OTHER_ADDRESS else email_of(member).lower()
    values = {"email": email, **lead(seed, member)}
    return values | ({"title": "既存の役職"} if member % 4 == 0 else {})
