"""registration of clients, reviewed by a second person

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('registration_permit',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('policy', sa.JSON(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=True),
    sa.Column('issuer', sa.String(length=255), nullable=True),
    sa.Column('jwks', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('most_uses', sa.Integer(), nullable=True),
    sa.Column('clients', sa.Integer(), nullable=False),
    sa.Column('most_clients', sa.Integer(), nullable=False),
    sa.Column('created_by', sa.String(length=64), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('expires_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration_permit')),
    sa.UniqueConstraint('digest', name=op.f('uq_registration_permit_digest'))
    )
    with op.batch_alter_table('registration_permit', schema=None) as batch_op:
        batch_op.create_index('uq_registration_permit_issuer', ['issuer'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('client_error',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('client_id', sa.String(length=64), nullable=False),
    sa.Column('at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('endpoint', sa.String(length=32), nullable=False),
    sa.Column('error', sa.String(length=64), nullable=False),
    sa.Column('description', sa.String(length=400), nullable=False),
    sa.Column('detail', sa.String(length=200), nullable=False),
    sa.Column('request_id', sa.String(length=64), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_client_error_client_id_client'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_error'))
    )
    with op.batch_alter_table('client_error', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_client_error_at'), ['at'], unique=False)
        batch_op.create_index(batch_op.f('ix_client_error_client_id_id'), ['client_id', 'id'], unique=False)

    op.create_table('client_proposal',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('client_id', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('description', sa.JSON(), nullable=False),
    sa.Column('changed', sa.JSON(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('organisation', sa.String(length=18), nullable=True),
    sa.Column('proposed_by', sa.String(length=64), nullable=False),
    sa.Column('proposed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=True),
    sa.Column('decided_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_client_proposal_client_id_client'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_client_proposal'))
    )
    with op.batch_alter_table('client_proposal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_client_proposal_client_id'), ['client_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_client_proposal_state_id'), ['state', 'id'], unique=False)
        batch_op.create_index('uq_client_proposal_open', ['client_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('client_registration',
    sa.Column('client_id', sa.String(length=64), nullable=False),
    sa.Column('origin', sa.String(length=16), nullable=False),
    sa.Column('registered_by', sa.String(length=64), nullable=False),
    sa.Column('permit_id', sa.String(length=40), nullable=True),
    sa.Column('policy', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('access_digest', sa.String(length=64), nullable=True),
    sa.Column('statement', sa.String(length=16384), nullable=True),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('changed_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['client_id'], ['client.id'], name=op.f('fk_client_registration_client_id_client'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['permit_id'], ['registration_permit.id'], name=op.f('fk_client_registration_permit_id_registration_permit')),
    sa.PrimaryKeyConstraint('client_id', name=op.f('pk_client_registration'))
    )
    with op.batch_alter_table('client_registration', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_client_registration_permit_id'), ['permit_id'], unique=False)

    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_client_organisation'), ['organisation'], unique=False)

    # every client has a record, also those that were there before
    op.execute(
        "INSERT INTO client_registration (client_id, origin, registered_by, revision, changed_at) "
        "SELECT id, 'operator', 'system', 1, created_at FROM client"
    )


def downgrade() -> None:
    op.execute("UPDATE client SET status = 'disabled' WHERE status IN ('pending', 'removed')")  # unknown before
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_client_organisation'))

    with op.batch_alter_table('client_registration', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_client_registration_permit_id'))

    op.drop_table('client_registration')
    with op.batch_alter_table('client_proposal', schema=None) as batch_op:
        batch_op.drop_index('uq_client_proposal_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_client_proposal_state_id'))
        batch_op.drop_index(batch_op.f('ix_client_proposal_client_id'))

    op.drop_table('client_proposal')
    with op.batch_alter_table('client_error', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_client_error_client_id_id'))
        batch_op.drop_index(batch_op.f('ix_client_error_at'))

    op.drop_table('client_error')
    with op.batch_alter_table('registration_permit', schema=None) as batch_op:
        batch_op.drop_index('uq_registration_permit_issuer', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.drop_table('registration_permit')
