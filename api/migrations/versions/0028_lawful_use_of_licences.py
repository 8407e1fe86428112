"""lawful use of licences

Revision: 0028, after 0027.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('exemption_check',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('holder_kind', sa.String(length=8), nullable=False),
    sa.Column('holder_enc', sa.LargeBinary(), nullable=False),
    sa.Column('agent_kind', sa.String(length=8), nullable=True),
    sa.Column('agent_enc', sa.LargeBinary(), nullable=True),
    sa.Column('service_item', sa.String(length=64), nullable=False),
    sa.Column('case_number', sa.String(length=64), nullable=False),
    sa.Column('basis', sa.String(length=200), nullable=False),
    sa.Column('to_ask', sa.JSON(), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('bundle', sa.String(length=40), nullable=True),
    sa.Column('rounds', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_exemption_check'))
    )
    with op.batch_alter_table('exemption_check', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_exemption_check_ends_at'), ['ends_at'], unique=False)

    op.create_table('use_code',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('client_id', sa.String(length=128), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('service_item', sa.String(length=64), nullable=False),
    sa.Column('case_number', sa.String(length=64), nullable=False),
    sa.Column('basis', sa.String(length=200), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('consent_id', sa.String(length=40), nullable=True),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ends_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('max_uses', sa.Integer(), nullable=False),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_use_code')),
    sa.UniqueConstraint('digest', name=op.f('uq_use_code_digest'))
    )
    with op.batch_alter_table('use_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_use_code_ends_at'), ['ends_at'], unique=False)

    op.create_table('exemption_delivery',
    sa.Column('check_id', sa.String(length=40), nullable=False),
    sa.Column('material', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('copy_id', sa.String(length=40), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['check_id'], ['exemption_check.id'], name=op.f('fk_exemption_delivery_check_id_exemption_check')),
    sa.PrimaryKeyConstraint('check_id', 'material', name=op.f('pk_exemption_delivery'))
    )
    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('bundle', sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column('max_uses', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('decided_by', sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column('authority', sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f('ix_consent_bundle'), ['bundle'], unique=False)

    with op.batch_alter_table('consumer_grant', schema=None) as batch_op:
        batch_op.add_column(sa.Column('hourly', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('daily', sa.Integer(), nullable=True))

    with op.batch_alter_table('item_material', schema=None) as batch_op:
        batch_op.add_column(sa.Column('conditions', sa.JSON(), server_default='[]', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('item_material', schema=None) as batch_op:
        batch_op.drop_column('conditions')

    with op.batch_alter_table('consumer_grant', schema=None) as batch_op:
        batch_op.drop_column('daily')
        batch_op.drop_column('hourly')

    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_consent_bundle'))
        batch_op.drop_column('authority')
        batch_op.drop_column('decided_by')
        batch_op.drop_column('max_uses')
        batch_op.drop_column('bundle')

    op.drop_table('exemption_delivery')
    with op.batch_alter_table('use_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_use_code_ends_at'))

    op.drop_table('use_code')
    with op.batch_alter_table('exemption_check', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_exemption_check_ends_at'))

    op.drop_table('exemption_check')
