"""What the demo and the scale world set up alike in Salesforce and Account Engagement: users, a queue, fields."""

from __future__ import annotations

from typing import Any

STAFF = (("太郎", "担当", "host"), ("一郎", "営業", "ichiro.eigyo"), ("Sally", "Sales", "sally.sales"))
"""first name, last name, mailbox; users 3 to 5 of Account Engagement"""


def make_users(salesforce: Any, engagement: Any | None) -> tuple[list[str], str]:
    """Three users known on both sides, one who left, and a queue for leads; their ids."""
    staff = [_user(*one) for one in STAFF]
    ids = [row["Id"] for row in salesforce.objects["User"].create([*staff, _user("済", "退職", "retired", False)])]
    [queue] = salesforce.objects["Group"].create([{"Name": "リード受付", "DeveloperName": "Lead_Desk"}])
    salesforce.objects["QueueSobject"].create([{"QueueId": queue["Id"], "SobjectType": "Lead"}])
    if engagement is not None:
        engagement.objects["users"].create([
            {"email": user["Email"], "username": user["Username"], "firstName": user["FirstName"],
             "lastName": user["LastName"], "role": "Sales", "roleName": "Sales", "salesforceId": record_id}
            for user, record_id in zip(staff, ids, strict=False)
        ])  # fmt: skip
    return ids[:3], queue["Id"]


def _user(first: str, last: str, box: str, active: bool = True) -> dict[str, Any]:
    return {"Username": f"{box}@sandbox.example.com", "Email": f"{box}@example.com", "FirstName": first,
            "LastName": last, "IsActive": active}  # fmt: skip


def define_insight_fields(salesforce: Any) -> None:
    """Where score, grade and last activity of a prospect are shown."""
    kinds = (("pi__score__c", "double"), ("pi__grade__c", "string"), ("pi__last_activity__c", "datetime"))
    salesforce.objects["fields"].create(
        [{"object": kind, "name": name, "type": form} for kind in ("Lead", "Contact") for name, form in kinds]
    )
