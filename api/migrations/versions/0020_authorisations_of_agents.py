"""authorisations of agents

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('authorisation',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('items', sa.JSON(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('under', sa.String(length=40), nullable=True),
    sa.Column('agent', sa.LargeBinary(), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=True),
    sa.Column('code_digest', sa.String(length=64), nullable=True),
    sa.Column('offered_until', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('accepted_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_for', sa.String(length=16), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_authorisation_account_id_account')),
    sa.ForeignKeyConstraint(['organisation'], ['organisation.uscc'], name=op.f('fk_authorisation_organisation_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_authorisation')),
    sa.UniqueConstraint('code_digest', name=op.f('uq_authorisation_code_digest'))
    )
    with op.batch_alter_table('authorisation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_authorisation_account_id_created_at'), ['account_id', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_authorisation_offered_until'), ['offered_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_authorisation_organisation_created_at'), ['organisation', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_authorisation_under'), ['under'], unique=False)
        batch_op.create_index('uq_authorisation_representative', ['organisation'], unique=True, sqlite_where=sa.text("role = 'representative' AND state = 'active'"), postgresql_where=sa.text("role = 'representative' AND state = 'active'"))

    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.add_column(sa.Column('acting_under', sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f('ix_token_family_acting_under'), ['acting_under'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_token_family_acting_under'))
        batch_op.drop_column('acting_under')

    with op.batch_alter_table('authorisation', schema=None) as batch_op:
        batch_op.drop_index('uq_authorisation_representative', sqlite_where=sa.text("role = 'representative' AND state = 'active'"), postgresql_where=sa.text("role = 'representative' AND state = 'active'"))
        batch_op.drop_index(batch_op.f('ix_authorisation_under'))
        batch_op.drop_index(batch_op.f('ix_authorisation_organisation_created_at'))
        batch_op.drop_index(batch_op.f('ix_authorisation_offered_until'))
        batch_op.drop_index(batch_op.f('ix_authorisation_account_id_created_at'))

    op.drop_table('authorisation')
