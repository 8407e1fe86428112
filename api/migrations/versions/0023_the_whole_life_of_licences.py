"""the whole life of licences

Revision: 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('licence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('inspected_until', sa.Date(), nullable=True))

    with op.batch_alter_table('licence_type', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rules', sa.JSON(), server_default='{}', nullable=False))

    with op.batch_alter_table('licence_version', schema=None) as batch_op:
        batch_op.add_column(sa.Column('trust', sa.String(length=1), server_default='A', nullable=False))
        batch_op.add_column(sa.Column('based_on', sa.String(length=140), nullable=True))
        batch_op.add_column(sa.Column('made_by', sa.String(length=20), server_default='issue', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('licence_version', schema=None) as batch_op:
        batch_op.drop_column('made_by')
        batch_op.drop_column('based_on')
        batch_op.drop_column('trust')

    with op.batch_alter_table('licence_type', schema=None) as batch_op:
        batch_op.drop_column('rules')

    with op.batch_alter_table('licence', schema=None) as batch_op:
        batch_op.drop_column('inspected_until')

