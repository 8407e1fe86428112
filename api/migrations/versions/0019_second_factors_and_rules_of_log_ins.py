"""second factors and rules of log-ins

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('login_rule',
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('acr', sa.String(length=64), nullable=True),
    sa.Column('refused', sa.JSON(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('changed_by', sa.String(length=64), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('subject', name=op.f('pk_login_rule'))
    )
    op.create_table('authenticator',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('last_step', sa.BigInteger(), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_authenticator_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authenticator'))
    )
    with op.batch_alter_table('authenticator', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_authenticator_account_id'), ['account_id'], unique=False)

    op.create_table('recovery_codes',
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('made_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_recovery_codes_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_recovery_codes'))
    )


def downgrade() -> None:
    op.drop_table('recovery_codes')
    with op.batch_alter_table('authenticator', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_authenticator_account_id'))

    op.drop_table('authenticator')
    op.drop_table('login_rule')
