"""names that differ across registers

Revision: 0038, after 0037.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0038'
down_revision = '0037'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('licence_import_difference',
    sa.Column('import_id', sa.String(length=40), nullable=False),
    sa.Column('row', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('office', sa.String(length=18), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['licence_import.id'], name=op.f('fk_licence_import_difference_import_id_licence_import')),
    sa.PrimaryKeyConstraint('import_id', 'row', 'kind', 'office', name=op.f('pk_licence_import_difference'))
    )


def downgrade() -> None:
    op.drop_table('licence_import_difference')
