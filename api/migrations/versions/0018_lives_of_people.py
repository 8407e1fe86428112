"""Lives of people

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account_departure',
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('asked_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_departure_account_id_account')),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_account_departure'))
    )
    with op.batch_alter_table('account_departure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_departure_due_at'), ['due_at'], unique=False)

    op.create_table('person_document',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('number', sa.LargeBinary(), nullable=False),
    sa.Column('added_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('proved_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_person_document_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_document'))
    )
    with op.batch_alter_table('person_document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_document_account_id'), ['account_id'], unique=False)

    op.create_table('person_proposal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('proposed_by', sa.String(length=64), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_person_proposal_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_proposal'))
    )
    with op.batch_alter_table('person_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_proposal_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_proposal_expires_at'), ['expires_at'], unique=False)

    op.create_table('person_document_index',
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('document_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['person_document.id'], name=op.f('fk_person_document_index_document_id_person_document'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_person_document_index'))
    )
    with op.batch_alter_table('person_document_index', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_document_index_document_id'), ['document_id'], unique=False)

    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.add_column(sa.Column('status_reason', sa.String(length=32), server_default='', nullable=False))
        batch_op.add_column(sa.Column('merged_into', sa.String(length=40), nullable=True))
        batch_op.alter_column('number',
               existing_type=sa.BLOB(),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_account_merged_into'), ['merged_into'], unique=False)
