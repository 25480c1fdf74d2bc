"""Changes say which keys will stand for their record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "change", sa.Column("aliases", JSONB, nullable=False, server_default=sa.text("'{}'::jsonb")), schema="renkei"
    )


def downgrade() -> None:
    op.drop_column("change", "aliases", schema="renkei")
