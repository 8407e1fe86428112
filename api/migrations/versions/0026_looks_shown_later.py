"""looks shown later

Revision: 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('look_delay',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('service_item', sa.String(length=64), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('basis', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('proposed_by', sa.String(length=128), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.Column('since', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('until', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_look_delay'))
    )
    with op.batch_alter_table('access_record', schema=None) as batch_op:
        batch_op.add_column(sa.Column('about_other', sa.Boolean(), server_default=sa.false(), nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('access_record', schema=None) as batch_op:
        batch_op.drop_column('about_other')

    op.drop_table('look_delay')
