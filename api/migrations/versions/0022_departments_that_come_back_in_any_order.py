"""departments that come back in any order

Revision: 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_organisation_parent_organisation'), type_='foreignkey')



def downgrade() -> None:
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_foreign_key(batch_op.f('fk_organisation_parent_organisation'), 'organisation', ['parent'], ['uscc'])

