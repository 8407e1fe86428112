"""runs of backups

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

import core.tables


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('backup_run',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('began_at', core.tables.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('archive', sa.String(length=64), nullable=True),
    sa.Column('point', core.tables.UtcDateTime(timezone=True), nullable=True),
    sa.Column('rows', sa.BigInteger(), nullable=False),
    sa.Column('octets', sa.BigInteger(), nullable=False),
    sa.Column('note', sa.String(length=400), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_backup_run'))
    )
    with op.batch_alter_table('backup_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_backup_run_kind_began_at'), ['kind', 'began_at'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('backup_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_backup_run_kind_began_at'))

    op.drop_table('backup_run')
