"""departments, their staff, and roles that two people give

Revision: 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('staff_member',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('department', sa.String(length=18), nullable=False),
    sa.Column('user_name', sa.String(length=128), nullable=False),
    sa.Column('user_key', sa.String(length=255), nullable=False),
    sa.Column('external_id', sa.String(length=128), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_staff_member_account_id_account')),
    sa.ForeignKeyConstraint(['department'], ['organisation.uscc'], name=op.f('fk_staff_member_department_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_member')),
    sa.UniqueConstraint('account_id', name=op.f('uq_staff_member_account_id')),
    sa.UniqueConstraint('external_id', name=op.f('uq_staff_member_external_id')),
    sa.UniqueConstraint('user_key', name=op.f('uq_staff_member_user_key'))
    )
    with op.batch_alter_table('staff_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_member_department'), ['department'], unique=False)

    op.create_table('staff_proposal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('role', sa.String(length=32), nullable=False),
    sa.Column('limits', sa.JSON(), nullable=False),
    sa.Column('until', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=400), nullable=False),
    sa.Column('proposed_by', sa.String(length=64), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_staff_proposal_account_id_account')),
    sa.ForeignKeyConstraint(['organisation'], ['organisation.uscc'], name=op.f('fk_staff_proposal_organisation_organisation')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_proposal'))
    )
    with op.batch_alter_table('staff_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_staff_proposal_decided_at'), ['decided_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_staff_proposal_state_id'), ['state', 'id'], unique=False)
        batch_op.create_index('uq_staff_proposal_open', ['account_id', 'organisation', 'role'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.create_index('uq_staff_role_administrator', ['account_id'], unique=True, sqlite_where=sa.text("role IN ('system-administrator', 'security-administrator', 'audit-administrator')"), postgresql_where=sa.text("role IN ('system-administrator', 'security-administrator', 'audit-administrator')"))



def downgrade() -> None:
    with op.batch_alter_table('staff_role', schema=None) as batch_op:
        batch_op.drop_index('uq_staff_role_administrator', sqlite_where=sa.text("role IN ('system-administrator', 'security-administrator', 'audit-administrator')"), postgresql_where=sa.text("role IN ('system-administrator', 'security-administrator', 'audit-administrator')"))

    with op.batch_alter_table('staff_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_staff_proposal_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_staff_proposal_state_id'))
        batch_op.drop_index(batch_op.f('ix_staff_proposal_decided_at'))

    op.drop_table('staff_proposal')
    with op.batch_alter_table('staff_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_staff_member_department'))

    op.drop_table('staff_member')
