"""An index of what is being sent or in doubt: every batch of a push asks for it, among very many open changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_change_unsure", "change", ["flow", "stage"], schema="renkei",
        postgresql_where=sa.text("state in ('in_doubt', 'sending')"),
    )  # fmt: skip
