"""a register of protected resources

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('protected_resource',
    sa.Column('identifier', sa.String(length=1024), nullable=False),
    sa.Column('name_zh', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('access_token_format', sa.String(length=16), nullable=False),
    sa.Column('client_id', sa.String(length=64), nullable=True),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_protected_resource_client_id_client')),
    sa.PrimaryKeyConstraint('identifier', name=op.f('pk_protected_resource'))
    )
    with op.batch_alter_table('protected_resource', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_protected_resource_client_id'), ['client_id'], unique=False)

    op.create_table('resource_scope',
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('resource', sa.String(length=1024), nullable=False),
    sa.Column('words_zh', sa.String(length=200), nullable=False),
    sa.Column('words_en', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['resource'], ['protected_resource.identifier'], name=op.f('fk_resource_scope_resource_protected_resource'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_resource_scope'))
    )
    with op.batch_alter_table('resource_scope', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_resource_scope_resource'), ['resource'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('resource_scope', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_resource_scope_resource'))

    op.drop_table('resource_scope')
    with op.batch_alter_table('protected_resource', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_protected_resource_client_id'))

    op.drop_table('protected_resource')
