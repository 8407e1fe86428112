"""log-ins that people look back on

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('login_record',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('method', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=64), nullable=False),
    sa.Column('user_agent', sa.String(length=255), nullable=False),
    sa.Column('source', sa.String(length=64), nullable=False),
    sa.Column('session_id', sa.String(length=40), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_login_record_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_record'))
    )
    with op.batch_alter_table('login_record', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_record_account_id_outcome_id'), ['account_id', 'outcome', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_login_record_at'), ['at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('login_record', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_login_record_at'))
        batch_op.drop_index(batch_op.f('ix_login_record_account_id_outcome_id'))

    op.drop_table('login_record')
