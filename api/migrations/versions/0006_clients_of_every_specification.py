"""clients of every specification, tokens bound to keys, sessions of devices

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.add_column(sa.Column('secret_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('earlier_secret_digest', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('earlier_secret_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('earlier_secret_ends_at', core.tables.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('metadata', sa.JSON(), server_default='{}', nullable=False))

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=16), server_default='browser', nullable=False))
        batch_op.add_column(sa.Column('acr', sa.String(length=255), server_default='urn:yizheng:loa:1', nullable=False))
        batch_op.add_column(sa.Column('amr', sa.JSON(), server_default='["pwd"]', nullable=False))

    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origin', sa.String(length=64), server_default='authorization_code', nullable=False))
        batch_op.add_column(sa.Column('acr', sa.String(length=255), server_default='urn:yizheng:loa:1', nullable=False))
        batch_op.add_column(sa.Column('amr', sa.JSON(), server_default='["pwd"]', nullable=False))
        batch_op.add_column(sa.Column('resources', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('authorization_details', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('confirmation_method', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('confirmation_thumbprint', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('actor', sa.JSON(none_as_null=True), nullable=True))
        batch_op.alter_column('code_digest',
               existing_type=sa.VARCHAR(length=64),
               nullable=True)



def downgrade() -> None:
    op.execute('DELETE FROM token_family WHERE code_digest IS NULL')  # such a family did not exist before
    with op.batch_alter_table('token_family', schema=None) as batch_op:
        batch_op.alter_column('code_digest',
               existing_type=sa.VARCHAR(length=64),
               nullable=False)
        batch_op.drop_column('actor')
        batch_op.drop_column('confirmation_thumbprint')
        batch_op.drop_column('confirmation_method')
        batch_op.drop_column('authorization_details')
        batch_op.drop_column('resources')
        batch_op.drop_column('amr')
        batch_op.drop_column('acr')
        batch_op.drop_column('origin')

    with op.batch_alter_table('session', schema=None) as batch_op:
        batch_op.drop_column('amr')
        batch_op.drop_column('acr')
        batch_op.drop_column('kind')

    with op.batch_alter_table('client', schema=None) as batch_op:
        batch_op.drop_column('metadata')
        batch_op.drop_column('earlier_secret_ends_at')
        batch_op.drop_column('earlier_secret_sealed')
        batch_op.drop_column('earlier_secret_digest')
        batch_op.drop_column('secret_sealed')

