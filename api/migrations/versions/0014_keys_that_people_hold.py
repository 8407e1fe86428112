"""Keys that people hold

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('passkey',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('user_handle', sa.LargeBinary(), nullable=False),
    sa.Column('aaguid', sa.String(length=36), nullable=False),
    sa.Column('model', sa.String(length=200), nullable=True),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('backup_eligible', sa.Boolean(), nullable=False),
    sa.Column('backed_up', sa.Boolean(), nullable=False),
    sa.Column('bound', sa.Boolean(), nullable=False),
    sa.Column('transports', sa.JSON(), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_passkey_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_passkey_credential_id'))
    )
    with op.batch_alter_table('passkey', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_passkey_account_id'), ['account_id'], unique=False)

    op.create_table('person_certificate',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('account_id', sa.String(length=40), nullable=False),
    sa.Column('thumbprint', sa.String(length=43), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('issuer', sa.String(length=200), nullable=False),
    sa.Column('bound', sa.Boolean(), nullable=False),
    sa.Column('not_after', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('created_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_person_certificate_account_id_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_person_certificate')),
    sa.UniqueConstraint('thumbprint', name=op.f('uq_person_certificate_thumbprint'))
    )
    with op.batch_alter_table('person_certificate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_person_certificate_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_person_certificate_not_after'), ['not_after'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('person_certificate', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_person_certificate_not_after'))
        batch_op.drop_index(batch_op.f('ix_person_certificate_account_id'))

    op.drop_table('person_certificate')
    with op.batch_alter_table('passkey', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_passkey_account_id'))

    op.drop_table('passkey')
