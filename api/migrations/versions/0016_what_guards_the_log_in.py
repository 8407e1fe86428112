"""what guards the log-in

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('security_event',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('severity', sa.String(length=16), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=True),
    sa.Column('source', sa.String(length=64), nullable=True),
    sa.Column('client_id', sa.String(length=64), nullable=True),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_event'))
    )
    with op.batch_alter_table('security_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_security_event_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_event_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_security_event_severity_id'), ['severity', 'id'], unique=False)

    op.create_table('known_device',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('user_agent', sa.String(length=255), nullable=False),
    sa.Column('first_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_known_device_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_known_device'))
    )
    with op.batch_alter_table('known_device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_known_device_account_id_seen_at'), ['account_id', 'seen_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_known_device_seen_at'), ['seen_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('known_device', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_known_device_seen_at'))
        batch_op.drop_index(batch_op.f('ix_known_device_account_id_seen_at'))

    op.drop_table('known_device')
    with op.batch_alter_table('security_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_security_event_severity_id'))
        batch_op.drop_index(batch_op.f('ix_security_event_at'))
        batch_op.drop_index(batch_op.f('ix_security_event_account_id_id'))

    op.drop_table('security_event')
