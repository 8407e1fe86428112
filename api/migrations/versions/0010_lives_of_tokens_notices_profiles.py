"""lives of tokens, notices, profiles

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_notice',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('client_id', sa.String(length=64), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_notice_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_notice'))
    )
    with op.batch_alter_table('account_notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_notice_account_id_at'), ['account_id', 'at'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_notice_at'), ['at'], unique=False)

    op.create_table('account_profile',
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('updated_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_profile_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_account_profile'))
    )
    with op.batch_alter_table('logout_delivery', schema=None) as batch_op:
        batch_op.add_column(sa.Column('tried_at', core.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('finished_at', core.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f('ix_logout_delivery_client_id'))
        batch_op.create_index(batch_op.f('ix_logout_delivery_client_id_created_at_id'), ['client_id', 'created_at', 'id'], unique=False)

    with op.batch_alter_table('portal_consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('declined', sa.JSON(), server_default='[]', nullable=False))

    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.add_column(sa.Column('ends_at', core.tables.UtcDateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.drop_column('ends_at')

    with op.batch_alter_table('portal_consent', schema=None) as batch_op:
        batch_op.drop_column('declined')

    with op.batch_alter_table('logout_delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_logout_delivery_client_id_created_at_id'))
        batch_op.create_index(batch_op.f('ix_logout_delivery_client_id'), ['client_id'], unique=False)
        batch_op.drop_column('finished_at')
        batch_op.drop_column('tried_at')

    op.drop_table('account_profile')
    with op.batch_alter_table('account_notice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_notice_at'))
        batch_op.drop_index(batch_op.f('ix_account_notice_account_id_at'))

    op.drop_table('account_notice')
