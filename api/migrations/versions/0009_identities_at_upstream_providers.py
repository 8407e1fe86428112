"""Identities at upstream providers

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('upstream_provider',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name_zh', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('issuer', sa.String(length=512), nullable=False),
    sa.Column('client_id', sa.String(length=255), nullable=False),
    sa.Column('auth_method', sa.String(length=32), nullable=False),
    sa.Column('secret_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('trust', sa.String(length=16), nullable=False),
    sa.Column('terms', sa.JSON(), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_upstream_provider')),
    sa.UniqueConstraint('issuer', name=op.f('uq_upstream_provider_issuer'))
    )
    op.create_table('upstream_bar',
    sa.Column('provider_id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('since', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['provider_id'], ['upstream_provider.id'], name=op.f('fk_upstream_bar_provider_id_upstream_provider')),
    sa.PrimaryKeyConstraint('provider_id', 'account_id', name=op.f('pk_upstream_bar'))
    )
    op.create_table('upstream_link',
    sa.Column('provider_id', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=43), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('linked_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_upstream_link_account_id_account')),
    sa.ForeignKeyConstraint(['provider_id'], ['upstream_provider.id'], name=op.f('fk_upstream_link_provider_id_upstream_provider')),
    sa.PrimaryKeyConstraint('provider_id', 'subject', name=op.f('pk_upstream_link')),
    sa.UniqueConstraint('provider_id', 'account_id', name=op.f('uq_upstream_link_provider_id_account_id'))
    )
    with op.batch_alter_table('upstream_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upstream_link_account_id'), ['account_id'], unique=False)

    op.create_table('upstream_session',
    sa.Column('session_id', sa.String(length=40), nullable=False),
    sa.Column('provider_id', sa.String(length=40), nullable=False),
    sa.Column('subject', sa.String(length=43), nullable=False),
    sa.Column('sid', sa.String(length=43), nullable=True),
    sa.Column('id_token_sealed', sa.LargeBinary(), nullable=False),
    sa.Column('begun_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['provider_id'], ['upstream_provider.id'], name=op.f('fk_upstream_session_provider_id_upstream_provider')),
    sa.ForeignKeyConstraint(['session_id'], ['session.id'], name=op.f('fk_upstream_session_session_id_session'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_id', 'provider_id', name=op.f('pk_upstream_session'))
    )
    with op.batch_alter_table('upstream_session', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_upstream_session_provider_id_sid'), ['provider_id', 'sid'], unique=False)
        batch_op.create_index(batch_op.f('ix_upstream_session_provider_id_subject'), ['provider_id', 'subject'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('upstream_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upstream_session_provider_id_subject'))
        batch_op.drop_index(batch_op.f('ix_upstream_session_provider_id_sid'))

    op.drop_table('upstream_session')
    with op.batch_alter_table('upstream_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_upstream_link_account_id'))

    op.drop_table('upstream_link')
    op.drop_table('upstream_bar')
    op.drop_table('upstream_provider')
