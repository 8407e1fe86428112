"""imports of registers

Revision: 0034, after 0033.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('licence_import',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('trust', sa.String(length=1), nullable=False),
    sa.Column('file_name', sa.String(length=200), nullable=False),
    sa.Column('header', sa.JSON(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('dry', sa.Boolean(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.Column('parts', sa.Integer(), nullable=False),
    sa.Column('next_part', sa.Integer(), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('kept', sa.Integer(), nullable=False),
    sa.Column('faulty', sa.Integer(), nullable=False),
    sa.Column('unchanged', sa.Integer(), nullable=False),
    sa.Column('findings', sa.JSON(), nullable=False),
    sa.Column('actor_kind', sa.String(length=16), nullable=False),
    sa.Column('actor_id', sa.String(length=128), nullable=False),
    sa.Column('began_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lease', sa.String(length=40), nullable=True),
    sa.Column('leased_until', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_licence_import'))
    )
    with op.batch_alter_table('licence_import', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_import_organisation'), ['organisation'], unique=False)
        batch_op.create_index(batch_op.f('ix_licence_import_state'), ['state'], unique=False)

    op.create_table('licence_import_fault',
    sa.Column('import_id', sa.String(length=40), nullable=False),
    sa.Column('row', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('faults', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['licence_import.id'], name=op.f('fk_licence_import_fault_import_id_licence_import')),
    sa.PrimaryKeyConstraint('import_id', 'row', name=op.f('pk_licence_import_fault'))
    )
    op.create_table('licence_import_part',
    sa.Column('import_id', sa.String(length=40), nullable=False),
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('content', sa.String(length=128), nullable=False),
    sa.Column('first_row', sa.Integer(), nullable=False),
    sa.Column('rows', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['licence_import.id'], name=op.f('fk_licence_import_part_import_id_licence_import')),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_licence_import_part'))
    )
    op.create_table('licence_import_sighting',
    sa.Column('import_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('companion', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['licence_import.id'], name=op.f('fk_licence_import_sighting_import_id_licence_import')),
    sa.PrimaryKeyConstraint('import_id', 'kind', 'digest', name=op.f('pk_licence_import_sighting'))
    )


def downgrade() -> None:
    op.drop_table('licence_import_sighting')
    op.drop_table('licence_import_part')
    op.drop_table('licence_import_fault')
    with op.batch_alter_table('licence_import', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_licence_import_state'))
        batch_op.drop_index(batch_op.f('ix_licence_import_organisation'))

    op.drop_table('licence_import')
