"""people and their ways to log in

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Levels were 1 stated, 2 checked, 3 face compared; now 0 registered, 1 checked, 2 reached by phone, 3 seen.
    op.execute("UPDATE account SET level = 0 WHERE level = 1")
    op.execute("UPDATE account SET level = 1 WHERE level = 2 AND phone IS NULL")

    with op.batch_alter_table('account_notice', schema=None) as batch_op:
        batch_op.add_column(sa.Column('detail', sa.JSON(), server_default='{}', nullable=False))
        batch_op.alter_column('client_id',
               existing_type=sa.VARCHAR(length=64),
               nullable=True)

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('parent', sa.String(length=18), nullable=True))
        batch_op.add_column(sa.Column('status', sa.String(length=16), server_default='active', nullable=False))
        batch_op.create_index(batch_op.f('ix_organisation_parent'), ['parent'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_organisation_parent_organisation'), 'organisation', ['parent'], ['uscc'])

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('provider', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('user_agent', sa.String(length=255), server_default='', nullable=False))
        batch_op.add_column(sa.Column('source', sa.String(length=64), server_default='', nullable=False))
        batch_op.add_column(sa.Column('acting_for', sa.String(length=40), nullable=True))
        batch_op.create_index(batch_op.f('ix_session_acting_for'), ['acting_for'], unique=False)

    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.add_column(sa.Column('limits', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('until', sa.Date(), nullable=True))

    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.add_column(sa.Column('acting_for', sa.JSON(none_as_null=True), nullable=True))



def downgrade() -> None:
    op.execute("UPDATE account SET level = 3 WHERE level = 4")
    op.execute("UPDATE account SET level = 2 WHERE level = 1")
    op.execute("UPDATE account SET level = 1 WHERE level = 0")
    op.execute("DELETE FROM account_notice WHERE client_id IS NULL")

    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.drop_column('acting_for')

    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.drop_column('until')
        batch_op.drop_column('limits')

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_session_acting_for'))
        batch_op.drop_column('acting_for')
        batch_op.drop_column('source')
        batch_op.drop_column('user_agent')
        batch_op.drop_column('provider')

    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_organisation_parent_organisation'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_organisation_parent'))
        batch_op.drop_column('status')
        batch_op.drop_column('parent')

    with op.batch_alter_table('account_notice', schema=None) as batch_op:
        batch_op.alter_column('client_id',
               existing_type=sa.VARCHAR(length=64),
               nullable=False)
        batch_op.drop_column('detail')

