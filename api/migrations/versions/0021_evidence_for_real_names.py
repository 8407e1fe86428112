"""evidence for real names

Revision: 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('source_position',
    sa.Column('feed', sa.String(length=40), nullable=False),
    sa.Column('position', sa.BigInteger(), nullable=False),
    sa.Column('read_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('feed', name=op.f('pk_source_position'))
    )
    op.create_table('identity_evidence',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=24), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('result', sa.String(length=16), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('by', sa.String(length=100), nullable=False),
    sa.Column('level', sa.SmallInteger(), nullable=False),
    sa.Column('reference', sa.String(length=120), nullable=False),
    sa.Column('ended_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_for', sa.String(length=40), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_identity_evidence_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_identity_evidence'))
    )
    with op.batch_alter_table('identity_evidence', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_identity_evidence_account_id_id'), ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_identity_evidence_ended_at_expires_at'), ['ended_at', 'expires_at'], unique=False)

    op.create_table('window_proof',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('waiting', sa.String(length=40), nullable=True),
    sa.Column('document', sa.String(length=32), nullable=False),
    sa.Column('document_until', sa.Date(), nullable=True),
    sa.Column('reference', sa.String(length=120), nullable=False),
    sa.Column('recorded_by', sa.String(length=40), nullable=False),
    sa.Column('recorded_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=40), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_window_proof_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_window_proof')),
    sa.UniqueConstraint('waiting', name=op.f('uq_window_proof_waiting'))
    )
    with op.batch_alter_table('window_proof', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_window_proof_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_window_proof_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_window_proof_organisation_state_id'), ['organisation', 'state', 'id'], unique=False)

    # Levels that were given before evidence was kept go on counting, and do not run out.
    op.execute(
        """
        INSERT INTO identity_evidence
            (id, account_id, kind, source, result, "at", expires_at, "by", level, reference, ended_at, ended_for)
        SELECT 'evd_' || substr(id, 5), id, 'carried', 'before-evidence', 'agreed', created_at, NULL, 'system', level,
               '', NULL, ''
        FROM account WHERE level > 0
        """
    )


def downgrade() -> None:
    with op.batch_alter_table('window_proof', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_window_proof_organisation_state_id'))
        batch_op.drop_index(batch_op.f('ix_window_proof_expires_at'))
        batch_op.drop_index(batch_op.f('ix_window_proof_account_id'))

    op.drop_table('window_proof')
    with op.batch_alter_table('identity_evidence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_identity_evidence_ended_at_expires_at'))
        batch_op.drop_index(batch_op.f('ix_identity_evidence_account_id_id'))

    op.drop_table('identity_evidence')
    op.drop_table('source_position')
