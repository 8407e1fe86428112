"""shares and objections

Revision: 0030, after 0029.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0030'
down_revision = '0029'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('licence_share',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('holder_kind', sa.String(length=8), nullable=False),
    sa.Column('holder_index', sa.LargeBinary(), nullable=False),
    sa.Column('holder_enc', sa.LargeBinary(), nullable=False),
    sa.Column('fields', sa.JSON(), nullable=False),
    sa.Column('purpose_enc', sa.LargeBinary(), nullable=False),
    sa.Column('code_digest', sa.String(length=64), nullable=False),
    sa.Column('views_allowed', sa.Integer(), nullable=False),
    sa.Column('views', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['licence_id'], ['licence.id'], name=op.f('fk_licence_share_licence_id_licence')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_licence_share'))
    )
    with op.batch_alter_table('licence_share', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_share_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_licence_share_holder_index'), ['holder_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_licence_share_licence_id'), ['licence_id'], unique=False)

    op.create_table('objection',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('issuer', sa.String(length=18), nullable=False),
    sa.Column('holder_kind', sa.String(length=8), nullable=False),
    sa.Column('holder_index', sa.LargeBinary(), nullable=False),
    sa.Column('holder_enc', sa.LargeBinary(), nullable=False),
    sa.Column('about', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('closed_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('corrected_version', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['licence_id'], ['licence.id'], name=op.f('fk_objection_licence_id_licence')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection'))
    )
    with op.batch_alter_table('objection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objection_closed_at'), ['closed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_objection_holder_index'), ['holder_index'], unique=False)
        batch_op.create_index('ix_objection_issuer_due', ['issuer', 'state', 'due_on', 'id'], unique=False)
        batch_op.create_index('uq_objection_living', ['licence_id', 'about', 'holder_index'], unique=True, sqlite_where=sa.text("state IN ('open', 'accepted')"), postgresql_where=sa.text("state IN ('open', 'accepted')"))

    op.create_table('objection_evidence',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('objection_id', sa.String(length=40), nullable=False),
    sa.Column('content', sa.String(length=128), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['objection_id'], ['objection.id'], name=op.f('fk_objection_evidence_objection_id_objection')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection_evidence')),
    sa.UniqueConstraint('objection_id', name=op.f('uq_objection_evidence_objection_id'))
    )
    op.create_table('objection_step',
    sa.Column('objection_id', sa.String(length=40), nullable=False),
    sa.Column('sequence', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('act', sa.String(length=16), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.String(length=128), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=True),
    sa.Column('text_enc', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['objection_id'], ['objection.id'], name=op.f('fk_objection_step_objection_id_objection')),
    sa.PrimaryKeyConstraint('objection_id', 'sequence', name=op.f('pk_objection_step'))
    )


def downgrade() -> None:
    op.drop_table('objection_step')
    op.drop_table('objection_evidence')
    with op.batch_alter_table('objection', schema=None) as batch_op:
        batch_op.drop_index('uq_objection_living', sqlite_where=sa.text("state IN ('open', 'accepted')"), postgresql_where=sa.text("state IN ('open', 'accepted')"))
        batch_op.drop_index('ix_objection_issuer_due')
        batch_op.drop_index(batch_op.f('ix_objection_holder_index'))
        batch_op.drop_index(batch_op.f('ix_objection_closed_at'))

    op.drop_table('objection')
    with op.batch_alter_table('licence_share', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_licence_share_licence_id'))
        batch_op.drop_index(batch_op.f('ix_licence_share_holder_index'))
        batch_op.drop_index(batch_op.f('ix_licence_share_expires_at'))

    op.drop_table('licence_share')
