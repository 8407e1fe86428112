"""licences of people who have died

Revision: 0035, after 0034.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('holder_departure',
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('reported_for', sa.String(length=40), nullable=False),
    sa.Column('issuer', sa.String(length=18), nullable=False),
    sa.Column('died_on', sa.Date(), nullable=False),
    sa.Column('reported_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['licence_id'], ['licence.id'], name=op.f('fk_holder_departure_licence_id_licence')),
    sa.PrimaryKeyConstraint('licence_id', 'reported_for', name=op.f('pk_holder_departure'))
    )
    with op.batch_alter_table('holder_departure', schema=None) as batch_op:
        batch_op.create_index('ix_holder_departure_issuer', ['issuer', 'reported_at'], unique=False)
        batch_op.create_index('ix_holder_departure_reported_for', ['reported_for'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('holder_departure', schema=None) as batch_op:
        batch_op.drop_index('ix_holder_departure_reported_for')
        batch_op.drop_index('ix_holder_departure_issuer')

    op.drop_table('holder_departure')
