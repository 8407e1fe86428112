"""numbers of licences

Revision: 0032, after 0031.
"""

import sqlalchemy as sa
from alembic import op


revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('licence_number_series',
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('series', sa.String(length=120), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('type_code', 'series', name=op.f('pk_licence_number_series'))
    )


def downgrade() -> None:
    op.drop_table('licence_number_series')
