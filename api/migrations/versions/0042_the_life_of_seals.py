"""the life of seals

Revision: 0042, after 0041.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0042'
down_revision = '0041'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('seal_application',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('name_zh', sa.String(length=200), nullable=False),
    sa.Column('name_en', sa.String(length=200), nullable=False),
    sa.Column('code', sa.String(length=13), nullable=False),
    sa.Column('line', sa.String(length=60), nullable=False),
    sa.Column('diameter_mm', sa.Float(), nullable=False),
    sa.Column('algorithm', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('applicant_kind', sa.String(length=16), nullable=False),
    sa.Column('applicant', sa.String(length=128), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('bearer', sa.String(length=64), nullable=True),
    sa.Column('replaces', sa.String(length=64), nullable=True),
    sa.Column('seal_id', sa.String(length=64), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal_application'))
    )
    with op.batch_alter_table('seal_application', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seal_application_organisation'), ['organisation'], unique=False)

    op.create_table('seal_event',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('application_id', sa.String(length=64), nullable=True),
    sa.Column('seal_id', sa.String(length=64), nullable=True),
    sa.Column('event', sa.String(length=16), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('actor_kind', sa.String(length=16), nullable=False),
    sa.Column('actor', sa.String(length=128), nullable=False),
    sa.Column('actor_organisation', sa.String(length=18), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_seal_event'))
    )
    with op.batch_alter_table('seal_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seal_event_application_id'), ['application_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_seal_event_seal_id'), ['seal_id'], unique=False)

    op.create_table('seal_request',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('seal_id', sa.String(length=64), nullable=False),
    sa.Column('grant_id', sa.String(length=64), nullable=False),
    sa.Column('requester_kind', sa.String(length=16), nullable=False),
    sa.Column('requester', sa.String(length=128), nullable=False),
    sa.Column('requester_organisation', sa.String(length=18), nullable=True),
    sa.Column('document_class', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('document', sa.String(length=128), nullable=True),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_by', sa.String(length=128), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answer', sa.String(length=200), nullable=True),
    sa.Column('signature_id', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['seal_id'], ['seal.id'], name=op.f('fk_seal_request_seal_id_seal')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seal_request'))
    )
    with op.batch_alter_table('seal_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seal_request_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_seal_request_seal_id'), ['seal_id'], unique=False)

    with op.batch_alter_table('seal', schema=None) as batch_op:
        batch_op.add_column(sa.Column('design', sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column('bearer', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('replaces', sa.String(length=64), nullable=True))

    with op.batch_alter_table('seal_grant', schema=None) as batch_op:
        batch_op.add_column(sa.Column('max_uses', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('uses', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('approval', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('ended_at', core.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('ended_by', sa.String(length=128), nullable=True))

    with op.batch_alter_table('seal_signature', schema=None) as batch_op:
        batch_op.add_column(sa.Column('grant_id', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('request_id', sa.String(length=64), nullable=True))

    # seals that are there were made in one step: their story begins with it
    op.execute(
        'INSERT INTO seal_event (seal_id, event, status, actor_kind, actor, reason, at) '
        "SELECT id, 'activate', 'active', 'system', 'system', 'founded', created_at FROM seal ORDER BY id"
    )



def downgrade() -> None:
    with op.batch_alter_table('seal_signature', schema=None) as batch_op:
        batch_op.drop_column('request_id')
        batch_op.drop_column('grant_id')

    with op.batch_alter_table('seal_grant', schema=None) as batch_op:
        batch_op.drop_column('ended_by')
        batch_op.drop_column('ended_at')
        batch_op.drop_column('approval')
        batch_op.drop_column('uses')
        batch_op.drop_column('max_uses')

    with op.batch_alter_table('seal', schema=None) as batch_op:
        batch_op.drop_column('replaces')
        batch_op.drop_column('bearer')
        batch_op.drop_column('design')

    with op.batch_alter_table('seal_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seal_request_seal_id'))
        batch_op.drop_index(batch_op.f('ix_seal_request_expires_at'))

    op.drop_table('seal_request')
    with op.batch_alter_table('seal_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seal_event_seal_id'))
        batch_op.drop_index(batch_op.f('ix_seal_event_application_id'))

    op.drop_table('seal_event')
    with op.batch_alter_table('seal_application', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seal_application_organisation'))

    op.drop_table('seal_application')
