"""renewals that two people decide

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('renewal_proposal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('line', sa.String(length=200), nullable=False),
    sa.Column('name_zh', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('proposed_by', sa.String(length=64), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('state_since', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("state IN ('open','working','done','refused','withdrawn')", name=op.f('ck_renewal_proposal_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_renewal_proposal'))
    )
    with op.batch_alter_table('renewal_proposal', schema=None) as batch_op:
        batch_op.create_index('uq_renewal_proposal_undecided', ['line'], unique=True, sqlite_where=sa.text("state IN ('open','working')"), postgresql_where=sa.text("state IN ('open','working')"))



def downgrade() -> None:
    with op.batch_alter_table('renewal_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_renewal_proposal_undecided', sqlite_where=sa.text("state IN ('open','working')"), postgresql_where=sa.text("state IN ('open','working')"))

    op.drop_table('renewal_proposal')
