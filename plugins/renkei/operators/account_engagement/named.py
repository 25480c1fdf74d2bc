"""Records named by hand: "Sync with CRM" on a prospect, "Send to Account Engagement" on a lead or contact."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from renkei.errors import ConfigurationError
from renkei.integrations.immedio_salesforce.record_id import to_18
from renkei.integrations.salesforce_account_engagement.names import CONTACT, LEAD, NAME, PROSPECT
from renkei.store import pairs, records

MOST = 200
_PERSON = re.compile(r"(00Q|003)[A-Za-z0-9]{15}")


@dataclass(frozen=True)
class Named:
    """``accounts``: the org and the business unit; ``whereabouts``: addresses and CRM ids, as the vendors show them."""

    store: sa.Engine
    accounts: tuple[str, str]
    whereabouts: Callable[[Sequence[str], Sequence[str]], tuple[set[str], set[str]]]

    def parts(self, text: str) -> Sequence[dict[str, Any]]:
        """What is to be read for these ids: they themselves, their counterparts, and whoever has their addresses.
        Raises ConfigurationError for what is no id of a prospect, lead or contact."""
        given = re.split(r"[\s,;、]+", unicodedata.normalize("NFKC", text))
        ids = list(dict.fromkeys(_whole(one) for one in given if one))
        if not ids:
            return ()
        wrong = [one for one in ids if not (one.isdecimal() or _PERSON.fullmatch(one))]
        if wrong:
            raise ConfigurationError(
                f"{wrong[0][:40]!r} is no id of a prospect, lead or contact.",
                remedy="A prospect's id is a number; a lead's begins with 00Q, a contact's with 003.",
            )
        if len(ids) > MOST:
            raise ConfigurationError(f"{len(ids)} records are named, at most {MOST} a run.", remedy="Take fewer.")
        prospects = {one for one in ids if one.isdecimal()}
        people = {one for one in ids if not one.isdecimal()}
        with self.store.begin() as connection:
            known = [
                pair for pair in pairs.of_keys(connection, NAME, self.accounts, ids) if pair.state == "live"
            ]
            prospects |= {pair.right[1] for pair in known}
            people |= {pair.left[1] for pair in known}
            rows = [
                *records.load(connection, self.accounts[0], [LEAD, CONTACT], "key", sorted(people)),
                *records.load(connection, self.accounts[1], [PROSPECT], "key", sorted(prospects)),
            ]
        addresses, crm_ids = self.whereabouts(sorted(prospects), sorted(people))
        addresses |= {str(row["subject"]).removeprefix("email:") for row in rows if row["subject"]}
        return (
            {
                "prospect_ids": sorted(prospects),
                "salesforce_ids": sorted(people | crm_ids),
                "addresses": sorted(addresses),
            },
        )


def _whole(given: str) -> str:
    """A Salesforce id as records are known by: the address line and reports show 15 of its 18 characters."""
    return given if given.isdecimal() else to_18(given) or given
