"""drafts, proposals of endings, transfers

Revision: 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ending_proposal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.Column('issuer', sa.String(length=18), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('event', sa.String(length=20), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('reason_enc', sa.LargeBinary(), nullable=False),
    sa.Column('proposed_by', sa.String(length=128), nullable=False),
    sa.Column('proposer_name_enc', sa.LargeBinary(), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ending_proposal'))
    )
    with op.batch_alter_table('ending_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ending_proposal_decided_at'), ['decided_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_ending_proposal_licence_id'), ['licence_id'], unique=False)
        batch_op.create_index('ix_ending_proposal_waiting', ['issuer', 'state'], unique=False)
        batch_op.create_index('uq_ending_proposal_open', ['licence_id', 'event'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('licence_draft',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('type_code', sa.String(length=21), nullable=False),
    sa.Column('issuer', sa.String(length=18), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('made_by', sa.String(length=128), nullable=False),
    sa.Column('maker_kind', sa.String(length=16), nullable=False),
    sa.Column('made_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('content_enc', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_licence_draft'))
    )
    with op.batch_alter_table('licence_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_licence_draft_changed_at'), ['changed_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_licence_draft_issuer'), ['issuer'], unique=False)

    op.create_table('licence_transfer',
    sa.Column('identifier', sa.String(length=140), nullable=False),
    sa.Column('licence_id', sa.String(length=40), nullable=False),
    sa.PrimaryKeyConstraint('identifier', name=op.f('pk_licence_transfer'))
    )
    with op.batch_alter_table('licence', schema=None) as batch_op:
        batch_op.add_column(sa.Column('lapses_on', sa.Date(), nullable=True))
        batch_op.create_index('ix_licence_inspection', ['issuer', 'type_code', 'inspected_until'], unique=False)
        batch_op.create_index(batch_op.f('ix_licence_lapses_on'), ['lapses_on'], unique=False)

    op.execute(
        "UPDATE licence SET lapses_on = (SELECT valid_until FROM licence_version"
        " WHERE licence_version.licence_id = licence.id AND licence_version.number = licence.version)"
        " WHERE state IN ('valid', 'suspended')"
    )



def downgrade() -> None:
    with op.batch_alter_table('licence', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_licence_lapses_on'))
        batch_op.drop_index('ix_licence_inspection')
        batch_op.drop_column('lapses_on')

    op.drop_table('licence_transfer')
    with op.batch_alter_table('licence_draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_licence_draft_issuer'))
        batch_op.drop_index(batch_op.f('ix_licence_draft_changed_at'))

    op.drop_table('licence_draft')
    with op.batch_alter_table('ending_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_ending_proposal_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index('ix_ending_proposal_waiting')
        batch_op.drop_index(batch_op.f('ix_ending_proposal_licence_id'))
        batch_op.drop_index(batch_op.f('ix_ending_proposal_decided_at'))

    op.drop_table('ending_proposal')
