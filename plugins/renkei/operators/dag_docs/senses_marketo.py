"""What the pages of the DAGs of Senses ⇄ Marketo say."""

from __future__ import annotations

TO_SENSES_DOC = """
### Marketo → Senses

Every hour, leads of Marketo become contacts of Senses, with their account. A lead is a contact when its **Lead ID** or
its **e-mail address** is the contact's; a company is an account when name and phone, or name and address are equal.
Afterwards only three values flow, into the custom items named in `include/integrations/senses_marketo.yaml`: Lead ID,
score and acquisition date. Somebody edits them in Senses? The next run writes Marketo's values back. Everything else is
written once, when the record is created.

**A run**: `open` fixes what to read · `extract` reads what changed in Senses and Marketo into our store · `plan`
decides what to write and why · `push` writes to Senses, at most 3 records a second · `settle` counts and decides green
or red.

**The first run** reads all leads, by bulk extract where that takes fewer calls. `push` says in its log how many calls
and days the rest takes: Senses allows 10,000 calls a day. It goes on by itself every hour; new leads and scores come
first.

**Why is a lead no contact?** The reason is in `renkei.change_log`: `no_email`, `invalid_email`, `non_ascii_email`,
`no_name`, `duplicate_lead` (another lead with the same address is the contact), `marketo_deleted`. It is looked at
again when the lead changes. `deleted_in_target` on a waiting change: somebody deleted the contact in Senses; it comes
back when a person creates it there, or with `to_senses.recreate_deleted`.

**It went red?** The log of the red task says what to change. Then clear that task, or leave it to the next run: nothing
is lost, nothing is written twice. **Green, but "postponed"**: the day's calls are spent, or Marketo is still preparing
an extract; it goes on by itself.

Set-up, step by step: `docs/setup/senses_marketo.md`. Day to day: `docs/operations.md`.
"""

TO_MARKETO_DOC = """
### Senses → Marketo

Every ten minutes, what somebody did in Senses reaches the lead in Marketo, as three flows, a task each:

- **contacts**: a new contact with an e-mail address becomes a lead, or is linked to the lead that has that address.
  Afterwards only edits go: a field edited in Senses is written to the lead, the others are left alone.
- **action_kind**: the kind of the action a contact was registered in last (面談, メール, 電話, …) becomes the lead's
  status.
- **deal_phase**: `senses_phase` becomes the phase of the deal to which something happened last: the contact was
  registered in one of its actions, its phase changed, it was merged with its actions. A deleted deal clears it (found
  at night, by `senses_reconcile`). Nothing that happened before the first run, or before Marketo had the field, counts.

**Why is the phase what it is?** `renkei.change.explanation` names the trigger, the deal and the time. **Why is there no
lead?** The reason is in `renkei.change_log` (`no_email`, …) or on the waiting change.

**It went red?** The log says what to change. Clear the task, or leave it to the next run: nothing is lost, nothing is
written twice. If Marketo lacks the field `senses_phase`, the run stays green and says so; everything else goes on.

Set-up, step by step: `docs/setup/senses_marketo.md`. Day to day: `docs/operations.md`.
"""

RECONCILE_DOC = """
### What Senses does not tell, and leads that were missed

Mazrica tells no deletions. Every night the lists of contacts and deals are read whole and compared with what is stored:

- A **deleted deal** clears `senses_phase` on the leads of its action contacts (or leaves the phase of their last live
  deal: `phase.on_delete`). Where the deal may have been *merged* without its actions, nobody can tell the two apart:
  the change is **set aside**.
- A **deleted contact** is remembered, so that the next lead sync does not make it again. Its lead stays.
- When more than `reconcile.vanished_share` of the deals are gone at once, the API may be at fault: all of it is set
  aside, and nothing is written.
- **Leads that were missed**: the log of the last `reconcile.days` days is read again; who is not stored is read and
  synced now. The task `missed` says how many there were. Everything of the last day is read once more: activities can
  be written down late.

**Changes set aside?** The note of the run says how many. Start `renkei_approve` with the run's number: it shows them
and waits for a person. Without an answer within 24 hours nothing happens.
"""
