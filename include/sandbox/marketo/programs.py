"""Programs, their statuses and members (Adobe: program-members)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from include.sandbox.errors import ControlError
from include.sandbox.marketo.activity_types import CHANGE_MEMBER_DATA, CHANGE_STATUS

if TYPE_CHECKING:
    from include.sandbox.marketo.vendor import Marketo

Member = dict[str, Any]
WEBINAR_STATUSES = (
    {"name": "Invited", "step": 10, "success": False},
    {"name": "Registered", "step": 20, "success": False},
    {"name": "No Show", "step": 30, "success": False},
    {"name": "Attended", "step": 40, "success": True},
    {"name": "Attended On-demand", "step": 50, "success": True},
)


@dataclass(frozen=True)
class Program:
    """One program; a status has a name, a step (order) and whether it is success."""

    id: int
    name: str
    channel: str
    type: str
    statuses: tuple[dict[str, Any], ...]
    created_at: str

    @property
    def first_status(self) -> str:
        """Where a member begins when nothing else is said."""
        return str(min(self.statuses, key=lambda status: status["step"])["name"])

    def status(self, name: str | None) -> dict[str, Any] | None:
        """The status of that name."""
        return next((status for status in self.statuses if status["name"] == name), None)

    def record(self) -> dict[str, Any]:
        """The program as the control plane shows it."""
        return {"id": self.id, "name": self.name, "channel": self.channel, "type": self.type,
                "statuses": [dict(status) for status in self.statuses], "createdAt": self.created_at}


class Programs:
    """All programs, and members by (program, lead)."""

    def __init__(self, marketo: Marketo) -> None:
        self._marketo = marketo
        self.rows: dict[int, Program] = {}
        self.members: dict[int, dict[int, Member]] = {}
        marketo.leads.on_merge.append(self._merge)
        marketo.leads.on_delete.append(self._lead_deleted)

    def define(self, record: dict[str, Any], program_id: int | None = None) -> Program:
        """Adds or replaces a program from ``{id?, name, channel?, type?, statuses?}``."""
        if not record.get("name"):
            raise ControlError("a program needs a name")
        statuses = record.get("statuses") or WEBINAR_STATUSES
        if not all(isinstance(s, dict) and {"name", "step"} <= set(s) for s in statuses):
            raise ControlError("statuses of a program need name and step")
        number = program_id or record.get("id") or max(self.rows, default=1000) + 1
        if not isinstance(number, int):
            raise ControlError(f"the id of a program is an integer, not {number!r}")
        program = Program(number, record["name"], record.get("channel", "Webinar"), record.get("type", "Event"),
                          tuple({"success": False, **status} for status in statuses), self._marketo.now_stamp())
        self.rows[number] = program
        self.members.setdefault(number, {})
        return program

    def by_name(self, name: str) -> Program | None:
        """The program of that name."""
        return next((program for program in self.rows.values() if program.name == name), None)

    def set_status(self, program: Program, lead_id: int, name: str) -> str:
        """Makes the lead a member or moves it on: created, updated, or past when it would go backwards."""
        status, member = program.status(name), self.members[program.id].get(lead_id)
        assert status is not None
        old = program.status(member["statusName"]) if member else None
        if old is not None and old["step"] >= status["step"]:
            return "past"
        now = self._marketo.now_stamp()
        if member is None:
            member = {"leadId": lead_id, "programId": program.id, "membershipDate": now, "acquiredBy": False,
                      "createdAt": now, "reachedSuccess": False, "reachedSuccessDate": None}
            self.members[program.id][lead_id] = member
        first_success = status["success"] and not member["reachedSuccess"]
        member.update(statusName=name, updatedAt=now, reachedSuccess=member["reachedSuccess"] or status["success"])
        if first_success:
            member["reachedSuccessDate"] = now
        self._marketo.log_activity(lead_id, CHANGE_STATUS, primary_id=program.id, primary_value=program.name,
                                   attributes=_status_attributes(old, status))
        return "updated" if old else "created"

    def update_member(self, program: Program, lead_id: int, values: dict[str, Any]) -> tuple[str, ...]:
        """Changes member fields; returns those that got another value."""
        member = self.members[program.id][lead_id]
        changed = {name: value for name, value in values.items() if member.get(name) != value}
        for name, value in changed.items():
            self._marketo.log_activity(lead_id, CHANGE_MEMBER_DATA, primary_id=program.id, primary_value=name,
                                       attributes=(("New Value", value), ("Old Value", member.get(name)),
                                                   ("Program", program.name)))
        if changed:
            member.update(changed, updatedAt=self._marketo.now_stamp())
        return tuple(changed)

    def remove_member(self, program_id: int, lead_id: int) -> bool:
        """Takes a lead out of a program; False when it was not in it."""
        return self.members.get(program_id, {}).pop(lead_id, None) is not None

    def _merge(self, winner_id: int, loser_ids: list[int]) -> None:
        for members in self.members.values():
            for loser_id in loser_ids:
                moved = members.pop(loser_id, None)
                if moved is not None and winner_id not in members:
                    members[winner_id] = {**moved, "leadId": winner_id}

    def _lead_deleted(self, lead_id: int) -> None:
        for members in self.members.values():
            members.pop(lead_id, None)


def _status_attributes(old: dict[str, Any] | None, new: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return (("Acquired By", False), ("New Status", new["name"]), ("New Status ID", new["step"]),
            ("Old Status", old["name"] if old else "Not in Program"), ("Old Status ID", old["step"] if old else None),
            ("Success", bool(new["success"])))
